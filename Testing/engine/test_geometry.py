"""Grids in any orientation: against SimpleITK's own reorientation and closed forms; a sphere goes there and back."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from MissingModalitySegLib.arrays.boxes import Box
from MissingModalitySegLib.engine import Frame, labels_from, restore_image, restore_labels, restore_regions
from MissingModalitySegLib.engine.geometry import (
    axes_of,
    empty_grid,
    in_box,
    model_grid,
    overlap_of_fields,
    ras_grid,
    resample,
    same_grid,
)
from MissingModalitySegLib.labels import GLIOMA
from MissingModalitySegLib.modalities import Modality

RADIUS = 10.0
ORIENTATIONS = ("RAS", "LPS", "PIR", "SAL", "ILA", "RSP")
angles = st.tuples(
    *[st.floats(-0.5, 0.5).map(lambda angle: round(angle, 9))] * 3
)  # ITK cannot invert cosines of 1e-139
orientations = st.sampled_from(ORIENTATIONS)
centres = st.tuples(*[st.floats(-2, 2)] * 3)


def grid(spacing, turn=(0.0, 0.0, 0.0), orientation="LPS", length=34.0) -> sitk.Image:
    rotation = sitk.Euler3DTransform()
    rotation.SetRotation(*turn)
    direction = np.array(rotation.GetMatrix()).reshape(3, 3)
    size = [int(np.ceil(length / s)) for s in spacing]
    return sitk.DICOMOrient(
        empty_grid(size, spacing, -direction @ ((np.array(size) - 1) * np.array(spacing) / 2), direction), orientation
    )


def points(image: sitk.Image) -> np.ndarray:
    """LPS coordinates of every voxel, (x, y, z, 3), from the definition of a grid."""
    indices = np.stack(np.meshgrid(*[np.arange(n) for n in image.GetSize()], indexing="ij"), -1)
    direction = np.array(image.GetDirection()).reshape(3, 3)
    return np.array(image.GetOrigin()) + (indices * np.array(image.GetSpacing())) @ direction.T


def sphere(image: sitk.Image, centre) -> np.ndarray:
    return np.linalg.norm(points(image) - np.array(centre), axis=-1) <= RADIUS


def on(array: np.ndarray, like: sitk.Image) -> sitk.Image:
    image = sitk.GetImageFromArray(np.ascontiguousarray(array.transpose(2, 1, 0)))
    image.CopyInformation(like)
    return image


def there_and_back(native: sitk.Image, drawn: np.ndarray) -> tuple[np.ndarray, Frame]:
    """Shares of a label on the model's grid at 1 mm, as a network would give them, and the way back."""
    whole = model_grid(native, 1.0)
    frame = Frame(Modality.T1, native, whole, Box((0, 0, 0), whole.GetSize()))
    shares = resample(on(drawn.astype(np.float32), native), whole, None, 0.0)
    return sitk.GetArrayFromImage(shares).transpose(2, 1, 0), frame


def array_of(image: sitk.Image) -> np.ndarray:
    return sitk.GetArrayFromImage(image).transpose(2, 1, 0)


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))


def centroid_error(native: sitk.Image, found: np.ndarray, truth: np.ndarray) -> float:
    """In voxels of the finest axis."""
    places = points(native)
    return float(np.linalg.norm(places[found].mean(0) - places[truth].mean(0)) / min(native.GetSpacing()))


@settings(max_examples=10, deadline=None)
@given(st.tuples(*[st.floats(0.99, 1.01)] * 3), angles, orientations, centres)
def test_a_label_at_one_millimetre_returns_to_the_voxel(spacing, turn, orientation, centre) -> None:
    native = grid(spacing, turn, orientation)
    truth = sphere(native, centre)
    shares, frame = there_and_back(native, truth)
    found = array_of(restore_labels(torch.from_numpy((shares > 0.5).astype(np.uint8)), frame)) == 1
    assert np.array_equal(found, truth)


@settings(max_examples=15, deadline=None)
@given(st.tuples(*[st.floats(0.6, 1.6)] * 3), angles, orientations, centres)
def test_shares_return_to_the_voxel_on_any_grid(spacing, turn, orientation, centre) -> None:
    native = grid(spacing, turn, orientation)
    truth = sphere(native, centre)
    shares, frame = there_and_back(native, truth)
    found = array_of(restore_image(torch.from_numpy(shares.copy()), frame)) > 0.5
    assert dice(found, truth) >= 0.99
    assert centroid_error(native, found, truth) <= 0.3
    hard = array_of(restore_labels(torch.from_numpy((shares > 0.5).astype(np.uint8)), frame)) == 1
    assert dice(hard, truth) >= 0.96  # a label has no shares: both grids round the surface
    assert centroid_error(native, hard, truth) <= 0.3


