"""Pairs of sequences of one simulated head, one of them moved by a known rigid transform.

Nothing is interpolated to move it: its header is turned and shifted, as if the head had moved between two scans. Both
volumes have their own noise and lie on lattices of their own, so that a grid is no landmark.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk  # noqa: N813

from MissingModalitySegLib.modalities import MODALITIES, Modality
from MissingModalitySegTraining.phantom.atlas import load_atlas
from MissingModalitySegTraining.phantom.engine import render, sample_case
from MissingModalitySegTraining.phantom.misalignment import Misalignment
from MissingModalitySegTraining.phantom.space import Grid

KINDS = ("glioma", "ms", "none", "acute_stroke")
FIELD_MM = (190.0, 225.0, 195.0)
LPS = np.array([-1.0, -1.0, 1.0])
CENTRE = np.array([0.0, 15.0, 5.0])
"""About the middle of the brain, LPS mm: here shifts are measured."""


@dataclass(frozen=True)
class Pair:
    """Two volumes, and the transform from places in `fixed` to the same anatomy in `moving`."""

    name: str
    modalities: tuple[Modality, Modality]
    fixed: sitk.Image
    moving: sitk.Image
    truth: sitk.Euler3DTransform


def make_pair(number: int, shift_mm: float = 10.0, angle_deg: float = 10.0, spacing: float = 2.5) -> Pair:
    """Pair `number`: two sequences, a head or a brain, and a motion of up to `shift_mm` and `angle_deg`, at random."""
    random = np.random.default_rng(number)
    first, second = random.choice(len(MODALITIES), 2, replace=False)
    kind, whole_head, thick = KINDS[number % len(KINDS)], number % 2 == 0, number % 3 == 2
    case = sample_case(10_000 + number, kind, load_atlas(), "clinic" if thick else "research")
    # a head that moves while it is scanned has no one place; coarse voxels simulated on a grid hardly finer displace
    # what they show, so here the grid is what is coarse
    still = {"misalignment": Misalignment(), "motion": None, "in_plane_mm": 1.0, "slice_mm": 1.0, "gap_mm": 0.0}
    sequences = tuple(replace(sequence, **still) for sequence in case.acquisition.sequences)
    case = replace(case, acquisition=replace(case.acquisition, sequences=sequences))
    grids = [
        _grid(np.zeros(3), (spacing,) * 3),
        _grid(random.uniform(-4, 4, 3), (spacing, spacing, 2 * spacing if thick else spacing)),
    ]
    images = [
        _image(render([case], [grid], load_atlas(), head=whole_head).images[0, channel].numpy(), grid)
        for grid, channel in zip(grids, (first, second), strict=True)
    ]
    truth = random_motion(random, shift_mm, angle_deg)
    names = (MODALITIES[first], MODALITIES[second])
    what = (
        f"{number}: {names[1]} to {names[0]}, {'head' if whole_head else 'brain'}, {kind}{', thick' if thick else ''}"
    )
    return Pair(what, names, images[0], moved(images[1], truth), truth)


def random_motion(random: np.random.Generator, shift_mm: float, angle_deg: float) -> sitk.Euler3DTransform:
    """A rotation about `CENTRE` and a shift of it, in random directions; at least a third of the largest."""
    axis, direction = (vector / np.linalg.norm(vector) for vector in random.normal(size=(2, 3)))
    turn = sitk.VersorTransform(axis.tolist(), float(np.deg2rad(angle_deg * random.uniform(1 / 3, 1))))
    motion = sitk.Euler3DTransform()
    motion.SetCenter(CENTRE.tolist())
    motion.SetMatrix(turn.GetMatrix())
    motion.SetTranslation((direction * shift_mm * random.uniform(1 / 3, 1)).tolist())
    return motion


def moved(image: sitk.Image, motion: sitk.Euler3DTransform) -> sitk.Image:
    """`image` with a header that puts what was at p at `motion`(p)."""
    result = sitk.Image(image)
    result.SetOrigin(motion.TransformPoint(image.GetOrigin()))
    turned = np.array(motion.GetMatrix()).reshape(3, 3) @ np.array(image.GetDirection()).reshape(3, 3)
    result.SetDirection(turned.ravel().tolist())
    return result


def errors(found: sitk.Transform | None, truth: sitk.Euler3DTransform) -> tuple[float, float]:
    """How far (mm) `found` puts the middle of the brain from where `truth` does, and the angle (°) between both."""
    found = found or sitk.Transform()
    points = np.array([CENTRE, *(CENTRE + np.eye(3))])
    there, here = (np.array([one.TransformPoint(point.tolist()) for point in points]) for one in (found, truth))
    rotation = (there[1:] - there[0]).T @ (here[1:] - here[0])
    angle = np.degrees(np.arccos(np.clip((np.trace(rotation) - 1) / 2, -1, 1)))
    return float(np.linalg.norm(there[0] - here[0])), float(angle)


def _grid(offset: np.ndarray, voxel: tuple[float, float, float]) -> Grid:
    shape = tuple(int(length / v) for length, v in zip(FIELD_MM, voxel, strict=True))
    middle = CENTRE * LPS + offset
    origin = tuple(float(c - v * (n - 1) / 2) for c, v, n in zip(middle, voxel, shape, strict=True))
    return Grid(origin, voxel, shape)


def _image(array: np.ndarray, grid: Grid) -> sitk.Image:
    image = sitk.GetImageFromArray(np.ascontiguousarray(array.transpose(2, 1, 0)))
    image.SetSpacing(grid.spacing)
    image.SetOrigin((np.array(grid.origin) * LPS).tolist())
    image.SetDirection(np.diag(LPS).ravel().tolist())
    return image
