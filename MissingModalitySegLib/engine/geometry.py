"""Grids in physical space: which one a model sees, whether two are the same, and from one to the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import SimpleITK as sitk  # noqa: N813

from ..arrays.boxes import Box

_SAME_SPACING = 0.02
"""Spacings closer than this share are taken as equal: 0.9999 mm is no reason to interpolate."""

_SAME_PLACE_MM = 1e-3
"""Grids whose voxels all lie as near as this to each other's are one grid."""

_REACH = 4.0
"""What a voxel of a coarser grid sees of a volume, in its own edge lengths to each side: far more than it weighs."""


@dataclass(frozen=True)
class Axes:
    """How the axes of a volume are reordered and turned around to run left → right, back → front, bottom → top."""

    order: tuple[int, int, int]
    """`order[i]` is the volume's axis that becomes axis i."""
    flipped: tuple[bool, bool, bool]
    """Whether axis i runs the other way, after reordering."""

    def to_ras(self, array: np.ndarray) -> np.ndarray:
        """A view of `array` (x, y, z of the volume) along the axes nearest to RAS."""
        return self._flip(array.transpose(self.order))

    def from_ras(self, array: np.ndarray) -> np.ndarray:
        """The inverse of `to_ras`, a view as well."""
        return self._flip(array).transpose(np.argsort(self.order))

    def _flip(self, array: np.ndarray) -> np.ndarray:
        return array[tuple(slice(None, None, -1) if flip else slice(None) for flip in self.flipped)]


def axes_of(image: sitk.Image) -> Axes:
    """What `sitk.DICOMOrient(image, "RAS")` does to the axes of `image`, found without touching its voxels."""
    probe = sitk.Image([1, 1, 1], sitk.sitkUInt8)
    probe.SetDirection(image.GetDirection())
    probe.SetSpacing([1.0, 2.0, 3.0])  # the spacing names the axis
    turned = sitk.DICOMOrient(probe, "RAS")
    order = tuple(round(spacing) - 1 for spacing in turned.GetSpacing())
    old, new = (np.array(one.GetDirection()).reshape(3, 3) for one in (image, turned))
    return Axes(order, tuple(bool(old[:, axis] @ new[:, i] < 0) for i, axis in enumerate(order)))


def empty_grid(size: Sequence[int], spacing: Sequence[float], origin: Sequence[float], direction) -> sitk.Image:
    """An image of zeros that stands for its grid; `direction` is (3, 3), its columns are the axes in LPS."""
    grid = sitk.Image([int(n) for n in size], sitk.sitkUInt8)
    grid.SetSpacing([float(s) for s in spacing])
    grid.SetOrigin([float(v) for v in origin])
    grid.SetDirection([float(v) for v in np.asarray(direction).ravel()])
    return grid


def model_grid(reference: sitk.Image, spacing: float | None) -> sitk.Image:
    """An empty image on the grid of `reference` with axes nearest to RAS and isotropic `spacing` in mm.

    Without a `spacing` it has the voxels of the reference.
    """
    axes = axes_of(reference)
    direction = direction_of(reference)[:, axes.order] * np.where(axes.flipped, -1.0, 1.0)
    old = [reference.GetSpacing()[axis] for axis in axes.order]
    count = [reference.GetSize()[axis] for axis in axes.order]
    corner = [0, 0, 0]
    for axis, flip in zip(axes.order, axes.flipped, strict=True):
        corner[axis] = reference.GetSize()[axis] - 1 if flip else 0
    origin = np.array(reference.TransformIndexToPhysicalPoint(corner))
    new = [o if spacing is None or abs(o / spacing - 1) < _SAME_SPACING else spacing for o in old]
    size = [max(round(n * o / s), 1) for n, o, s in zip(count, old, new, strict=True)]
    # The grids share their outer faces, not their first voxel centres.
    shift = [((s - o) + (n * o - m * s)) / 2 for n, o, m, s in zip(count, old, size, new, strict=True)]
    return empty_grid(size, new, origin + direction @ np.array(shift), direction)


def direction_of(image: sitk.Image) -> np.ndarray:
    """The axes of `image` as the columns of a (3, 3) matrix."""
    return np.array(image.GetDirection()).reshape(3, 3)


def steps_of(image: sitk.Image) -> np.ndarray:
    """The steps of one voxel along each axis of `image`, in LPS mm, as the columns of a (3, 3) matrix."""
    return direction_of(image) * np.array(image.GetSpacing())


def millilitres(voxels: int, grid: sitk.Image) -> float:
    """The volume of so many voxels in ml. Those of a sheared grid hold less than their edges say."""
    share = round(abs(float(np.linalg.det(direction_of(grid)))), 6)  # 1 at right angles, whatever was rounded
    return voxels * math.prod(grid.GetSpacing()) * share / 1000


def same_grid(one: sitk.Image, other: sitk.Image) -> bool:
    """Whether the voxels of both are at the same places, by their corners."""
    if one.GetSize() != other.GetSize():
        return False
    last = [n - 1 for n in one.GetSize()]
    for corner in ([0, 0, 0], last, *np.diag(last).tolist()):
        places = [np.array(image.TransformIndexToPhysicalPoint(corner)) for image in (one, other)]
        if not np.allclose(*places, atol=_SAME_PLACE_MM):
            return False
    # an axis of a single voxel has no corner to tell its spacing or direction by
    return np.allclose(one.GetSpacing(), other.GetSpacing(), atol=_SAME_PLACE_MM) and np.allclose(
        one.GetDirection(), other.GetDirection(), atol=_SAME_PLACE_MM
    )


