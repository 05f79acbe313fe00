"""Star-shaped bodies whose surface wanders: the shape of all lesions that no real mask gives.

A shape is a level, in mm: positive inside, zero at the surface, roughly the depth below it. Levels are shifted, cut and
layered (oedema, rim, necrosis) before `edge` turns them into fractions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..draws import normal, uniform

NOISE_LIMIT = 2.5
"""Fields are cut at so many standard deviations, so that every body has a finite reach."""

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Ellipsoid:
    """Centre and half axes in mm; `axes` are the unit vectors of the half axes."""

    centre_mm: Vector
    radii_mm: Vector
    axes: tuple[Vector, Vector, Vector]

    @property
    def radius_mm(self) -> float:
        """Of the sphere with the same volume."""
        return math.prod(self.radii_mm) ** (1 / 3)

    @property
    def volume_ml(self) -> float:
        return 4 / 3 * math.pi * math.prod(self.radii_mm) / 1000

    def reach_mm(self, beyond_mm: float) -> float:
        """Radius around the centre outside which the level is below `-beyond_mm`."""
        return max(self.radii_mm) * (1 + beyond_mm / self.radius_mm)


def levels(points: Tensor, bodies: Sequence[Ellipsoid], which: Tensor | None = None) -> Tensor:
    """Level of a body at each position, (P, V), in mm.

    Args:
        points: (P, V, 3) in mm.
        bodies: K ellipsoids.
        which: (P,) index of the body to evaluate on each row; all rows belong to the only body if not given.
    """
    centres = points.new_tensor([body.centre_mm for body in bodies])
    axes = points.new_tensor([body.axes for body in bodies])
    radii = points.new_tensor([body.radii_mm for body in bodies])
    sizes = points.new_tensor([body.radius_mm for body in bodies])
    scaled = axes / radii[:, :, None]
    if which is None:
        which = torch.zeros(len(points), dtype=torch.long, device=points.device)
    local = torch.einsum("pij,pvj->pvi", scaled[which], points - centres[which][:, None])
    return (1 - local.square().sum(-1).sqrt()) * sizes[which][:, None]


def edge(level: Tensor, width_mm: Tensor | float) -> Tensor:
    """0 outside, 1 inside, rising smoothly over `width_mm` around the surface; exactly 0 and 1 beyond."""
    place = (level / width_mm + 0.5).clamp(0, 1)
    return place * place * (3 - 2 * place)


def place_of_half(opacity: float) -> float:
    """Where `opacity` times `edge` of a level is one half, in widths from the surface inwards; none below one half.

    Solves 3p² − 2p³ = 1 / (2 · opacity) for p in [½, 1] and returns p − ½.
    """
    share = min(1.0, 0.5 / opacity)
    return -math.sin(math.asin(1 - 2 * share) / 3)


def threshold_for_volume(level: Tensor, allowed: Tensor, voxel_ml: float, volume_ml: float) -> float:
    """The shift to add to `level` so that its positive part, counted by `allowed`, has the wanted volume.

    If there is not as much room, the shift takes all of it.
    """
    order = torch.argsort(level.flatten(), descending=True)
    volumes = torch.cumsum(allowed.flatten()[order], 0) * voxel_ml
    place = int(torch.searchsorted(volumes, volume_ml).clamp(max=len(volumes) - 1))
    return -float(level.flatten()[order][place])


def random_axes(generator: torch.Generator) -> tuple[Vector, Vector, Vector]:
    """Three unit vectors at right angles, turned at random."""
    return axes_along(tuple(normal(generator, 1) for _ in range(3)), generator)


def axes_along(direction: Vector, generator: torch.Generator) -> tuple[Vector, Vector, Vector]:
    """Unit vectors at right angles, the first along `direction`, the others turned around it at random."""
    first = torch.tensor(direction, dtype=torch.float64)
    if float(first.norm()) < 1e-6:
        first = torch.tensor((0.0, 0.0, 1.0), dtype=torch.float64)
    first = first / first.norm()
    other = torch.tensor([normal(generator, 1) for _ in range(3)], dtype=torch.float64)
    second = other - (other @ first) * first
    second = second / second.norm()
    third = torch.linalg.cross(first, second)
    return tuple(tuple(float(c) for c in axis) for axis in (first, second, third))


def ellipsoid(
    centre_mm: Vector, radius_mm: float, elongation: float, generator: torch.Generator, along: Vector | None = None
) -> Ellipsoid:
    """A body of the given equivalent radius, `elongation` times as long (along a direction, if given) as it is wide."""
    axes = random_axes(generator) if along is None else axes_along(along, generator)
    flatness = uniform(generator, 0.85, 1.15)
    ratios = (elongation ** (2 / 3), flatness * elongation ** (-1 / 3), elongation ** (-1 / 3) / flatness)
    return Ellipsoid(tuple(centre_mm), tuple(radius_mm * ratio for ratio in ratios), axes)
