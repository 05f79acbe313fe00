"""Where lesions may start: a coarse lattice of the atlas, and draws from it.

Volumes here are those of an average adult: the atlas is larger than life (`anatomy.ATLAS_SCALE`), so that a lesion of
100 ml takes 128 ml of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from ..anatomy import ATLAS_SCALE
from ..atlas import Atlas
from ..draws import uniform
from ..space import Grid
from .mass_effect import Push, pull_back
from .shapes import Vector
from .surroundings import Surroundings

ATLAS_PER_SUBJECT = ATLAS_SCALE**-3
"""Volume in the atlas of one unit of volume of an average adult."""

BRAIN_GRID = Grid((-76.0, -112.0, -78.0), (4.0, 4.0, 4.0), (39, 49, 42))


@dataclass(frozen=True)
class Ground:
    """Lattice points of the brain, (N, 3), and what is there, (10, N)."""

    atlas: Atlas
    points: Tensor
    around: Surroundings


class _Identity:
    """An atlas is the same atlas if it is the same object: comparing its maps would take long."""

    def __init__(self, atlas: Atlas) -> None:
        self.atlas = atlas

    def __hash__(self) -> int:
        return id(self.atlas)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and other.atlas is self.atlas


@lru_cache(maxsize=4)
def _ground(identity: _Identity) -> Ground:
    points = BRAIN_GRID.points()
    around = look_around(identity.atlas, points)
    inside = (around.depth_mm > 0) & (around.tissue > 0.5)
    return Ground(identity.atlas, points[inside], Surroundings(around.values[:, inside]))


def ground_of(atlas: Atlas) -> Ground:
    """The lattice of an atlas, made once."""
    return _ground(_Identity(atlas))


def look_around(atlas: Atlas, points: Tensor, pushes: Sequence[Push] = ()) -> Surroundings:
    """What lies at positions (X, Y, Z, 3) after lesions have pushed, maps (10, X, Y, Z); on the CPU."""
    device = atlas.fine.values.device
    samples = atlas.sample(pull_back(points, pushes).to(device)[None])
    around = Surroundings.of(samples, 0)
    return Surroundings(around.values.cpu())


def draw_place(generator: torch.Generator, ground: Ground, weights: Tensor) -> Vector:
    """A position near a lattice point drawn by `weights` (N,); some of them must be positive."""
    index = int(torch.multinomial(weights.clamp(min=0), 1, generator=generator))
    return tuple(float(c) + uniform(generator, -2, 2) for c in ground.points[index])


def draw_places(generator: torch.Generator, ground: Ground, weights: Tensor, count: int) -> list[Vector]:
    """`count` positions, drawn one from another independently."""
    if not count:
        return []
    index = torch.multinomial(weights.clamp(min=0), count, replacement=True, generator=generator)
    jitter = 4 * torch.rand((count, 3), generator=generator) - 2
    return [tuple(row) for row in (ground.points[index] + jitter).tolist()]


def in_white(atlas: Atlas, places: Sequence[Vector]) -> Tensor:
    """Whether white matter or brain stem surrounds each place, (K,)."""
    around = look_around(atlas, torch.tensor(places).reshape(-1, 1, 1, 3))
    return (around.white + around.brain_stem)[:, 0, 0] > 0.7


def draw_in_white(generator: torch.Generator, ground: Ground, weights: Tensor, count: int) -> list[Vector]:
    """As `draw_places`, but what falls into other tissue is drawn a second time."""
    places = draw_places(generator, ground, weights, 2 * count)
    if not places:
        return []
    good = in_white(ground.atlas, places).tolist()
    return sorted(places, key=dict(zip(places, good, strict=True)).__getitem__, reverse=True)[:count]


def ventricle_directions(atlas: Atlas, places: Sequence[Vector]) -> list[Vector]:
    """Away from the nearest ventricle, per place; not normalised."""
    centres = torch.tensor(places).reshape(-1, 1, 1, 3)
    steps = torch.cat([torch.eye(3), -torch.eye(3)]).reshape(1, 6, 1, 3) * 3
    distance = look_around(atlas, centres + steps).ventricle_mm[..., 0]  # K 6
    return [tuple(row) for row in (distance[:, :3] - distance[:, 3:]).tolist()]


def local_grid(centre: Vector, reach_mm: float, spacing_mm: float = 4.0) -> Grid:
    """A lattice around a lesion, no larger than the brain."""
    low = [max(c - reach_mm, o) for c, o in zip(centre, BRAIN_GRID.origin, strict=True)]
    top = [o + s * (n - 1) for o, s, n in zip(BRAIN_GRID.origin, BRAIN_GRID.spacing, BRAIN_GRID.shape, strict=True)]
    high = [min(c + reach_mm, t) for c, t in zip(centre, top, strict=True)]
    shape = tuple(max(2, round((h - lo) / spacing_mm) + 1) for lo, h in zip(low, high, strict=True))
    return Grid(tuple(low), (spacing_mm,) * 3, shape)
