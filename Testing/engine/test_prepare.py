from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from MissingModalitySegLib.engine import Study, prepare, read_study, restore_labels
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Modality

RADIUS = 30.0  # mm, of a ball that stands for a brain
LESION, LESION_RADIUS = np.array([8.0, -6.0, 5.0]), 10.0


def ball(spacing, angles=(0.0, 0.0, 0.0), permutation="LPS", centre=(0, 0, 0), radius=RADIUS) -> sitk.Image:
    """A textured ball sampled on a grid of any spacing, obliqueness and axis order; zero outside."""
    rotation = sitk.Euler3DTransform()
    rotation.SetRotation(*angles)
    direction = np.array(rotation.GetMatrix()).reshape(3, 3)
    size = [int(np.ceil(2.6 * RADIUS / s)) for s in spacing]
    image = sitk.Image(size, sitk.sitkFloat32)
    image.SetSpacing([float(s) for s in spacing])
    image.SetDirection([float(v) for v in direction.ravel()])
    corner = direction @ ((np.array(size) - 1) * np.array(spacing) / 2)
    image.SetOrigin([float(-v) for v in corner])
    image = sitk.DICOMOrient(image, permutation)
    points = physical_points(image)
    inside = np.linalg.norm(points - np.array(centre), axis=-1) <= radius
    values = np.where(inside, 100 + points @ np.array([0.5, 0.3, -0.4]), 0.0)
    result = sitk.GetImageFromArray(values.astype(np.float32))
    result.CopyInformation(image)
    return result


def physical_points(image: sitk.Image) -> np.ndarray:
    """LPS coordinates of every voxel, (z, y, x, 3), from the definition of the grid."""
    indices = np.stack(np.meshgrid(*[np.arange(n) for n in image.GetSize()], indexing="ij"), -1).transpose(2, 1, 0, 3)
    direction = np.array(image.GetDirection()).reshape(3, 3)
    return np.array(image.GetOrigin()) + (indices * np.array(image.GetSpacing())) @ direction.T


spacings = st.tuples(*[st.sampled_from([0.8, 1.0, 1.3, 2.0, 3.0])] * 3)
angles = st.tuples(
    *[st.floats(-0.4, 0.4).map(lambda angle: round(angle, 9))] * 3
)  # ITK cannot invert cosines of 1e-139


@settings(max_examples=12, deadline=None)
@given(spacings, angles, st.sampled_from(["RAS", "LPS", "PIR", "SAL", "ILA"]))
def test_a_lesion_drawn_on_the_models_grid_returns_to_its_place(spacing, angles, permutation) -> None:
    """Whatever the native grid, a sphere found on the model's grid lies where it lay in the world."""
    study = Study({Modality.FLAIR: ball(spacing, angles, permutation)})
    prepared = prepare(study, spacing=1.0)
    drawn = sphere_on_model_grid(prepared)
    native = restore_labels(torch.from_numpy(drawn), prepared.frame)
    truth = np.linalg.norm(physical_points(native) - LESION, axis=-1) <= LESION_RADIUS
    found = sitk.GetArrayFromImage(native) == 1
    dice = 2 * np.count_nonzero(found & truth) / (np.count_nonzero(found) + np.count_nonzero(truth))
    voxel = np.array(native.GetSpacing()).max()
    exact = native.GetSpacing() == (1.0, 1.0, 1.0)  # else both grids round the sphere's surface in their own way
    assert dice >= (0.99 if exact else 0.93)
    shift = physical_points(native)[found].mean(0) - physical_points(native)[truth].mean(0)
    assert np.linalg.norm(shift) <= 0.3 * voxel
    assert native.GetSize() == study.images[Modality.FLAIR].GetSize()


def sphere_on_model_grid(prepared) -> np.ndarray:
    whole = physical_points(prepared.frame.grid).transpose(2, 1, 0, 3)
    box = prepared.frame.box
    pads = [(max(-a, 0), max(b - n, 0)) for a, b, n in zip(box.start, box.stop, whole.shape[:3], strict=True)]
    labels = (np.linalg.norm(whole - LESION, axis=-1) <= LESION_RADIUS).astype(np.uint8)
    labels = np.pad(labels, pads)
    starts = [max(a, 0) for a in box.start]
    return labels[tuple(slice(a, a + n) for a, n in zip(starts, box.shape, strict=True))]


def test_two_grids_meet_in_physical_space() -> None:
    """The texture is a linear function of position, so both volumes must agree wherever both see the ball."""
    study = Study({Modality.T1: ball((1, 1, 1)), Modality.T2: ball((0.8, 0.8, 3.0), (0.1, 0.2, 0.3), "PIR")})
    prepared = prepare(study)
    assert prepared.frame.reference is Modality.T1
    middle = prepared.brain.clone()
    t1, t2 = prepared.channels[0], prepared.channels[2]
    core = torch.zeros_like(middle)
    core[26:-26, 26:-26, 26:-26] = middle[26:-26, 26:-26, 26:-26]
    both = torch.stack([t1[core], t2[core]])
    assert torch.corrcoef(both)[0, 1] > 0.995
    assert prepared.channels[1].abs().max() == 0
    assert str(prepared.code) == "T1+T2"


