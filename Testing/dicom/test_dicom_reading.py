"""Series to images: the voxels of the volume that they were made of, in their places."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from pydicom.uid import JPEG2000, RLELossless, generate_uid

from MissingModalitySegLib.dicom import find_dicom_studies, read_stack
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Modality
from Testing.dicom.made_series import DIRECTIONS, Scan, datasets, enhanced, made_image, oblique, write

ORIENTATIONS = {**DIRECTIONS, "oblique": oblique()}


def only_stack(folder):
    (study,) = find_dicom_studies(folder)
    (stack,) = study.stacks
    return stack


def assert_same_space(found: sitk.Image, image: sitk.Image) -> None:
    """Every voxel of `image` has its value at its place in `found`, whatever the axes are called."""
    resampled = sitk.Resample(found, image, sitk.Transform(), sitk.sitkNearestNeighbor, 65535, image.GetPixelID())
    assert np.array_equal(sitk.GetArrayFromImage(resampled), sitk.GetArrayFromImage(image))
    assert sorted(found.GetSize()) == sorted(image.GetSize())
    last = [n - 1 for n in image.GetSize()]
    index = found.TransformPhysicalPointToContinuousIndex(image.TransformIndexToPhysicalPoint(last))
    assert np.allclose(index, np.rint(index), atol=1e-4)


@pytest.mark.parametrize("make", [datasets, enhanced])
@pytest.mark.parametrize("plane", ORIENTATIONS)
def test_voxels_in_their_places(tmp_path, plane, make):
    image = made_image(direction=ORIENTATIONS[plane])
    loaded = read_stack(only_stack(write(make(image), tmp_path)))
    assert_same_space(loaded.image, image)
    assert loaded.image.GetPixelID() == image.GetPixelID()
    assert np.allclose(loaded.image.GetDirection(), image.GetDirection(), atol=1e-8)


@pytest.mark.parametrize("plane", ORIENTATIONS)
def test_as_itk_reads_it(tmp_path, plane):
    """ITK sorts slices itself; where it agrees on the order the grids are the same."""
    write(datasets(made_image(direction=ORIENTATIONS[plane])), tmp_path)
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(tmp_path)))
    assert_same_space(read_stack(only_stack(tmp_path)).image, reader.Execute())


def test_slices_that_run_against_the_normal(tmp_path):
    """Numbered from the top: order comes from places, and axes stay right-handed."""
    image = made_image()
    upside_down = datasets(image)[::-1]
    for number, one in enumerate(upside_down, start=1):
        one.InstanceNumber = number
    loaded = read_stack(only_stack(write(upside_down, tmp_path)))
    assert_same_space(loaded.image, image)
    assert [one.number for one in loaded.sources] == list(range(12, 0, -1))


def test_a_left_handed_volume(tmp_path):
    """DICOM has no such axes: the slices are turned around, the places stay."""
    image = made_image(direction=np.diag([1.0, 1.0, -1.0]))
    loaded = read_stack(only_stack(write(datasets(image), tmp_path)))
    assert_same_space(loaded.image, image)
    assert np.linalg.det(np.array(loaded.image.GetDirection()).reshape(3, 3)) == pytest.approx(1)


def test_each_slice_has_a_scaling_of_its_own(tmp_path):
    image = made_image()
    made = datasets(image)
    for k, one in enumerate(made):
        one.RescaleSlope, one.RescaleIntercept = f"{0.5 + k}", f"{-k}"
    loaded = sitk.GetArrayFromImage(read_stack(only_stack(write(made, tmp_path))).image)
    expected = [plane * (0.5 + k) - k for k, plane in enumerate(sitk.GetArrayFromImage(image).astype(float))]
    assert np.allclose(loaded, expected, rtol=1e-6)


def test_each_frame_has_a_scaling_of_its_own(tmp_path):
    image = made_image()
    one = enhanced(image)
    for k, frame in enumerate(one.PerFrameFunctionalGroupsSequence):
        item = type(frame)()
        item.RescaleSlope, item.RescaleIntercept, item.RescaleType = f"{0.5 + k}", f"{-k}", "US"
        frame.PixelValueTransformationSequence = [item]
    loaded = sitk.GetArrayFromImage(read_stack(only_stack(write(one, tmp_path))).image)
    expected = [plane * (0.5 + k) - k for k, plane in enumerate(sitk.GetArrayFromImage(image).astype(float))]
    assert np.allclose(loaded, expected, rtol=1e-6)


def test_frames_in_any_order(tmp_path):
    image = made_image(direction=oblique())
    order = np.random.default_rng(3).permutation(image.GetSize()[2])
    loaded = read_stack(only_stack(write(enhanced(image, order=order), tmp_path)))
    assert_same_space(loaded.image, image)
    assert [one.frame for one in loaded.sources] == np.argsort(order).tolist()


@pytest.mark.parametrize("make", [datasets, enhanced])
def test_compressed(tmp_path, make):
    image = made_image()
    made = make(image)
    for one in made if isinstance(made, list) else [made]:
        one.compress(RLELossless)
    assert_same_space(read_stack(only_stack(write(made, tmp_path))).image, image)


def test_an_enhanced_series_is_recognised(tmp_path):
    stack = only_stack(write(enhanced(made_image(), SeriesDescription=None), tmp_path))
    assert stack.recognition.modality is Modality.FLAIR
    assert stack.attributes["InversionTime"] == 2500


def test_a_missing_slice_is_filled_in_and_told(tmp_path):
    image = made_image(size=(9, 7, 20))
    made = datasets(image)
    del made[8]
    stack = only_stack(write(made, tmp_path))
    assert stack.notes == ("1 slice is missing inside the stack; filled in from the neighbours.",)
    loaded = read_stack(stack)
    assert loaded.image.GetSize() == image.GetSize()
    assert loaded.image.GetSpacing() == pytest.approx(image.GetSpacing())
    found, whole = (sitk.GetArrayFromImage(one).astype(float) for one in (loaded.image, image))
    assert np.array_equal(np.delete(found, 8, 0), np.delete(whole, 8, 0))
    assert np.abs(found[8] - (whole[7] + whole[9]) / 2).max() <= 0.5
    assert [k for k, one in enumerate(loaded.sources) if one is None] == [8]


@pytest.mark.parametrize("gone", [slice(8, 12), slice(2, 12, 3)])
def test_too_many_missing_slices(tmp_path, gone):
    made = datasets(made_image(size=(9, 7, 20)))
    del made[gone]
    stack = only_stack(write(made, tmp_path))
    assert "slices are missing" in stack.left_out
    with pytest.raises(InputError, match="missing") as caught:
        read_stack(stack)
    assert caught.value.code == "series-not-usable"


def test_uneven_distances_are_made_even(tmp_path):
    """A ramp along the normal stays one."""
    image = made_image(size=(5, 5, 15))
    made = datasets(image)
    places = np.arange(15) * 4.0 + np.where(np.arange(15) % 2, 0.6, 0.0)
    for one, place in zip(made, places, strict=True):
        one.ImagePositionPatient = ["0", "0", f"{place}"]
        one.PixelData = np.full((5, 5), round(place * 100), "<u2").tobytes()
    stack = only_stack(write(made, tmp_path))
    assert stack.notes == ("Its slices are not evenly spaced; brought to even distances.",)
    loaded = read_stack(stack)
    middle = sitk.GetArrayFromImage(loaded.image)[:, 2, 2]
    expected = np.arange(len(middle)) * loaded.image.GetSpacing()[2] * 100
    assert np.allclose(middle[:-1], expected[:-1], atol=1)


@pytest.mark.parametrize("direction", [np.eye(3), oblique()], ids=["axial", "oblique"])
def test_gantry_tilt_is_straightened(tmp_path, direction):
    """A picture of a linear function of space is one afterwards, at the same places."""
    image = made_image(size=(24, 20, 16), direction=direction)
    slope = np.tan(np.radians(12.0))
    made = datasets(image)

    def value(point):
        return 20000 + np.asarray(point) @ np.array([31.0, 17.0, 23.0])

    for k, one in enumerate(made):
        start = np.array(image.TransformIndexToPhysicalPoint((0, 0, k))) + direction[:, 1] * slope * 4.0 * k
        one.ImagePositionPatient = [f"{v:.9g}" for v in start]
        rows, columns = np.mgrid[:20, :24]
        points = start + columns[..., None] * 1.5 * direction[:, 0] + rows[..., None] * 2.0 * direction[:, 1]
        one.PixelData = np.rint(value(points)).astype("<u2").tobytes()
    stack = only_stack(write(made, tmp_path))
    assert stack.notes == ("Its slices are slanted by 12.0° (gantry tilt); straightened.",)
    loaded = read_stack(stack)
    assert loaded.sources == (None,) * 16
    array = sitk.GetArrayFromImage(loaded.image)
    assert array.shape[1] == 20 + int(np.ceil(slope * 4.0 * 15 / 2.0))
    for k in range(16):
        low, high = np.ceil(slope * 4 * k / 2).astype(int), np.floor(slope * 4 * k / 2).astype(int) + 19
        for row in (low, high):
            point = loaded.image.TransformIndexToPhysicalPoint((7, int(row), k))
            assert array[k, row, 7] == pytest.approx(value(point), abs=1.1)


def test_pixels_that_cannot_be_read(tmp_path):
    made = datasets(made_image())
    write(made, tmp_path)
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(InputError) as caught:
        read_stack(only_stack(tmp_path))
    assert caught.value.code == "unreadable-series"


def test_pixels_that_are_no_picture(tmp_path):
    made = datasets(made_image())
    for one in made:
        one.file_meta.TransferSyntaxUID = JPEG2000
        one.PixelData = b"\xfe\xff\x00\xe0\x00\x00\x00\x00\xfe\xff\x00\xe0\x08\x00\x00\x00notajpeg"
        one["PixelData"].is_undefined_length = True
    with pytest.raises(InputError) as caught:
        read_stack(only_stack(write(made, tmp_path)))
    assert caught.value.code == "unreadable-series"


def test_nothing_but_the_frame_of_reference_is_needed_of_a_scan(tmp_path):
    """An anonymised series without patient, dates and numbers."""
    made = datasets(made_image(), Scan(name="", id=""), SeriesNumber=None, StudyDate=None, PatientName=None)
    assert read_stack(only_stack(write(made, tmp_path))).image.GetSize() == (9, 7, 12)


def test_two_volumes_in_one_file(tmp_path):
    """Two b-values of an enhanced diffusion series are two stacks over the same file."""
    image = made_image()
    one = enhanced(image, SeriesDescription="DWI")
    frames = list(one.PerFrameFunctionalGroupsSequence)
    both = []
    for b in (0.0, 1000.0):
        for frame in frames:
            copy = deepcopy(frame)
            item = type(frame)()
            item.DiffusionBValue = b
            copy.MRDiffusionSequence = [item]
            both.append(copy)
    one.PerFrameFunctionalGroupsSequence = both
    one.NumberOfFrames = len(both)
    array = sitk.GetArrayFromImage(image)
    one.PixelData = np.concatenate([array, 9000 + array]).astype("<u2").tobytes()
    one.SeriesInstanceUID = generate_uid()
    (study,) = find_dicom_studies(write(one, tmp_path))
    assert [stack.part for stack in study.stacks] == ["b = 0", "b = 1000"]
    voxels = [sitk.GetArrayFromImage(read_stack(replace(stack, left_out="")).image) for stack in study.stacks]
    assert np.array_equal(voxels[0], array)
    assert np.array_equal(voxels[1], array + 9000)
    assert study.stacks[1].recognition.modality is Modality.DWI
