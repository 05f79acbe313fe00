"""DICOM SEG: read back by the tags alone, every voxel is where it was, and everything refers to what it came from."""

from __future__ import annotations

import highdicom
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813

from MissingModalitySegLib.dicom import find_dicom_studies, read_stack
from MissingModalitySegLib.dicom.maker import Maker
from MissingModalitySegLib.dicom.segmentation_object import write_segmentation_object
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.labels import GLIOMA, LESION
from Testing.dicom.made_series import DIRECTIONS, Scan, datasets, enhanced, made_image, oblique, write
from Testing.dicom.seg_reader import read_segments

MAKER = Maker("moe", "1.2.0", "moe")


def load(folder):
    (study,) = find_dicom_studies(folder)
    (stack,) = study.stacks
    return read_stack(stack)


def drawn(image: sitk.Image, seed: int = 0, values: tuple[int, ...] = (1, 2, 3)) -> sitk.Image:
    """A random label map on the grid of `image`; slices 0, 1 and the last hold nothing."""
    rng = np.random.default_rng(seed)
    array = rng.choice((0, *values), size=image.GetSize()[::-1], p=(0.7, *[0.3 / len(values)] * len(values)))
    array[[0, 1, -1]] = 0
    labels = sitk.GetImageFromArray(array.astype(np.uint8))
    labels.CopyInformation(image)
    return labels


def written(labels, loaded, folder, scheme=GLIOMA):
    segments = write_segmentation_object(labels, scheme, loaded, MAKER, folder / "segmentation.dcm")
    return segments, pydicom.dcmread(folder / "segmentation.dcm")


@pytest.mark.parametrize("make", [datasets, enhanced])
@pytest.mark.parametrize("plane", [*DIRECTIONS, "oblique"])
def test_every_voxel_is_where_it_was(tmp_path, plane, make):
    """Slice by slice of the original volume, in physical space."""
    image = made_image(direction={**DIRECTIONS, "oblique": oblique()}[plane])
    loaded = load(write(make(image), tmp_path / "in"))
    labels = drawn(loaded.image)
    _, dataset = written(labels, loaded, tmp_path)
    found = read_segments(dataset)
    assert [one.label for one in found.values()] == [label.title for label in GLIOMA.labels]
    for value, segment in found.items():
        mask = labels == value
        back = sitk.Resample(segment.image, image, sitk.Transform(), sitk.sitkNearestNeighbor, 0)
        there = sitk.Resample(mask, image, sitk.Transform(), sitk.sitkNearestNeighbor, 0)
        assert np.array_equal(sitk.GetArrayFromImage(back), sitk.GetArrayFromImage(there))
        assert sitk.GetArrayFromImage(segment.image).sum() == sitk.GetArrayFromImage(mask).sum() > 0
        assert segment.frames == image.GetSize()[2] - 3


@pytest.mark.parametrize("turn", [(2, 0, 1), (1, 2, 0)])
def test_after_the_axes_were_exchanged(tmp_path, turn):
    """A label map whose axes somebody permuted and flipped is not on the grid; brought back it is the same."""
    loaded = load(write(datasets(made_image(direction=oblique())), tmp_path / "in"))
    labels = drawn(loaded.image)
    turned = sitk.Flip(sitk.PermuteAxes(labels, turn), (True, False, True))
    with pytest.raises(ValueError, match="grid"):
        write_segmentation_object(turned, GLIOMA, loaded, MAKER, tmp_path / "segmentation.dcm")
    back = sitk.Resample(turned, loaded.image, sitk.Transform(), sitk.sitkNearestNeighbor, 0)
    _, dataset = written(back, loaded, tmp_path)
    for value, segment in read_segments(dataset).items():
        again = sitk.Resample(segment.image, labels, sitk.Transform(), sitk.sitkNearestNeighbor, 0)
        assert np.array_equal(sitk.GetArrayFromImage(again) > 0, sitk.GetArrayFromImage(labels) == value)


def test_as_highdicom_reads_it(tmp_path):
    loaded = load(write(datasets(made_image(direction=oblique())), tmp_path / "in"))
    labels = drawn(loaded.image)
    written(labels, loaded, tmp_path)
    volume = highdicom.seg.segread(tmp_path / "segmentation.dcm").get_volume(combine_segments=True)
    array = sitk.GetArrayFromImage(labels)
    indices = np.argwhere(array)
    places = np.array([loaded.image.TransformIndexToPhysicalPoint([int(i) for i in index[::-1]]) for index in indices])
    inside = np.rint(volume.map_reference_to_indices(places)).astype(int)
    assert np.array_equal(volume.array[tuple(inside.T)], array[tuple(indices.T)])
    assert volume.array.astype(bool).sum() == len(indices)


