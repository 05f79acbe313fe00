"""Echo-planar images beside air: signal piled up above the ear canals and the sinuses, and missing next to it.

Air disturbs the main field, and an echo-planar readout puts what it disturbs in the wrong place (Jezzard and Balaban,
Magn Reson Med 34:65, 1995): the base of both temporal lobes shows patches many times brighter than brain, as bright as
a fresh infarct, and holes beside them. Most diffusion-weighted images have some of it; where a scanner corrects for it,
they have little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .draws import chance, log_uniform, normal, uniform
from .fields import soft_ellipsoid, tabulated

AIR: tuple[tuple[tuple[float, float, float], tuple[float, float, float]], ...] = (
    ((48, -8, -24), (8, 8, 12)),  # on the right: above the ear canal and the cells of the mastoid
    ((-48, -8, -24), (8, 8, 12)),
    ((8, 42, -20), (10, 8, 7)),  # above the sinuses of the sphenoid and ethmoid bones
    ((-8, 42, -20), (10, 8, 7)),
)
"""Ellipsoids of brain beside air: centre and half-axes in MNI mm."""

UNCORRECTED = 0.7
"""Share of images that show it."""

TABLE_MM = 3.0
"""The patches are evaluated on a lattice of this step."""


@dataclass(frozen=True)
class Patch:
    """What one pocket of air does."""

    centre: tuple[float, float, float]
    half_axes: tuple[float, float, float]
    """MNI mm."""
    gain: float
    """Signal in the middle is 1 + `gain` times what it was."""
    hole_mm: float
    """How far along the phase axis (front to back) the hole lies from there."""
    loss: float
    """Share of the signal that is missing in the middle of the hole."""


def sample_susceptibility(generator: torch.Generator) -> tuple[Patch, ...]:
    """The patches of an image; those of both sides are alike, not the same."""
    if not chance(generator, UNCORRECTED):
        return ()
    gain, size, direction = log_uniform(generator, 0.2, 6), uniform(generator, 0.5, 1.2), chance(generator, 0.5)
    return tuple(
        Patch(
            centre=tuple(along + normal(generator, 4.0) for along in centre),
            half_axes=tuple(along * size * uniform(generator, 0.7, 1.3) for along in half_axes),
            gain=gain * uniform(generator, 0.2, 1.0),
            hole_mm=uniform(generator, 8, 18) * (1 if direction else -1),
            loss=uniform(generator, 0.0, 0.8),
        )
        for centre, half_axes in AIR
    )


def susceptibility(places: Tensor, cases: Sequence[tuple[Patch, ...]]) -> Tensor:
    """Factors on a diffusion-weighted image.

    Args:
        places: (B, X, Y, Z, 3) in the atlas, MNI mm.
        cases: the patches of each.

    Returns:
        (B, X, Y, Z)
    """

    def evaluate(at: Tensor) -> Tensor:
        return torch.stack([_gain(one, patches) for one, patches in zip(at, cases, strict=True)])[:, None]

    return tabulated(evaluate, places, TABLE_MM)[:, 0]


def _gain(places: Tensor, patches: tuple[Patch, ...]) -> Tensor:
    gain = torch.ones_like(places[..., 0])
    for patch in patches:
        x, y, z = patch.centre
        gain = gain * (1 + patch.gain * soft_ellipsoid(places, patch.centre, patch.half_axes))
        gain = gain * (1 - patch.loss * soft_ellipsoid(places, (x, y + patch.hole_mm, z), patch.half_axes))
    return gain
