"""A crop that is shown again is not shown alike: brightness and contrast of each channel change mildly with each use.

Channels are normalised by then, so the change is one of normalised brightness x: s·x + c·x·|x| / (1 + |x|), s > 2|c|.
It rises everywhere, keeps 0 (which is the brain's mean, and what lies around it) and bends contrasts as a gamma does.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .draws import log_uniform, uniform

CHANNELS = 5
WIDEST, STRONGEST_BEND = 1.15, 0.15
"""Range of s, from its inverse, and of c, both ways."""


@dataclass(frozen=True)
class Tint:
    """s and c of each channel."""

    scale: tuple[float, ...]
    bend: tuple[float, ...]


def sample_tint(generator: torch.Generator) -> Tint:
    return Tint(
        tuple(log_uniform(generator, 1 / WIDEST, WIDEST) for _ in range(CHANNELS)),
        tuple(uniform(generator, -STRONGEST_BEND, STRONGEST_BEND) for _ in range(CHANNELS)),
    )


def tinted(image: Tensor, tint: Tint) -> Tensor:
    """The normalised image (B, 5, X, Y, Z), seen with another contrast; float32."""
    shape = (CHANNELS, 1, 1, 1)
    scale, bend = (torch.tensor(v, device=image.device).reshape(shape) for v in (tint.scale, tint.bend))
    size = image.abs()
    share = size.add(1).reciprocal_().mul_(size).mul_(bend)  # c·|x| / (1 + |x|)
    return share.add_(scale).mul_(image)
