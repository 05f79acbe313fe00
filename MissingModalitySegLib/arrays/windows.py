"""Overlapping windows over a volume, and how much each voxel of a window counts where windows are joined."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor

from .boxes import Box

SIGMA = 0.125
"""Width of the Gaussian, as a part of the window's edge."""

SMALLEST_WEIGHT = 1e-3
"""The corners count a little, so that a voxel that lies in one corner only still has an answer."""


def windows(shape: Sequence[int], size: Sequence[int], overlap: float) -> list[Box]:
    """Boxes of `size` that cover a volume of `shape`, neighbours sharing the part `overlap` of their edge or more.

    The last window along an axis is moved inwards to end with the volume. Along an axis where the volume is shorter
    than the window, the only window reaches beyond it on both sides. The arrangement is that of MONAI's
    `sliding_window_inference`.
    """
    starts = [_starts(length, edge, overlap) for length, edge in zip(shape, size, strict=True)]
    return [
        Box(start, tuple(first + edge for first, edge in zip(start, size, strict=True)))
        for start in itertools.product(*starts)
    ]


def gaussian_weights(size: Sequence[int]) -> Tensor:
    """Weights of `size`, 1 at the centre, falling like a Gaussian to `SMALLEST_WEIGHT` or more."""
    weights = torch.ones(())
    for edge in size:
        distance = torch.arange(edge, dtype=torch.float32) - (edge - 1) / 2
        weights = weights.unsqueeze(-1) * torch.exp(-0.5 * (distance / (SIGMA * edge)) ** 2)
    return weights.clamp(min=max(float(weights.min()), SMALLEST_WEIGHT))


def _starts(length: int, edge: int, overlap: float) -> list[int]:
    if length <= edge:
        return [-((edge - length) // 2)]
    step = max(int(edge * (1 - overlap)), 1)
    starts = list(range(0, length - edge, step))
    return [*starts, length - edge]
