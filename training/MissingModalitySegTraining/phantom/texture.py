"""No tissue is uniform: small fluctuations of brightness within each material.

Two random fields (fine and coarse) stand for local water content. More water is darker on T1 and brighter on T2, FLAIR
and DWI, so the sequences of a case fluctuate together, each material by its own amount.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .draws import log_uniform, seed, uniform
from .fields import random_field, tabulated
from .materials import LESIONS, Material

WATER = (-0.5, -0.4, 1.0, 1.0, 0.6)
"""Relative change of each sequence with local water content."""

TABLE_PER_WAVELENGTH = 8
"""The coarse field is evaluated at so many places along its wavelength, and read linearly in between."""

HEAD = (Material.DURA, Material.BONE, Material.MARROW, Material.FAT, Material.MUSCLE, Material.EYE)


@dataclass(frozen=True)
class TextureParameters:
    """Two fields and how strongly each material follows them."""

    wavelengths_mm: tuple[float, float]
    seeds: tuple[int, int]
    amplitudes: tuple[tuple[float, ...], tuple[float, ...]]
    """Relative standard deviation per field and material."""


def sample_texture(generator: torch.Generator) -> TextureParameters:
    amplitudes = tuple(
        tuple(_sample_amplitude(generator, material, fine) for material in Material) for fine in (True, False)
    )
    return TextureParameters(
        (log_uniform(generator, 3, 8), log_uniform(generator, 12, 40)), (seed(generator), seed(generator)), amplitudes
    )


def texture(points: Tensor, fractions: Tensor, signals: Tensor, parameters: Sequence[TextureParameters]) -> Tensor:
    """What texture adds to the images.

    Args:
        points: (B, X, Y, Z, 3) in mm.
        fractions: (B, M, X, Y, Z) of each material.
        signals: (B, 5, M) of `contrast.signals`.

    Returns:
        (B, 5, X, Y, Z)
    """
    weights = signals[:, None] * texture_weights(parameters, signals.device)  # B 2 5 M
    fine, coarse = torch.einsum("bksm,bmxyz->bksxyz", weights, fractions).unbind(1)
    seeds, wavelengths = zip(*((p.seeds, p.wavelengths_mm) for p in parameters), strict=True)

    def field(k: int, at: Tensor) -> Tensor:
        return random_field(at, [s[k] for s in seeds], [w[k] for w in wavelengths], 1)

    step = min(w[1] for w in wavelengths) / TABLE_PER_WAVELENGTH
    added = coarse.mul_(tabulated(lambda at: field(1, at), points, step))
    return added.addcmul_(fine, field(0, points))


def texture_weights(parameters: Sequence[TextureParameters], device: torch.device | str = "cpu") -> Tensor:
    """Relative change per unit of each field, (B, 2, 5, M)."""
    amplitudes = torch.tensor([p.amplitudes for p in parameters], device=device)
    return amplitudes[:, :, None, :] * amplitudes.new_tensor(WATER)[:, None]


def _sample_amplitude(generator: torch.Generator, material: Material, fine: bool) -> float:
    if material == Material.AIR:
        return 0.0
    if material == Material.CHRONIC_INFARCT:  # fluid has no grain
        return uniform(generator, 0.0, 0.03)
    if material in LESIONS:
        # lesions vary over centimetres; what is loose or dead within a tumour is a mixture of materials, not texture
        return log_uniform(generator, 0.02, 0.12) if fine else log_uniform(generator, 0.03, 0.3)
    if material in HEAD:
        return uniform(generator, 0.03, 0.12)
    return log_uniform(generator, 0.005, 0.05)