def overlap_of_fields(one: sitk.Image, other: sitk.Image) -> float:
    """How much of the smaller field of view lies inside the larger, 0 to 1."""
    small, large = sorted((one, other), key=field_volume)
    places = [(np.arange(24) + 0.5) / 24 * n - 0.5 for n in small.GetSize()]
    indices = np.stack(np.meshgrid(*places, indexing="ij"), -1).reshape(-1, 3)
    points = np.array(small.GetOrigin()) + (indices * np.array(small.GetSpacing())) @ direction_of(small).T
    inside = (
        (points - np.array(large.GetOrigin())) @ np.linalg.inv(direction_of(large)).T / np.array(large.GetSpacing())
    )
    return float(np.mean(np.all((inside >= -0.5) & (inside <= np.array(large.GetSize()) - 0.5), axis=-1)))


def field_volume(image: sitk.Image) -> float:
    """The volume of the field of view, mm³."""
    return float(np.prod(image.GetSize()) * np.prod(image.GetSpacing()))


def resample(
    image: sitk.Image,
    grid: sitk.Image,
    transform: sitk.Transform | None = None,
    outside: float | None = None,
) -> sitk.Image:
    """`image` on `grid`, float32, linearly; smoothed first along axes that become coarser, so that nothing aliases.

    `transform` takes places of `grid` to places of `image`. Beyond the field of view is `outside`, by default what the
    first voxel holds.
    """
    if transform is None and same_grid(image, grid):
        return sitk.Cast(image, sitk.sitkFloat32)
    if outside is None:
        outside = float(image[0, 0, 0])
    image = smooth_for(sitk.Cast(seen_from(image, grid, transform), sitk.sitkFloat32), grid)
    return sitk.Resample(image, grid, transform or sitk.Transform(), sitk.sitkLinear, outside, sitk.sitkFloat32)


def seen_from(image: sitk.Image, grid: sitk.Image, transform: sitk.Transform | None = None) -> sitk.Image:
    """The part of `image` that an affine `transform` brings to `grid`, with a margin for what smooths it."""
    if transform is not None and not transform.IsLinear():
        return image
    corners = product(*((-0.5, n - 0.5) for n in grid.GetSize()))
    points = [grid.TransformContinuousIndexToPhysicalPoint(corner) for corner in corners]
    if transform is not None:
        points = [transform.TransformPoint(point) for point in points]
    indices = np.array([image.TransformPhysicalPointToContinuousIndex(point) for point in points])
    margin = np.ceil(_REACH * max(grid.GetSpacing()) / np.array(image.GetSpacing())) + 1
    start = np.clip(np.floor(indices.min(axis=0) - margin), 0, np.array(image.GetSize()) - 1).astype(int)
    stop = np.clip(np.ceil(indices.max(axis=0) + margin) + 1, start + 1, image.GetSize()).astype(int)
    return sitk.RegionOfInterest(image, (stop - start).tolist(), start.tolist())


def smooth_for(image: sitk.Image, grid: sitk.Image) -> sitk.Image:
    """`image` (float32) as voxels of the size of `grid` would average it, along the axes where these are longer."""
    nearest = np.abs(direction_of(image).T @ direction_of(grid)).argmax(axis=1)
    for axis, old in enumerate(image.GetSpacing()):
        new = grid.GetSpacing()[nearest[axis]]
        if new > 1.25 * old and image.GetSize()[axis] >= 4:
            sigma = 0.42 * np.sqrt(new**2 - old**2)  # brings a box of width `old` near to one of width `new`
            image = sitk.RecursiveGaussian(image, float(sigma), direction=axis)
    return image


def resample_labels(image: sitk.Image, grid: sitk.Image, transform: sitk.Transform | None = None) -> sitk.Image:
    """A label map on `grid`, by the nearest voxel."""
    return sitk.Resample(image, grid, transform or sitk.Transform(), sitk.sitkNearestNeighbor, 0, sitk.sitkUInt8)


def ras_grid(image: sitk.Image) -> sitk.Image:
    """An empty image with the voxels of `image`, along the axes nearest to RAS."""
    return model_grid(image, None)


def turned_onto(image: sitk.Image, grid: sitk.Image) -> bool:
    """Whether `grid`, with axes nearest to RAS, has the voxels of `image`, at most in another order."""
    return same_grid(ras_grid(image), grid)


def in_box(image: sitk.Image, grid: sitk.Image, box: Box, transform: sitk.Transform | None = None) -> np.ndarray:
    """`image` in the box of `grid` (axes nearest to RAS): float32 (x, y, z), NaN beyond its field of view."""
    if transform is not None or not turned_onto(image, grid):
        found = resample(image, boxed(grid, box), transform, float("nan"))
        return sitk.GetArrayFromImage(found).transpose(2, 1, 0)
    whole = axes_of(image).to_ras(sitk.GetArrayViewFromImage(image).transpose(2, 1, 0))
    result = np.full(box.shape, np.nan, np.float32)
    starts = [max(start, 0) for start in box.start]
    part = whole[tuple(slice(low, max(stop, low)) for low, stop in zip(starts, box.stop, strict=True))]
    at = [low - start for low, start in zip(starts, box.start, strict=True)]
    result[tuple(slice(low, low + n) for low, n in zip(at, part.shape, strict=True))] = part
    return result


def boxed(grid: sitk.Image, box: Box) -> sitk.Image:
    """An empty image on the part of `grid` in `box`, which may reach beyond it."""
    origin = grid.TransformContinuousIndexToPhysicalPoint([float(start) for start in box.start])
    return empty_grid(box.shape, grid.GetSpacing(), origin, direction_of(grid))
