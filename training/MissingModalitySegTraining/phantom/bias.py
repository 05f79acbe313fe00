"""The coil's sensitivity: a smooth factor over the head.

The logarithm of the field is a polynomial of order three in position (products of Legendre polynomials), so a crop sees
its part of the same field as the whole head, and on a grid the sum separates into its axes. The origin of a subject's
world lies near the centre of the brain.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import torch
from torch import Tensor

from .draws import normal

RADIUS_MM = 100.0
"""Where the polynomials reach the end of their interval; beyond 1.2 times this the field stays as it is there."""

ORDER = 3

TERMS: tuple[tuple[int, int, int], ...] = tuple(
    powers for powers in product(range(ORDER + 1), repeat=3) if sum(powers) <= ORDER
)
"""Degrees along x, y, z of each coefficient; the first is the constant."""


def sample_bias(
    generator: torch.Generator, deviation: float, shared: Sequence[float] | None = None
) -> tuple[float, ...]:
    """Coefficients of a log field of about `deviation` (standard deviation over the head) and mean field 1.

    With `shared`, coefficients of another sequence through the same coil, theirs are the greater part.
    """
    rough = [normal(generator, deviation / sum(powers)) if sum(powers) else 0.0 for powers in TERMS]
    if shared is not None:
        rough = [0.8 * common + 0.4 * own for common, own in zip(shared, rough, strict=True)]
        rough[0] = 0.0
    axis = torch.linspace(-0.85, 0.85, 9) * RADIUS_MM
    offsets = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), dim=-1).reshape(-1, 3)
    head = offsets[offsets.norm(dim=1) <= 0.85 * RADIUS_MM]
    mean = bias_at(head, rough).mean()
    return (-float(mean.log()), *rough[1:])


def bias_at(points: Tensor, coefficients: Sequence[float]) -> Tensor:
    """The field at `points` (…, 3) in mm; returns (…)."""
    along = [_legendre(coordinate) for coordinate in points.unbind(dim=-1)]
    field = torch.tensordot(along[0], _cube(coefficients, points), dims=1)  # … j k
    field = torch.einsum("...jk,...j->...k", field, along[1])
    return (field * along[2]).sum(dim=-1).exp()


def bias_on(axes: Sequence[Tensor], coefficients: Sequence[float]) -> Tensor:
    """The field on the lattice spanned by three axes in mm; the same as `bias_at` of its points, cheaper."""
    along = [_legendre(positions) for positions in axes]
    field = _cube(coefficients, axes[0])
    for degrees in along:  # contracts the first axis and appends its positions: ijk → jkx → kxy → xyz
        field = torch.tensordot(field, degrees, dims=([0], [1]))
    return field.exp()


def _cube(coefficients: Sequence[float], like: Tensor) -> Tensor:
    cube = torch.zeros((ORDER + 1,) * 3)
    for powers, value in zip(TERMS, coefficients, strict=True):
        cube[powers] = value
    return cube.to(like.device)


def _legendre(positions: Tensor) -> Tensor:
    """P0 … P3 of one coordinate, (…, 4)."""
    u = (positions / RADIUS_MM).clamp(-1.2, 1.2)
    return torch.stack([torch.ones_like(u), u, 1.5 * u**2 - 0.5, 2.5 * u**3 - 1.5 * u], dim=-1)