@pytest.mark.parametrize("make", [datasets, enhanced])
def test_frames_refer_to_the_images_that_show_them(tmp_path, make):
    loaded = load(write(make(made_image(direction=oblique())), tmp_path / "in"))
    _, dataset = written(drawn(loaded.image), loaded, tmp_path)
    by_place = {one.instance if one.frame is None else one.frame + 1: one.position for one in loaded.sources}
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        (source,) = frame.DerivationImageSequence[0].SourceImageSequence
        key = source.ReferencedSOPInstanceUID if make is datasets else source.ReferencedFrameNumber
        assert np.allclose(by_place[key], np.array(frame.PlanePositionSequence[0].ImagePositionPatient, float))
    (series,) = dataset.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == loaded.stack.series_uid
    referenced = {one.ReferencedSOPInstanceUID for one in series.ReferencedInstanceSequence}
    assert referenced == {one.instance for one in loaded.sources}
    assert dataset.FrameOfReferenceUID == loaded.stack.frame_of_reference
    assert dataset.StudyInstanceUID == loaded.stack.study_uid
    assert dataset.SeriesInstanceUID != loaded.stack.series_uid


def test_segments_are_coded_and_name_the_algorithm(tmp_path):
    loaded = load(write(datasets(made_image()), tmp_path / "in"))
    segments, dataset = written(drawn(loaded.image, values=(2, 3)), loaded, tmp_path)
    assert segments.numbers == {2: 1, 3: 2}
    assert dataset.Modality == "SEG"
    assert dataset.SegmentationType == "BINARY"
    assert dataset.SegmentsOverlap == "NO"
    for item, value in zip(dataset.SegmentSequence, (2, 3), strict=True):
        label = GLIOMA.label(value)
        category, kind = item.SegmentedPropertyCategoryCodeSequence[0], item.SegmentedPropertyTypeCodeSequence[0]
        assert (category.CodeValue, category.CodingSchemeDesignator) == ("49755003", "SCT")
        expected = label.terminology.type
        assert (kind.CodingSchemeDesignator, kind.CodeValue) == (expected.scheme, expected.value)
        assert kind.CodeMeaning == expected.meaning
        assert item.AnatomicRegionSequence[0].CodeValue == "12738006"
        assert item.SegmentAlgorithmType == "AUTOMATIC"
        assert item.SegmentAlgorithmName == "MissingModalitySeg moe"
        assert item.SegmentDescription
        algorithm = item.SegmentationAlgorithmIdentificationSequence[0]
        assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == ("MissingModalitySeg moe", "1.2.0")
        assert item.TrackingUID == segments.tracking[value][1]
        lab = np.array(item.RecommendedDisplayCIELabValue) / 65535 * [100, 255, 255] - [0, 128, 128]
        shown = highdicom.color.CIELabColor(*lab).to_rgb()
        assert np.allclose(shown, label.colour, atol=2)
    assert dataset.ManufacturerModelName == "MissingModalitySeg moe"
    assert "moe 1.2.0" in dataset.SoftwareVersions


def test_nothing_found_is_an_object_too(tmp_path):
    loaded = load(write(datasets(made_image()), tmp_path / "in"))
    empty = loaded.image * 0
    _, dataset = written(sitk.Cast(empty, sitk.sitkUInt8), loaded, tmp_path, LESION)
    (segment,) = read_segments(dataset).values()
    assert segment.label == "Lesion"
    assert segment.image.GetSize() == loaded.image.GetSize()
    assert not sitk.GetArrayFromImage(segment.image).any()


def test_a_lesion_in_a_single_slice(tmp_path):
    """One frame has a place of its own and declares how far slices are apart: readers cannot compute it."""
    image = made_image(direction=oblique())
    loaded = load(write(datasets(image), tmp_path / "in"))
    array = np.zeros(image.GetSize()[::-1], np.uint8)
    array[5, 3, 2] = 1
    labels = sitk.GetImageFromArray(array)
    labels.CopyInformation(loaded.image)
    _, dataset = written(labels, loaded, tmp_path, LESION)
    assert dataset.NumberOfFrames == 1
    (segment,) = read_segments(dataset).values()
    assert segment.image.GetSpacing() == pytest.approx(image.GetSpacing())
    place = segment.image.TransformIndexToPhysicalPoint((2, 3, 0))
    assert np.allclose(place, image.TransformIndexToPhysicalPoint((2, 3, 5)), atol=1e-4)


