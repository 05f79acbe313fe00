"""Volumes and the table of lesions, against what was drawn."""

from __future__ import annotations

import json
from itertools import product

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from MissingModalitySegLib.engine.checks import check_prepared
from MissingModalitySegLib.engine.prepare import prepare
from MissingModalitySegLib.engine.study import Study
from MissingModalitySegLib.engine.summarise import axial_axis, summarise
from MissingModalitySegLib.labels import GLIOMA, LESION
from MissingModalitySegLib.modalities import Modality
from Testing.engine.made_studies import SIZE, prepared, volume


def drawn(reference: sitk.Image, *boxes: tuple[tuple[slice, slice, slice], int]) -> sitk.Image:
    """A label map on the grid of `reference`; boxes are in the voxels of the RAS grid."""
    array = np.zeros(SIZE, np.uint8)
    for place, value in boxes:
        array[place] = value
    oriented = sitk.DICOMOrient(reference, "RAS")
    image = sitk.GetImageFromArray(array.transpose(2, 1, 0))
    image.CopyInformation(oriented)
    axes = sitk.DICOMOrientImageFilter.GetOrientationFromDirectionCosines(reference.GetDirection())
    return sitk.DICOMOrient(image, axes)


TUMOUR = (slice(48, 58), slice(40, 52), slice(30, 38))  # 960 voxels of 8 mm³, on the right
CORE = (slice(50, 54), slice(42, 46), slice(32, 36))  # 64
RIM = (slice(50, 51), slice(42, 46), slice(32, 36))  # 16
SPECK = (slice(15, 16), slice(40, 41), slice(30, 31))  # on the left


@pytest.mark.parametrize("axes", ["RAS", "LPS", "PSR", "SAL"])
def test_volumes_places_and_intensities(axes: str) -> None:
    images = {modality: volume(modality, axes=axes) for modality in (Modality.T1, Modality.FLAIR)}
    labels = drawn(images[Modality.T1], (TUMOUR, 2), (CORE, 1), (RIM, 3), (SPECK, 2))
    summary = summarise(labels, GLIOMA, prepared(images))
    assert summary.volumes_ml == pytest.approx({"lesion": 961 * 0.008, "core": 64 * 0.008, "enhancing": 16 * 0.008})
    tumour, speck = summary.lesions
    assert (tumour.id, tumour.side, speck.id, speck.side) == (1, "right", 2, "left")
    assert tumour.volume_ml == pytest.approx(7.68)
    assert tumour.parts_ml == pytest.approx({"core": 0.512, "enhancing": 0.128})
    # voxel (0, 0, 0) of the RAS grid lies at R -76, A -90, S -70, and a voxel is 2 mm
    assert tumour.centroid_ras_mm == pytest.approx((-76 + 2 * 52.5, -90 + 2 * 45.5, -70 + 2 * 33.5))
    assert speck.centroid_ras_mm == pytest.approx((-46, -10, -10))
    assert labels[speck.voxel] == 2
    for modality, image in images.items():
        truth = sitk.GetArrayFromImage(sitk.DICOMOrient(image, "RAS")).transpose(2, 1, 0)
        assert tumour.intensities[modality] == pytest.approx(truth[TUMOUR].mean(), rel=1e-4)
        assert speck.intensities[modality] == pytest.approx(truth[SPECK].mean(), rel=1e-4)
    size = np.array([20, 24, 16])
    assert np.linalg.norm(size) - 4 < tumour.diameter_mm < np.linalg.norm(size)
    assert np.hypot(20, 24) - 3 < tumour.section.longest_mm < np.hypot(20, 24)  # axial: 20 x 24 mm, in any axis order
    assert summary.brain_ml == pytest.approx(4 / 3 * np.pi * 6.8 * 8.4 * 6.2, rel=0.01)


def test_a_sheared_grid_has_smaller_voxels_than_its_edges_say() -> None:
    """A cuboid of 6 x 6 x 6 voxels whose second axis leans over: its volume is that of the upright one, 0.216 ml."""
    array = np.zeros((20, 20, 20), np.uint8)
    array[7:13, 7:13, 7:13] = 1
    labels = sitk.GetImageFromArray(array)
    steps = np.array([[1, 0.5, 0], [0, 1, 0], [0, 0, 1]])
    labels.SetSpacing(np.linalg.norm(steps, axis=0).tolist())
    labels.SetDirection((steps / np.linalg.norm(steps, axis=0)).ravel().tolist())
    summary = summarise(labels, LESION, minimum_lesion_ml=0.22)
    assert (summary.lesion_count, summary.removed_ml) == (0, pytest.approx(0.216))
    (lesion,) = summarise(labels, LESION).lesions
    assert lesion.volume_ml == pytest.approx(0.216)
    corners = [np.array(one) @ steps.T for one in product((-3, 3), repeat=3)]
    longest = max(np.linalg.norm(a - b) for a in corners for b in corners)
    assert longest - 1.5 < lesion.diameter_mm < longest


