"""What cannot be worked on is refused in a sentence; what is odd is told; what is right passes in silence."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import torch

from MissingModalitySegLib.engine.checks import check_inputs, check_prepared
from MissingModalitySegLib.engine.images import read_image
from MissingModalitySegLib.engine.sizes import refuse_size
from MissingModalitySegLib.engine.study import Study
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import MODALITIES, Modality
from MissingModalitySegLib.watch import Notes, Watch
from Testing.engine.made_studies import prepared, volume

T1, T1CE, T2, FLAIR, DWI = MODALITIES


def image_of(array: np.ndarray, spacing=(1.0, 1.0, 1.0)) -> sitk.Image:
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing)
    return image


def textured(*shape: int, low: float = 0, high: float = 1000) -> np.ndarray:
    return np.random.default_rng(0).uniform(low, high, shape).astype(np.float32)


def computed_tomogram() -> np.ndarray:
    """Air with noise, a skull of bone around soft tissue, fat outside; Hounsfield units."""
    places = (np.indices((40, 60, 50)).transpose(1, 2, 3, 0) - [20, 30, 25]) / [20, 28, 23]
    radius = np.sqrt(np.square(places).sum(-1))
    values = np.select([radius < 0.8, radius < 0.9, radius < 1], [35, 900, -80], -1000)
    return (values + np.random.default_rng(0).normal(0, 10, values.shape)).astype(np.int16)


BAD = {
    "constant-volume": image_of(np.full((40, 50, 60), 7, np.int16)),
    "single-slice": image_of(textured(1, 256, 256)),
    "too-small": image_of(textured(3, 3, 3), (60, 60, 60)),
    "values-too-large": image_of(textured(40, 50, 60, high=1e12), (3, 3, 3)),
    "looks-like-ct": image_of(computed_tomogram(), (4, 4, 4)),
    "field-of-view-impossible": image_of(textured(40, 50, 60), (0.01, 0.01, 0.01)),
}


@pytest.mark.parametrize("code", BAD)
def test_refused(code: str) -> None:
    with pytest.raises(InputError) as caught:
        check_inputs(Study({FLAIR: BAD[code]}))
    assert caught.value.code == code
    assert caught.value.message.startswith("FLAIR")
    assert caught.value.hint


def test_all_zero_is_said_so() -> None:
    with pytest.raises(InputError, match="empty: all voxels are 0"):
        check_inputs(Study({T1: image_of(np.zeros((40, 50, 60), np.uint8), (3, 3, 3))}))


def test_not_finite_values_of_a_volume_in_memory() -> None:
    array = textured(40, 50, 60)
    array[3, 4, 5] = np.nan
    with pytest.raises(InputError, match="NaN"):
        check_inputs(Study({T2: image_of(array, (3, 3, 3))}))


def test_far_too_many_voxels_are_refused_by_the_header() -> None:
    """Also where the product of the sizes would overflow 32 or 64 bits."""
    for size in ((1000, 1000, 1000), (32767, 32767, 32767), (2**31, 2**31, 2**31)):
        with pytest.raises(InputError, match="more than any scan") as caught:
            refuse_size("T1", size, (0.2, 0.2, 0.2))
        assert caught.value.code == "too-large"


@pytest.mark.parametrize("scale", [1.0, 0.37])
def test_one_acquisition_in_two_slots(scale: float) -> None:
    one = volume(T2)
    with pytest.raises(InputError, match="T2 and FLAIR are the same volume") as caught:
        check_inputs(Study({T2: one, FLAIR: sitk.Cast(one, sitk.sitkFloat32) * scale + 5}))
    assert caught.value.code == "same-volume-twice"


def test_values_that_overflowed() -> None:
    array = textured(40, 50, 60, low=0, high=60_000).astype(np.uint16).view(np.int16)
    (finding,) = check_inputs(Study({T1: image_of(array, (3, 3, 3))}))
    assert finding.code == "values-overflowed"


@pytest.mark.parametrize(("slices", "codes"), [(6, ["no-values"]), (0, [])])
def test_voxels_without_values_are_told(tmp_path: Path, slices: int, codes: list[str]) -> None:
    array = textured(40, 50, 60).astype(np.float32)
    array[:, :, :slices] = np.nan
    path = tmp_path / "T1.nii.gz"
    nibabel.save(nibabel.Nifti1Image(array, np.diag((3, 3, 3, 1))), path)
    found = check_inputs(Study({T1: read_image(path)}))
    assert [finding.code for finding in found] == codes
    assert all("10 %" in finding.message for finding in found)


def test_thick_slices_only_where_no_volume_has_thin_ones() -> None:
    thick = image_of(textured(24, 60, 60), (3, 3, 6))
    assert [one.code for one in check_inputs(Study({FLAIR: thick}))] == ["thick-slices"]
    assert check_inputs(Study({FLAIR: thick, T1: volume(T1)})) == ()


def test_something_wider_than_a_head() -> None:
    chest = np.zeros((40, 60, 100), np.float32)
    chest[:, 5:55, 5:95] = textured(40, 50, 90, low=300)
    (finding,) = check_inputs(Study({T2: image_of(chest, (4, 4, 4))}))
    assert finding.code == "more-than-a-head"
    assert "360 mm" in finding.message


def every_volume() -> dict[Modality, sitk.Image]:
    return {modality: volume(modality) for modality in MODALITIES}


def test_a_study_as_it_should_be_passes_in_silence() -> None:
    images, notes = every_volume(), Notes(Watch())
    study = Study(images)
    assert check_inputs(study, notes) == ()
    assert check_prepared(prepared(images), study, notes) == ()
    assert notes.warnings == []


def brain_of_ct() -> tuple[np.ndarray, np.ndarray]:
    """A brain in Hounsfield units with noise, and where it is."""
    places = (np.indices((40, 60, 50)).transpose(1, 2, 3, 0) - [20, 30, 25]) / [16, 22, 18]
    inside = np.square(places).sum(-1) < 1
    return np.random.default_rng(0).normal(33, 7, inside.shape).round(), inside


@pytest.mark.parametrize(
    "array",
    [
        computed_tomogram() + 1024,
        np.maximum(computed_tomogram() + 1024, 0).astype(np.uint16),
        np.where(brain_of_ct()[1], brain_of_ct()[0], -1024).astype(np.int16),
        np.where(brain_of_ct()[1], brain_of_ct()[0] + 1024, 0).astype(np.int16),
    ],
    ids=["offset", "offset and unsigned", "extracted", "extracted and offset"],
)
def test_other_ways_to_write_a_ct(array: np.ndarray) -> None:
    with pytest.raises(InputError) as caught:
        check_inputs(Study({T1: image_of(array, (4, 4, 4))}))
    assert caught.value.code == "looks-like-ct"


def test_an_extracted_ct_without_its_air_is_doubted() -> None:
    values, inside = brain_of_ct()
    (finding,) = check_inputs(Study({T1: image_of(np.where(inside, values, 0).astype(np.int16), (4, 4, 4))}))
    assert finding.code == "perhaps-ct"


def test_mri_about_the_values_of_ct_is_none() -> None:
    """Scaled so that the median lies where a CT with an offset has matter; brighter on one side, as coils make it."""
    for modality in MODALITIES:
        image = volume(modality)
        array = sitk.GetArrayFromImage(image).astype(np.float32) * np.linspace(0.8, 1.2, image.GetWidth())
        array *= 1059 / np.median(array[array > 0])
        assert check_inputs(Study({modality: image_of(array.astype(np.float32), (2, 2, 2))})) == ()


def test_z_scored_volumes_with_any_background_are_no_ct() -> None:
    array = sitk.GetArrayFromImage(volume(T1)).astype(np.float32)
    inside = array > 0
    scored = np.where(inside, (array - array[inside].mean()) / array[inside].std(), -1024).astype(np.float32)
    assert check_inputs(Study({T1: image_of(scored, (2, 2, 2))})) == ()


@pytest.mark.parametrize("modality", [T1, T1CE, FLAIR, DWI])
def test_a_t2_under_another_name(modality: Modality) -> None:
    images, notes = {modality: volume(T2)}, Notes(Watch())
    (finding,) = check_prepared(prepared(images), Study(images), notes)
    assert finding.code == "unusual-contrast"
    assert finding.modalities == (modality,)
    assert "fluid is the brightest" in finding.message
    assert notes.warnings == [(finding.code, finding.message)]


@pytest.mark.parametrize(("name", "truth"), [(T2, T1), (T2, FLAIR), (FLAIR, T1), (DWI, T1), (T1, FLAIR), (T1CE, FLAIR)])
def test_other_sequences_under_a_wrong_name(name: Modality, truth: Modality) -> None:
    images = {name: volume(truth)}
    assert [one.code for one in check_prepared(prepared(images), Study(images))] == ["unusual-contrast"]


def test_every_pair_of_slots_swapped() -> None:
    for one, other in itertools.combinations((T1, T2, FLAIR), 2):
        images = {one: volume(other), other: volume(one)}
        assert check_prepared(prepared(images), Study(images)), f"{one} and {other}"


def test_a_brain_cut_by_the_field_of_view() -> None:
    images = {FLAIR: volume(FLAIR)}
    whole = prepared(images)
    cut = replace(whole, brain=torch.cat([torch.ones(1, *whole.brain.shape[1:], dtype=torch.bool), whole.brain[1:]]))
    found = {one.code: one.message for one in check_prepared(cut, Study(images))}
    assert "(left)" in found["brain-cut"]


def test_another_volume_that_does_not_cover_the_brain() -> None:
    images = {T1: volume(T1), FLAIR: volume(FLAIR)[:, :, :45]}
    whole = prepared({T1: images[T1], FLAIR: volume(FLAIR)})
    (finding,) = check_prepared(whole, Study(images))
    assert (finding.code, finding.modalities) == ("brain-not-covered", (FLAIR,))


def test_no_brain_was_looked_for() -> None:
    images = {FLAIR: volume(T2)}
    one = prepared(images)
    assert check_prepared(replace(one, brain=torch.ones_like(one.brain)), Study(images)) == ()