def test_axes_run_left_to_right_back_to_front_bottom_to_top() -> None:
    prepared = prepare(Study({Modality.T1: ball((1, 1, 1), permutation="PIL", centre=(-9, 0, 0), radius=12)}))
    points = physical_points(prepared.frame.grid).transpose(2, 1, 0, 3)  # LPS
    assert points[-1, 0, 0, 0] < points[0, 0, 0, 0]  # first axis: towards the right
    assert points[0, -1, 0, 1] < points[0, 0, 0, 1]  # second: towards the front
    assert points[0, 0, -1, 2] > points[0, 0, 0, 2]  # third: upwards


@pytest.mark.parametrize("background", [0.0, -3.25, -1024.0, 17.0])
def test_background_may_be_any_constant(background: float) -> None:
    image = ball((1, 1, 1))
    shifted = sitk.Cast(image == 0, sitk.sitkFloat32) * background + image
    mask = prepare(Study({Modality.T1: image})).brain
    assert torch.equal(mask, prepare(Study({Modality.T1: shifted})).brain)
    assert abs(int(mask.sum()) / (4 / 3 * np.pi * RADIUS**3) - 1) < 0.02


@pytest.mark.parametrize("spacing", [1.0, 2.0, 3.0])
def test_the_brain_keeps_its_volume_on_any_grid(spacing: float) -> None:
    """Smoothing before a coarser grid must not pass for brain."""
    prepared = prepare(Study({Modality.T1: ball((1, 1, 1))}), spacing=spacing)
    assert abs(int(prepared.brain.sum()) * spacing**3 / (4 / 3 * np.pi * RADIUS**3) - 1) < 0.02


def test_z_scored_input_is_no_special_case() -> None:
    image = ball((1, 1, 1))
    values = sitk.GetArrayFromImage(image)
    inside = values != 0
    values[inside] = (values[inside] - 100.3141) / values[inside].std()  # no voxel is exactly zero inside
    scored = sitk.GetImageFromArray(values)
    scored.CopyInformation(image)
    a, b = prepare(Study({Modality.T1: image})), prepare(Study({Modality.T1: scored}))
    assert torch.allclose(a.channels, b.channels, atol=1e-4)


def test_what_shows_no_brain_needs_a_mask() -> None:
    noise = sitk.GetImageFromArray(np.random.default_rng(0).normal(size=(20, 20, 20)).astype(np.float32))
    with pytest.raises(InputError) as caught:
        prepare(Study({Modality.T1: noise}))
    assert caught.value.code == "no-brain-found"
    mask = sitk.Image([20, 20, 20], sitk.sitkUInt8)
    mask[5:15, 5:15, 5:15] = sitk.Image([10, 10, 10], sitk.sitkUInt8) + 1
    assert int(prepare(Study({Modality.T1: noise}, brain=mask)).brain.sum()) == 1000


def test_bad_files_have_sentences(tmp_path) -> None:
    (tmp_path / "broken.nii.gz").write_bytes(b"\x1f\x8b not really")
    sitk.WriteImage(sitk.Image([4, 4, 4, 3], sitk.sitkFloat32), str(tmp_path / "series.nii.gz"))
    sitk.WriteImage(sitk.Image([4, 4, 4], sitk.sitkVectorUInt8, 3), str(tmp_path / "colour.nrrd"))
    expected = {
        "absent.nii.gz": "file-not-found",
        "broken.nii.gz": "unreadable-image",
        "series.nii.gz": "not-three-dimensional",
        "colour.nrrd": "colour-image",
    }
    for name, code in expected.items():
        with pytest.raises(InputError) as caught:
            read_study({"T1": tmp_path / name})
        assert caught.value.code == code
        assert caught.value.message.startswith("T1: ")
    with pytest.raises(InputError, match="no volume"):
        read_study({})


def test_a_coil_is_taken_out_on_request():
    brightness = np.where(np.random.default_rng(1).random((40, 44, 40)) > 0.5, 100.0, 160.0)
    coil = np.exp(0.4 * np.linspace(-1, 1, 40))
    image = sitk.GetImageFromArray((brightness * coil).astype(np.float32))  # brighter along the last axis
    image.SetSpacing((4, 4, 4))
    whole = sitk.GetImageFromArray(np.ones((40, 44, 40), np.uint8))
    whole.CopyInformation(image)

    def slope(bias_correction: bool) -> float:
        channel = prepare(Study({Modality.T1: image}, brain=whole), 4.0, bias_correction=bias_correction).channels[0]
        along = channel.sum((1, 2)).numpy()  # x from left to right
        inside = along[along != 0]
        return float(np.polyfit(np.linspace(-1, 1, len(inside)), inside, 1)[0])

    assert abs(slope(True)) < 0.5 * abs(slope(False))
