"""Healthy grey matter is not equally bright everywhere, and the two halves of a brain agree on where.

On FLAIR and T2 the cortex of the limbic lobe (insula, cingulate gyrus, hippocampus, amygdala, the region below the
corpus callosum) is brighter than other cortex in everybody (Hirai et al., Radiology 215:470, 2000). A network that has
never seen it calls it a lesion. On top of that comes a smooth random field that is the same on both sides: what is
symmetric is rarely a lesion.

The ranges reach somewhat beyond what scans show (the figure “grey matter uneven” of `phantom.realism`); wider ones made
cortex brighter than any of them had.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .draws import log_uniform, normal, seed, uniform
from .fields import Ellipsoid, on_both_sides, scalar_field, tabulated
from .materials import Material
from .texture import WATER

LIMBIC: tuple[Ellipsoid, ...] = (
    ((38, 4, 0), (9, 22, 14), 1.0),  # insula
    ((6, 36, 12), (8, 14, 16), 0.8),  # cingulate gyrus: in front
    ((6, 8, 38), (8, 24, 10), 0.7),  # … above the corpus callosum
    ((6, -46, 24), (8, 14, 14), 0.5),  # … behind it
    ((26, -20, -16), (9, 20, 9), 0.9),  # hippocampus
    ((22, -3, -19), (9, 9, 9), 1.0),  # amygdala
    ((6, 14, -10), (12, 12, 9), 0.9),  # below the knee of the corpus callosum
    ((30, 10, -30), (14, 12, 10), 0.5),  # pole of the temporal lobe
    ((10, -20, 6), (10, 14, 9), 0.5),  # thalamus
    ((4, -2, -10), (8, 10, 8), 0.8),  # hypothalamus
    ((3, -6, 14), (4, 16, 8), 0.6),  # septum and fornix
    ((4, -32, -8), (8, 9, 9), 0.6),  # around the aqueduct
    ((4, -58, -18), (8, 14, 14), 0.4),  # vermis
)
"""Ellipsoids with soft borders on the right side of the head: centre and half-axes in MNI mm, strength. The left side
has the same."""

LIMBIC_WATER = (-0.2, -0.2, 0.8, 1.0, 0.6)
"""How much of the strength each sequence shows."""

LIMBIC_PARTS = {
    Material.GREY_MATTER: 1.0,
    Material.DEEP_GREY_MATTER: 0.3,
    Material.WHITE_MATTER: 0.2,
    Material.BRAIN_STEM: 0.4,
}
"""What takes part, and how much: the nuclei beside the insula hardly do, the thin white layers between it and them look
like their neighbours."""

TABLE_MM = 4.0
"""Regions are smooth; they are evaluated on a lattice of this step."""


@dataclass(frozen=True)
class RegionalParameters:
    """How bright healthy matter is from place to place."""

    limbic: tuple[float, float, float, float, float]
    """By what share the limbic cortex is brighter in each sequence."""
    wavelength_mm: float
    seed: int
    amplitudes: tuple[float, ...]
    """Relative standard deviation of the symmetric field per material."""


def sample_regional(generator: torch.Generator) -> RegionalParameters:
    strength = uniform(generator, 0.02, 0.25)
    return RegionalParameters(
        limbic=tuple(strength * water * (1 + normal(generator, 0.3)) for water in LIMBIC_WATER),
        wavelength_mm=uniform(generator, 16, 70),
        seed=seed(generator),
        amplitudes=tuple(_sample_amplitude(generator, material) for material in Material),
    )


def regional(places: Tensor, fractions: Tensor, signals: Tensor, cases: Sequence[RegionalParameters]) -> Tensor:
    """What differences between regions add to the images.

    Args:
        places: (B, X, Y, Z, 3) in the atlas, MNI mm.
        fractions: (B, M, X, Y, Z) of each material.
        signals: (B, 5, M) of `contrast.signals`.

    Returns:
        (B, 5, X, Y, Z)
    """

    def evaluate(at: Tensor) -> Tensor:
        one_side = torch.cat([at[..., :1].abs(), at[..., 1:]], dim=-1)
        field = scalar_field(one_side, [case.seed for case in cases], [case.wavelength_mm for case in cases])
        return torch.stack([limbic_share(one_side), field], dim=1)

    share, field = tabulated(evaluate, places, TABLE_MM).unbind(1)
    grey = list(LIMBIC_PARTS)
    limbic = signals.new_tensor([case.limbic for case in cases])[:, :, None] * signals.new_tensor(
        list(LIMBIC_PARTS.values())
    )
    added = torch.einsum("bsm,bmxyz->bsxyz", signals[:, :, grey] * limbic, fractions[:, grey]) * share[:, None]
    amplitudes = signals.new_tensor([case.amplitudes for case in cases])[:, None] * signals.new_tensor(WATER)[:, None]
    return added.addcmul_(torch.einsum("bsm,bmxyz->bsxyz", signals * amplitudes, fractions), field[:, None])


def limbic_share(places: Tensor) -> Tensor:
    """How much of the limbic brightness a place (…, 3) of the atlas has, from 0 to 1."""
    return on_both_sides(places, LIMBIC)


def _sample_amplitude(generator: torch.Generator, material: Material) -> float:
    if material in (Material.GREY_MATTER, Material.DEEP_GREY_MATTER):
        return log_uniform(generator, 0.02, 0.1)
    if material in (Material.WHITE_MATTER, Material.BRAIN_STEM):
        return log_uniform(generator, 0.005, 0.06)
    return 0.0
