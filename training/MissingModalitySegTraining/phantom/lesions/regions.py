"""What the product calls lesion, core and enhancing, read off the fractions of lesion materials."""

from __future__ import annotations

import torch
from torch import Tensor

from ..materials import ENHANCING, LESIONS, Material

CORE: tuple[Material, ...] = (
    Material.NON_ENHANCING_TUMOUR,
    Material.ENHANCING_TUMOUR,
    Material.NECROSIS,
    Material.ENHANCING_PLAQUE,
)
"""Solid tumour with its necrosis, and everything that enhances, because `enhancing` lies within `core`."""

CORE_LABEL, LESION_LABEL, ENHANCING_LABEL = 1, 2, 3


def regions(fractions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(lesion, core, enhancing), booleans (…, X, Y, Z), each within the one before.

    A voxel is lesion if lesion materials fill half of it, core if the core's materials are half of those, enhancing if
    what enhances is half of the core's.

    Args:
        fractions: (…, len(LESIONS), X, Y, Z)
    """
    total = fractions.sum(-4)
    core_share = _sum(fractions, CORE)
    lesion = total >= 0.5
    core = lesion & (core_share >= 0.5 * total)
    return lesion, core, core & (_sum(fractions, ENHANCING) >= 0.5 * core_share)


def label_map(fractions: Tensor) -> Tensor:
    """1 = core that does not enhance, 2 = lesion outside the core, 3 = enhancing; uint8 (…, X, Y, Z)."""
    lesion, core, enhancing = regions(fractions)
    labels = torch.zeros_like(lesion, dtype=torch.uint8)
    labels[lesion] = LESION_LABEL
    labels[core] = CORE_LABEL
    labels[enhancing] = ENHANCING_LABEL
    return labels


def _sum(fractions: Tensor, materials: tuple[Material, ...]) -> Tensor:
    return fractions.index_select(-4, torch.tensor([LESIONS.index(m) for m in materials], device=fractions.device)).sum(
        -4
    )