def test_on_a_series_with_a_gap(tmp_path):
    """A slice that was filled in has a frame, and no image that it refers to."""
    made = datasets(made_image(size=(9, 7, 20)))
    gone = made.pop(8)
    loaded = load(write(made, tmp_path / "in"))
    labels = drawn(loaded.image)
    _, dataset = written(labels, loaded, tmp_path)
    for value, segment in read_segments(dataset).items():
        back = sitk.Resample(segment.image, labels, sitk.Transform(), sitk.sitkNearestNeighbor, 0)
        assert np.array_equal(sitk.GetArrayFromImage(back) > 0, sitk.GetArrayFromImage(labels) == value)
    place = np.array(gone.ImagePositionPatient, float)
    without = [
        frame
        for frame in dataset.PerFrameFunctionalGroupsSequence
        if np.allclose(np.array(frame.PlanePositionSequence[0].ImagePositionPatient, float), place, atol=1e-3)
    ]
    assert without
    assert not any(
        image.ReferencedSOPInstanceUID == gone.SOPInstanceUID
        for frame in dataset.PerFrameFunctionalGroupsSequence
        for item in frame.get("DerivationImageSequence", [])
        for image in item.get("SourceImageSequence", [])
    )


def test_on_a_slanted_series(tmp_path):
    """The object lies on the straightened grid, not on that of the images."""
    image = made_image(size=(12, 10, 14))
    made = datasets(image)
    for k, one in enumerate(made):
        place = np.add(image.TransformIndexToPhysicalPoint((0, 0, k)), [0, 0.8 * k, 0])
        one.ImagePositionPatient = [f"{v:.8g}" for v in place]
    loaded = load(write(made, tmp_path / "in"))
    labels = drawn(loaded.image)
    _, dataset = written(labels, loaded, tmp_path)
    for value, segment in read_segments(dataset).items():
        back = sitk.Resample(segment.image, labels, sitk.Transform(), sitk.sitkNearestNeighbor, 0)
        assert np.array_equal(sitk.GetArrayFromImage(back) > 0, sitk.GetArrayFromImage(labels) == value)
    assert dataset.ReferencedSeriesSequence[0].SeriesInstanceUID == loaded.stack.series_uid


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("ISO_IR 100", "Müller^Jürgen"),
        ("ISO_IR 144", "Люкceмбypг^Анна"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("GB18030", "王^小东"),
        (None, "Doe^Jane"),
    ],
)
def test_the_patient_stays_the_same(tmp_path, charset, name):
    """Whatever letters the source is written in, the object is in Unicode and about the same person and study."""
    made = datasets(made_image(), Scan(name=name), SpecificCharacterSet=charset, PatientComments="", PatientSex="X")
    for one in made:
        one.add_new((0x0009, 0x0010), "LO", "PRIVATE CREATOR")
        one.add_new((0x0009, 0x1001), "LO", "private")
    loaded = load(write(made, tmp_path / "in"))
    _, dataset = written(drawn(loaded.image), loaded, tmp_path)
    assert dataset.SpecificCharacterSet == "ISO_IR 192"
    assert str(dataset.PatientName) == name
    assert dataset.PatientID == "PAT-4711"
    assert dataset.PatientBirthDate == "19610203"
    assert dataset.PatientSex == ""
    assert dataset.AccessionNumber == "ACC-90125"
    assert dataset.StudyDate == "20240501"
    assert str(dataset.ReferringPhysicianName) == "House^Gregory"
    assert not any(element.tag.is_private for element in dataset.iterall())


def test_a_source_with_almost_nothing_said(tmp_path):
    patient = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "ReferringPhysicianName")
    study = ("StudyDate", "StudyTime", "StudyID", "AccessionNumber")
    gone = dict.fromkeys((*patient, *study, "SeriesNumber", "InstanceNumber", "SpecificCharacterSet"))
    loaded = load(write(datasets(made_image(), **gone), tmp_path / "in"))
    _, dataset = written(drawn(loaded.image), loaded, tmp_path)
    assert dataset.PatientName == ""
    assert dataset.SeriesNumber >= 1


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_odd_dates_are_left_empty(tmp_path):
    loaded = load(write(datasets(made_image(), PatientBirthDate="19619999", StudyTime="2560"), tmp_path / "in"))
    _, dataset = written(drawn(loaded.image), loaded, tmp_path)
    assert (dataset.PatientBirthDate, dataset.StudyTime) == ("", "")


def test_without_a_frame_of_reference_there_is_no_object(tmp_path):
    loaded = load(write(datasets(made_image(), FrameOfReferenceUID=None), tmp_path / "in"))
    with pytest.raises(InputError) as caught:
        written(drawn(loaded.image), loaded, tmp_path)
    assert caught.value.code == "no-frame-of-reference"
