"""Smooth random functions of position.

A field is defined by an integer seed and a wavelength, not by a grid: a whole volume, its 4 mm overview and a crop of
64³ see the same function. It repeats after `PERIOD / NODES_PER_WAVELENGTH` (about ten) wavelengths along axes that are
turned at random, which no crop can notice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

PERIOD = 32
"""Random nodes along each axis before the lattice repeats."""

NODES_PER_WAVELENGTH = 3
"""A cubic B-spline through white noise passes little beyond a third of the sampling rate."""

REFINEMENT = 2
"""The spline is tabulated this much finer than its nodes and read linearly in between."""

OCTAVE_GAIN = 0.6
"""Amplitude of each octave relative to the one of twice its wavelength."""


def scalar_field(
    points: Tensor, seeds: Sequence[int], wavelength_mm: float | Sequence[float], octaves: int = 1
) -> Tensor:
    """One random number per position, zero mean and unit standard deviation over the field's period.

    Args:
        points: (B, X, Y, Z, 3) in mm.
        seeds: one per case.
        wavelength_mm: size of the coarsest features, for all cases or one per case.
        octaves: how many halvings of the wavelength are added, each `OCTAVE_GAIN` as strong as the one before.

    Returns:
        (B, X, Y, Z)
    """
    return random_field(points, seeds, wavelength_mm, 1, octaves)[:, 0]


def vector_field(
    points: Tensor, seeds: Sequence[int], wavelength_mm: float | Sequence[float], octaves: int = 1
) -> Tensor:
    """Three independent scalar fields as a vector per position, (B, X, Y, Z, 3); arguments as in `scalar_field`."""
    return random_field(points, seeds, wavelength_mm, 3, octaves).movedim(1, -1)


def random_field(
    points: Tensor,
    seeds: Sequence[int],
    wavelength_mm: float | Sequence[float],
    channels: int,
    octaves: int = 1,
) -> Tensor:
    """`channels` independent fields, (B, channels, X, Y, Z); cheaper than as many calls of `scalar_field`."""
    batch = points.shape[0]
    wavelengths = [wavelength_mm] * batch if isinstance(wavelength_mm, (int, float)) else list(wavelength_mm)
    if len(seeds) != batch or len(wavelengths) != batch:
        raise ValueError(f"{batch} cases, but {len(seeds)} seeds and {len(wavelengths)} wavelengths")
    total: Tensor | float = 0.0
    for octave in range(octaves):
        octave_seeds = [_octave_seed(seed, octave) for seed in seeds]
        step = [wavelength / NODES_PER_WAVELENGTH / 2**octave for wavelength in wavelengths]
        total = total + OCTAVE_GAIN**octave * _single_octave(points, octave_seeds, step, channels)
    power = sum(OCTAVE_GAIN ** (2 * octave) for octave in range(octaves))
    return total * power**-0.5


def _single_octave(points: Tensor, seeds: Sequence[int], step_mm: Sequence[float], channels: int) -> Tensor:
    each = [_table(int(seed), channels, str(points.device)) for seed in seeds]
    tables = each[0][None] if len(each) == 1 else torch.stack(each)  # one, as in training, is not copied
    turns = torch.stack([_rotation(int(seed)) / step for seed, step in zip(seeds, step_mm, strict=True)])
    nodes = points.flatten(1, 3) @ turns.to(points.device).mT  # B N 3, in units of the node spacing
    wrapped = torch.remainder(nodes, PERIOD).mul_(2 / PERIOD).sub_(1)
    # grid_sample wants the last axis of the table first; the table is noise, so its axes may bear any name
    return F.grid_sample(tables, wrapped.reshape(points.shape), padding_mode="border", align_corners=True)


@lru_cache(maxsize=64)
def _table(seed: int, channels: int, device: str) -> Tensor:
    """A periodic cubic B-spline of white noise, tabulated with its first planes repeated at the end, (C, n, n, n).

    Drawn on the CPU whatever the device, so that CPU and GPU agree.
    """
    noise = torch.randn((1, channels, PERIOD, PERIOD, PERIOD), generator=torch.Generator().manual_seed(seed))
    noise -= noise.mean(dim=(2, 3, 4), keepdim=True)
    spline = _spline_matrix()
    # the mean square of the entries, without making them: the spline's weights sum to 1, so their mean is 0
    gram = (spline.mT @ spline)[None]
    power = (noise * _along_axes(noise, (gram,) * 3)).mean(dim=(2, 3, 4), keepdim=True) / REFINEMENT**3
    # linear reading in between keeps 2/3 of the variance plus 1/3 of the correlation with the next entry, per axis
    kept = 2 / 3 + (spline * spline.roll(1, 0)).sum() / spline.square().sum() / 3
    around = torch.cat([spline, spline[:1]])[None]
    return _along_axes(noise / (power * kept**3).sqrt(), (around,) * 3)[0].to(device)


@lru_cache(maxsize=1)
def _spline_matrix() -> Tensor:
    """Node values → spline values at `REFINEMENT` times as many places, periodic; (PERIOD · REFINEMENT, PERIOD)."""
    places = torch.arange(PERIOD * REFINEMENT)[:, None] / REFINEMENT
    distance = (places - torch.arange(PERIOD)).abs()
    distance = torch.minimum(distance, PERIOD - distance)
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = (2 - distance).clamp(min=0) ** 3 / 6
    return torch.where(distance < 1, near, far)


@lru_cache(maxsize=256)
def _rotation(seed: int) -> Tensor:
    """A random orthogonal matrix, so that no direction of the scanner is special to a lattice."""
    generator = torch.Generator().manual_seed(seed ^ 0x5DEECE66D)
    return torch.linalg.qr(torch.randn((3, 3), generator=generator, dtype=torch.float64))[0].float()


def _octave_seed(seed: int, octave: int) -> int:
    """Unrelated seeds for the octaves of a field (multiples of the golden ratio of 2^63)."""
    return (int(seed) + octave * 0x4F1BBCDCBFA53E0B) % 2**63


def soft_ellipsoid(points: Tensor, centre: tuple[float, float, float], half_axes: tuple[float, float, float]) -> Tensor:
    """1 in the middle of an ellipsoid, a half near its surface, 0 outside; (…, 3) in mm to (…)."""
    distance = ((points - points.new_tensor(centre)) / points.new_tensor(half_axes)).square().sum(-1)
    return torch.exp(-0.7 * distance.square())


Ellipsoid = tuple[tuple[float, float, float], tuple[float, float, float], float]
"""Centre and half-axes in mm, strength."""


def on_both_sides(points: Tensor, ellipsoids: Sequence[Ellipsoid]) -> Tensor:
    """The strongest of soft ellipsoids on the right side of a head and of their mirror images, (…, 3) in mm to (…)."""
    one_side = torch.cat([points[..., :1].abs(), points[..., 1:]], dim=-1)
    strongest = torch.zeros_like(points[..., 0])
    for centre, axes, strength in ellipsoids:
        strongest = torch.maximum(strongest, strength * soft_ellipsoid(one_side, centre, axes))
    return strongest


def tabulated(function: Callable[[Tensor], Tensor], points: Tensor, step_mm: float) -> Tensor:
    """A costly smooth function, evaluated only on a coarse lattice and read linearly in between.

    The lattice lies at multiples of `step_mm` in the world, so that any two grids still see one function. A grid that
    is coarser gets a lattice about as coarse as itself. Where the lattice would have more than twice as many points as
    are asked for, the function is evaluated at these instead.

    Args:
        function: positions (B, X, Y, Z, 3) → values (B, C, X, Y, Z).
        points: (B, X, Y, Z, 3) in mm, close together: the lattice fills their bounding box.
        step_mm: spacing of the lattice.

    Returns:
        (B, C, X, Y, Z)
    """
    axes = _axes(points)
    if axes is None:
        box = points.flatten(1, 3)
    else:
        box = torch.stack([axis[:, [0, -1]] for axis in axes], dim=-1)
        widest = max(float(axis.diff(dim=1).amax()) for axis in axes if axis.shape[1] > 1)
        step_mm *= max(1, round(widest / step_mm))
    low = torch.floor(box.amin(dim=1) / step_mm)  # B 3
    counts = (torch.ceil(box.amax(dim=1) / step_mm) - low).amax(dim=0).long() + 1
    counts = [max(2, count) for count in counts.tolist()]
    if math.prod(counts) > 2 * math.prod(points.shape[1:4]):
        return function(points)
    steps = [torch.arange(count, device=points.device, dtype=points.dtype) for count in counts]
    lattice = torch.stack(torch.meshgrid(*steps, indexing="ij"), dim=-1)
    table = function((lattice + low[:, None, None, None]) * step_mm)
    if axes is not None:
        return _read_along_axes(
            table, [axis / step_mm - first[:, None] for axis, first in zip(axes, low.T, strict=True)]
        )
    places = points / step_mm - low[:, None, None, None]
    places = places * (2 / (places.new_tensor(counts) - 1)) - 1
    return F.grid_sample(table.transpose(2, 4), places, padding_mode="border", align_corners=True)


def _axes(points: Tensor) -> list[Tensor] | None:
    """The coordinates (B, n) along each axis if the points (B, X, Y, Z, 3) are all their combinations, in order."""
    if max(points.shape[1:4]) == 1:
        return None
    axes = []
    for axis, at in enumerate((points[:, :, :1, :1, 0], points[:, :1, :, :1, 1], points[:, :1, :1, :, 2])):
        coordinates = at.flatten(1)
        # ascending, so that the ends are the extremes; the cheap refusal first
        if not bool((coordinates.diff(dim=1) >= 0).all()) or not bool((points[..., axis] == at).all()):
            return None
        axes.append(coordinates)
    return axes


def _read_along_axes(table: Tensor, places: Sequence[Tensor]) -> Tensor:
    """Linear interpolation of (B, C, i, j, k) at all combinations of `places` (B, n) on its axes, in entries.

    The weights of a lattice are products of weights along its axes: three small matrix products in the place of eight
    scattered reads per voxel.
    """
    return _along_axes(
        table,
        tuple(
            (1 - (place[:, :, None] - torch.arange(count, device=place.device)).abs()).clamp(min=0)
            for place, count in zip(places, table.shape[2:], strict=True)
        ),
    )


def _along_axes(table: Tensor, matrices: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Multiply the axes of (B, C, i, j, k) by matrices (B, X, i), (B, Y, j), (B, Z, k)."""
    batch, channels = table.shape[:2]
    x, y, z = matrices
    values = table.flatten(1, 3) @ z.mT  # B (C i j) Z
    values = y[:, None] @ values.reshape(batch, -1, y.shape[2], z.shape[1])  # B (C i) Y Z
    values = x[:, None] @ values.reshape(batch, channels, x.shape[2], -1)
    return values.reshape(batch, channels, x.shape[1], y.shape[1], z.shape[1])