def test_small_lesions_are_taken_out_everywhere() -> None:
    reference = volume(Modality.FLAIR)
    labels = drawn(reference, (TUMOUR, 1), (SPECK, 1))
    summary = summarise(labels, LESION, minimum_lesion_ml=0.01)
    assert (summary.lesion_count, summary.removed_count, len(summary.lesions)) == (1, 1, 1)
    assert summary.volumes_ml == pytest.approx({"lesion": 7.68})
    assert summary.removed_ml == pytest.approx(0.008)
    assert int(sitk.GetArrayFromImage(summary.labels).sum()) == 960
    assert int(sitk.GetArrayFromImage(labels).sum()) == 961  # what was handed in stays as it is
    assert summary.labels.GetOrigin() == labels.GetOrigin()
    assert summarise(labels, LESION, minimum_lesion_ml=0.008).lesion_count == 2  # as large as the smallest is kept


def test_without_a_study_sides_and_intensities_are_unknown() -> None:
    (lesion,) = summarise(drawn(volume(Modality.T2), (TUMOUR, 1)), LESION).lesions
    assert (lesion.side, lesion.intensities) == (None, {})


@pytest.mark.parametrize("brain", ["none", "extracted"])
def test_a_field_of_view_taken_for_brain_has_no_sides_and_no_volume(brain: str) -> None:
    """Nor is it doubted for its size, or for ending where the field of view does."""
    noise = np.random.default_rng(0).normal(100, 20, (64, 64, 64)).astype(np.float32)
    study = Study({Modality.T1: sitk.GetImageFromArray(noise)})
    found = prepare(study, brain=brain)
    assert check_prepared(found, study) == ()
    labels = np.zeros(noise.shape, np.uint8)
    labels[10:14, 40:44, 40:44] = 1
    summary = summarise(sitk.GetImageFromArray(labels), LESION, found)
    assert (summary.brain_ml, summary.lesions[0].side) == (None, None)
    assert summary.lesions[0].intensities[Modality.T1] == pytest.approx(noise[labels > 0].mean(), rel=1e-4)


@pytest.mark.parametrize("spacing", [1.0, 1.3])
def test_what_a_volume_does_not_show_of_a_lesion_does_not_count(spacing: float) -> None:
    """A T1 that ends below one lesion and inside another, and grows brighter upwards up to its end."""
    x, y, z = np.indices((60, 60, 60)).transpose(0, 3, 2, 1)
    brain = (x - 30) ** 2 + (y - 30) ** 2 + (z - 30) ** 2 < 28**2
    flair, t1 = np.where(brain, 100 + x + y, 0), np.where(brain, 300 + 10 * z, 0)
    images = {Modality.T1: t1[:40], Modality.FLAIR: flair}  # arrays are z, y, x
    images = {modality: sitk.GetImageFromArray(array.astype(np.float32)) for modality, array in images.items()}
    study = Study(images, sitk.GetImageFromArray(brain.astype(np.uint8)))
    labels = np.zeros(brain.shape, np.uint8)
    labels[34:44, 26:34, 20:28] = 1  # of its ten slices the T1 shows six
    labels[50:54, 28:32, 28:32] = 1
    found = prepare(study, spacing, reference=Modality.FLAIR, register="off")
    cut, beyond = summarise(sitk.GetImageFromArray(labels), LESION, found).lesions
    near = pytest.approx if spacing == 1 else lambda value: pytest.approx(value, abs=6)  # of 10 in a voxel
    assert cut.intensities[Modality.T1] == near(300 + 10 * 36.5)
    assert cut.intensities[Modality.FLAIR] == pytest.approx(100 + 23.5 + 29.5, rel=1e-3)
    assert beyond.intensities[Modality.T1] is None
    told = beyond.to_dict()["mean_intensity"]
    assert told == {"T1": None, "FLAIR": pytest.approx(100 + 29.5 + 29.5, rel=1e-3)}


def test_no_lesion() -> None:
    summary = summarise(drawn(volume(Modality.T2)), GLIOMA)
    assert (summary.lesions, summary.volumes_ml["lesion"]) == ((), 0.0)


def test_a_table_is_plain_json() -> None:
    images = {Modality.FLAIR: volume(Modality.FLAIR)}
    data = summarise(drawn(images[Modality.FLAIR], (TUMOUR, 2), (RIM, 3)), GLIOMA, prepared(images)).to_dict()
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert data["lesions"][0]["parts_ml"] == {"core": 0.128, "enhancing": 0.128}


def test_axial_slices_of_an_oblique_sagittal_stack() -> None:
    turn = sitk.Euler3DTransform()
    turn.SetRotation(0.2, 0.3, -0.2)
    image = sitk.DICOMOrient(volume(Modality.T1), "ASL")
    image.SetDirection(
        (np.array(turn.GetMatrix()).reshape(3, 3) @ np.array(image.GetDirection()).reshape(3, 3)).ravel()
    )
    assert axial_axis(image) == 1
