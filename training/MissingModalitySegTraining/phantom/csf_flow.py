"""Fluid that moves is not as bright as fluid that rests: dark clouds on T2, bright ones on FLAIR.

The fluid is driven by the heartbeat through the narrow places between the ventricles and around the brain stem. On T2
it has left its slice before the echo and leaves a void; on FLAIR it comes into the slice after the inversion and is not
nulled (Lisanti et al., AJR 188:716, 2007; Bakshi et al., AJNR 21:503, 2000). Both look like lesions beside fluid, and
are none. Three-dimensional sequences hardly have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .draws import chance, log_uniform, seed, uniform
from .fields import Ellipsoid, on_both_sides, scalar_field, tabulated
from .materials import Material
from .sequences import FLAIR, T2

NARROWS: tuple[Ellipsoid, ...] = (
    ((5, 4, 12), (7, 10, 8), 1.0),  # foramen of Monro, and the frontal horn before it
    ((0, -14, 2), (4, 14, 11), 0.9),  # third ventricle
    ((0, -32, -10), (4, 6, 10), 1.0),  # aqueduct
    ((0, -46, -32), (9, 9, 14), 0.9),  # fourth ventricle
    ((0, -2, -20), (13, 10, 9), 1.0),  # in front of and between the cerebral peduncles
    ((0, -14, -38), (14, 8, 20), 1.0),  # in front of the pons
    ((14, -28, -12), (10, 14, 9), 0.7),  # around the midbrain
    ((0, -44, 4), (10, 10, 9), 0.5),  # behind the pineal gland
    ((0, -62, -50), (16, 12, 12), 0.6),  # cisterna magna
    ((38, 0, -8), (14, 12, 8), 0.4),  # lateral fissure
)
"""Ellipsoids with soft borders on the right side of the head: centre and half-axes in MNI mm, strength. The left side
has the same."""

UNCOMPENSATED = {T2: 0.6, FLAIR: 0.4}
"""Shares of these sequences that show it."""

TABLE_MM = 4.0
"""Where fluid moves is evaluated on a lattice of this step."""


@dataclass(frozen=True)
class FlowParameters:
    """What moving fluid does to the images of a case."""

    loss: float
    """Share of the signal on T2 that is missing where it moves fastest."""
    inflow: float
    """What FLAIR shows there, white and grey matter average 1."""
    wavelength_mm: float
    seed: int


RESTING = FlowParameters(0.0, 0.0, 20.0, 0)
"""Fluid that does not move."""


def sample_flow(generator: torch.Generator) -> FlowParameters:
    shown = {channel: chance(generator, share) for channel, share in UNCOMPENSATED.items()}
    return FlowParameters(
        loss=uniform(generator, 0.1, 0.9) if shown[T2] else 0.0,
        inflow=log_uniform(generator, 0.1, 1.2) if shown[FLAIR] else 0.0,
        wavelength_mm=uniform(generator, 10, 30),
        seed=seed(generator),
    )


def with_flow(
    images: Tensor, places: Tensor, fractions: Tensor, signals: Tensor, cases: Sequence[FlowParameters]
) -> None:
    """Change `T2` and `FLAIR` of images (B, 5, X, Y, Z) in place.

    Args:
        images: what is shown if all fluid rests.
        places: (B, X, Y, Z, 3) in the atlas, MNI mm.
        fractions: (B, M, X, Y, Z) of each material.
        signals: (B, 5, M) of `contrast.signals`.
        cases: one per element of the batch.
    """
    if not any(case.loss or case.inflow for case in cases):
        return

    def evaluate(at: Tensor) -> Tensor:
        # as fast as the place allows, here more and there less
        field = scalar_field(at, [case.seed for case in cases], [case.wavelength_mm for case in cases])
        return (narrowness(at) * (0.5 + 0.5 * field).clamp(0, 1))[:, None]

    speed = tabulated(evaluate, places, TABLE_MM)[:, 0] * fractions[:, Material.CSF]
    per_case = (len(cases), 1, 1, 1)
    lost = signals[:, T2, Material.CSF] * signals.new_tensor([case.loss for case in cases])
    images[:, T2] -= speed * lost.reshape(per_case)
    images[:, FLAIR] += speed * signals.new_tensor([case.inflow for case in cases]).reshape(per_case)


def narrowness(places: Tensor) -> Tensor:
    """How fast fluid may move at a place (…, 3) of the atlas, from 0 to 1."""
    return on_both_sides(places, NARROWS)
