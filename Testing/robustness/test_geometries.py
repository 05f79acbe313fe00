"""Random geometries from files to labels: orientations, turns, voxel sizes, places, formats, types of voxels.

A ball of brain with a bright ball in it is drawn on two grids that have nothing in common but the place of the patient,
written to files and read again. Instead of a network a threshold finds what is bright, so it is known in millimetres
where the labels must lie: a mix-up of axes, sides or spacings moves them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import torch

from MissingModalitySegLib.engine import prepare, read_study, restore_labels
from MissingModalitySegLib.engine.geometry import empty_grid, same_grid
from MissingModalitySegLib.modalities import Modality

BRAIN_MM, LESION_MM, FIELD_MM, MODEL_MM = 26.0, 8.0, 64.0, 2.0
TYPES = (sitk.sitkInt16, sitk.sitkUInt8, sitk.sitkUInt16, sitk.sitkFloat32, sitk.sitkFloat64)
MODALITIES = (Modality.T1, Modality.FLAIR)


def random_grid(dice: np.random.Generator, middle: np.ndarray) -> sitk.Image:
    """A cube of space about `middle`: any of the 48 orders and directions of axes, turned, any voxels."""
    spacing = np.exp(dice.uniform(np.log(0.8), np.log(5.0), 3))
    rotation = sitk.Euler3DTransform()
    rotation.SetRotation(*dice.uniform(-0.6, 0.6, 3).tolist())
    axes = np.eye(3)[:, dice.permutation(3)] * dice.choice([-1.0, 1.0], 3)
    direction = np.array(rotation.GetMatrix()).reshape(3, 3) @ axes
    size = np.ceil(FIELD_MM / spacing).astype(int)
    corner = middle - direction @ ((size - 1) * spacing / 2)
    return empty_grid(size.tolist(), spacing.tolist(), corner, direction)


def points(grid: sitk.Image) -> np.ndarray:
    """LPS millimetres of every voxel, from the definition of a grid."""
    indices = np.stack(np.meshgrid(*[np.arange(n) for n in grid.GetSize()], indexing="ij"), -1)
    direction = np.array(grid.GetDirection()).reshape(3, 3)
    return np.array(grid.GetOrigin()) + (indices * np.array(grid.GetSpacing())) @ direction.T


def within(grid: sitk.Image, centre: np.ndarray, radius: float) -> np.ndarray:
    return np.linalg.norm(points(grid) - centre, axis=-1) <= radius


def drawn(grid: sitk.Image, middle: np.ndarray, lesion: np.ndarray, kind: int) -> sitk.Image:
    values = np.where(within(grid, lesion, LESION_MM), 200, 100) * within(grid, middle, BRAIN_MM)
    image = sitk.GetImageFromArray(np.ascontiguousarray(values.transpose(2, 1, 0).astype(np.float64)))
    image.CopyInformation(grid)
    return sitk.Cast(image, kind)


def check(number: int, place: Path) -> float:
    """One geometry; how far off the labels' centre is, in mm. Raises `AssertionError` where that is too far."""
    dice = np.random.default_rng(number)
    middle = dice.uniform(-150, 150, 3)
    direction = dice.normal(size=3)
    lesion = middle + direction / np.linalg.norm(direction) * 14.0
    paths = {}
    for modality in MODALITIES:
        suffix = dice.choice(["nii.gz", "nii", "nrrd", "mha"])
        paths[modality] = place / f"{modality}.{suffix}"
        sitk.WriteImage(drawn(random_grid(dice, middle), middle, lesion, int(dice.choice(TYPES))), str(paths[modality]))
    study = read_study(paths)
    reference = MODALITIES[number % 2]
    prepared = prepare(study, MODEL_MM, MODALITIES, reference, 8, register="off", brain="extracted")
    channel = prepared.channels[MODALITIES.index(Modality.FLAIR)]
    bright = (channel > (channel.max() + channel[channel != 0].median()) / 2).to(torch.uint8)
    labels = restore_labels(bright, prepared.frame)
    native = study.images[reference]
    assert same_grid(labels, native), "the labels lie on another grid than the reference"
    found = sitk.GetArrayFromImage(labels).transpose(2, 1, 0) == 1
    assert found.any(), "nothing was found"
    off = float(np.linalg.norm(points(native)[found].mean(0) - lesion))
    coarsest = max(max(image.GetSpacing()) for image in study.images.values())
    assert off <= 0.6 * coarsest + 0.5, f"the labels are {off:.1f} mm off, at voxels of up to {coarsest:.1f} mm"
    volume = np.count_nonzero(found) * np.prod(native.GetSpacing()) / (4 / 3 * np.pi * LESION_MM**3)
    assert 0.4 <= volume <= 2.2, f"the labels have {volume:.2f} of the true volume"
    return off


@pytest.mark.parametrize("number", range(12))
def test_a_sample(number: int, tmp_path: Path) -> None:
    check(number, tmp_path)


@pytest.mark.long
def test_a_thousand(tmp_path: Path) -> None:
    wrong, off = {}, []
    for number in range(1000):
        try:
            off.append(check(number, tmp_path))
        except AssertionError as error:
            wrong[number] = str(error)
    print(f"centres are {np.median(off):.2f} mm off in the median, at most {max(off):.2f} mm")
    assert wrong == {}
