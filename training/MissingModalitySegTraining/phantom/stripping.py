"""Errors of brain extraction: a border too wide or too tight, uneven, with pieces of head kept or brain lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .draws import chance, choose, normal, seed, uniform
from .fields import random_field, tabulated


@dataclass(frozen=True)
class Patch:
    """A place on the surface of the brain, seen from the origin, where the border is moved."""

    direction: tuple[float, float, float]
    """Unit vector."""
    angle_deg: float
    """Half width."""
    depth_mm: float
    """Positive keeps head, negative loses brain."""


@dataclass(frozen=True)
class Stripping:
    """How far the border of a brain mask is from the true one, mm; positive is outside."""

    offset_mm: float
    roughness_mm: float
    roughness_wavelength_mm: float
    roughness_seed: int
    patches: tuple[Patch, ...]


FAITHFUL = Stripping(0.0, 0.0, 25.0, 0, ())
"""No error."""

REACH_MM = 8.0
"""Distances beyond this are not told apart: no border moves further."""

TABLE_PER_WAVELENGTH = 6
"""The unevenness of a border is evaluated at so many places along its wavelength, and read linearly in between."""


def sample_stripping(generator: torch.Generator) -> Stripping:
    """A quarter of the masks are good; others lie off by up to 3.5 mm, mostly inside, some with patches or ragged."""
    if chance(generator, 0.25):
        return FAITHFUL
    count = choose(generator, {0: 0.55, 1: 0.2, 2: 0.15, 3: 0.1})
    patches = []
    for _ in range(count):
        direction = torch.nn.functional.normalize(torch.tensor([normal(generator, 1.0) for _ in range(3)]), dim=0)
        depth = uniform(generator, 2, REACH_MM) * choose(generator, {1: 0.6, -1: 0.4})
        patches.append(Patch(tuple(direction.tolist()), uniform(generator, 8, 25), depth))
    if chance(generator, 0.25):  # a mask by thresholds follows every sulcus and vessel
        rough, wavelength = uniform(generator, 1.0, 3.0), uniform(generator, 6, 12)
    else:
        rough, wavelength = uniform(generator, 0, 1.5), uniform(generator, 12, 30)
    return Stripping(uniform(generator, -3.5, 1.0), rough, wavelength, seed(generator), tuple(patches))


def strip(distance_mm: Tensor, points: Tensor, cases: Sequence[Stripping]) -> Tensor:
    """The mask that an imperfect extraction leaves.

    Args:
        distance_mm: (B, X, Y, Z) signed distance to the brain's border, negative inside.
        points: (B, X, Y, Z, 3) in mm.

    Returns:
        (B, X, Y, Z) bool
    """
    border = torch.stack([_border(points[b], case) for b, case in enumerate(cases)])
    return distance_mm <= border.clamp(-REACH_MM, REACH_MM)


def _border(points: Tensor, case: Stripping) -> Tensor:
    border = torch.full(points.shape[:-1], case.offset_mm, device=points.device)
    if case.patches:
        outward = torch.nn.functional.normalize(points, dim=-1)
        for patch in case.patches:
            cosine = (outward @ points.new_tensor(patch.direction)).clamp(-1, 1)
            border = border + patch.depth_mm * torch.exp(-0.5 * (cosine.acos().rad2deg() / patch.angle_deg) ** 2)
    if case.roughness_mm > 0:
        wavelength = case.roughness_wavelength_mm

        def uneven(at: Tensor) -> Tensor:
            return random_field(at, [case.roughness_seed], wavelength, 1)

        border = border + case.roughness_mm * tabulated(uneven, points[None], wavelength / TABLE_PER_WAVELENGTH)[0, 0]
    return border