@settings(max_examples=15, deadline=None)
@given(st.tuples(*[st.floats(0.6, 1.6)] * 3), angles, orientations, centres, st.sampled_from([1.0, 1.3, 2.0]))
def test_regions_found_on_any_grid_lie_right_on_any_other(spacing, turn, orientation, centre, found_at) -> None:
    """Nested balls with borders as soft as a network's; each voxel of the native grid is asked where its middle is."""
    native = grid(spacing, turn, orientation)
    whole = model_grid(native, found_at)
    frame = Frame(Modality.T1, native, whole, Box((0, 0, 0), whole.GetSize()))
    radii = dict(zip(GLIOMA.region_names, (10.3, 8.3, 6.3), strict=True))
    away = np.linalg.norm(points(whole) - np.array(centre), axis=-1)
    soft = torch.from_numpy(np.stack([1 / (1 + np.exp((away - radius) / 0.7)) for radius in radii.values()]))
    labels = array_of(restore_regions(soft.float(), GLIOMA, frame))
    away = np.linalg.norm(points(native) - np.array(centre), axis=-1)
    for region in GLIOMA.regions:
        found, truth = np.isin(labels, list(region.values)), away <= radii[region.name]
        assert dice(found, truth) >= (0.97 if found_at < 2 else 0.94)
        assert centroid_error(native, found, truth) <= 0.3


def test_regions_on_the_same_voxels_are_those_of_the_labels() -> None:
    native = grid((1.0, 1.0, 1.0), (0.2, 0.1, 0.0), "PIR", length=9.0)
    whole = model_grid(native, 1.0)
    frame = Frame(Modality.T1, native, whole, Box((1, 0, 2), (7, 8, 9)))
    probabilities = torch.rand(3, 6, 8, 7, generator=torch.Generator().manual_seed(0))
    expected = restore_labels(labels_from(probabilities, GLIOMA), frame)
    found = restore_regions(probabilities, GLIOMA, frame)
    assert np.array_equal(array_of(found), array_of(expected))
    assert same_grid(found, native)
    assert found.GetPixelID() == sitk.sitkUInt8


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_axes_are_those_of_simpleitk(orientation) -> None:
    image = grid((1.0, 1.5, 2.5), (0.3, -0.2, 0.4), orientation)
    values = np.random.default_rng(0).random(image.GetSize()).astype(np.float32)
    expected = sitk.DICOMOrient(on(values, image), "RAS")
    assert same_grid(ras_grid(image), expected)
    axes = axes_of(image)
    assert np.array_equal(axes.to_ras(values), array_of(expected))
    assert np.array_equal(axes.from_ras(axes.to_ras(values)), values)


def test_a_box_reaches_beyond_the_field_of_view() -> None:
    image = grid((1.0, 1.0, 1.0), orientation="PIR", length=6.0)
    values = np.random.default_rng(1).random(image.GetSize()).astype(np.float32)
    whole = model_grid(image, 1.0)
    box = Box((-2, 1, 3), (4, 5, 9))
    found = in_box(on(values, image), whole, box)
    expected = np.full((6, 4, 6), np.nan, np.float32)
    expected[2:, :, :3] = array_of(sitk.DICOMOrient(on(values, image), "RAS"))[:4, 1:5, 3:]
    assert np.array_equal(found, expected, equal_nan=True)
    still = sitk.TranslationTransform(3, (0.0, 0.0, 0.0))  # the same by interpolation
    assert np.allclose(in_box(on(values, image), whole, box, still), expected, equal_nan=True, atol=1e-5)


def test_the_overlap_is_a_share_of_the_smaller_field() -> None:
    head = grid((1.0, 1.0, 1.0), length=40.0)
    slab = grid((1.0, 1.0, 5.0), length=20.0)
    assert overlap_of_fields(head, slab) == overlap_of_fields(slab, head) == 1.0
    slab.SetOrigin((np.array(slab.GetOrigin()) + np.array([20.0, 0, 0])).tolist())
    assert overlap_of_fields(head, slab) == pytest.approx(0.5, abs=0.05)
    slab.SetOrigin((np.array(slab.GetOrigin()) + np.array([80.0, 0, 0])).tolist())
    assert overlap_of_fields(head, slab) == 0.0


def test_an_image_comes_back_in_native_orientation() -> None:
    native = grid((1.0, 1.0, 1.0), (0.1, 0.2, 0.3), "SAL", length=8.0)
    whole = model_grid(native, 1.0)
    box = Box((1, 1, 1), (5, 6, 7))
    volume = torch.rand(box.shape)
    restored = restore_image(volume, Frame(Modality.T1, native, whole, box), outside=-7.0)
    expected = np.full(whole.GetSize(), -7.0, np.float32)
    expected[1:5, 1:6, 1:7] = volume.numpy()
    assert np.array_equal(array_of(sitk.DICOMOrient(restored, "RAS")), expected)
    assert same_grid(restored, native)
