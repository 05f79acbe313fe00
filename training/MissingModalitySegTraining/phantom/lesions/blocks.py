"""A grid cut into cubes, so that each lesion is evaluated only where it lives.

A case may have 150 plaques of a few millimetres. The pairs (plaque, cube it touches) are few and form one batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

SIDE = 8
"""Voxels along the edge of a cube."""


@dataclass(frozen=True)
class Blocks:
    """Positions of a grid in N cubes of V = SIDE³ voxels; the last cubes are filled up with copies of the border."""

    points: Tensor  # N V 3
    low: Tensor  # N 3
    high: Tensor  # N 3
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, points: Tensor) -> Blocks:
        """Cut positions (X, Y, Z, 3), in mm."""
        cubes = cut(points.movedim(-1, 0))  # 3 N V
        low, high = cubes.aminmax(dim=2)
        return cls(cubes.movedim(0, -1), low.T, high.T, tuple(points.shape[:3]))

    @property
    def genuine(self) -> Tensor:
        """1 for the points of the grid, 0 for the copies that fill up the last cubes, (N, V)."""
        x, y, z = self.shape
        padded = self.points.new_zeros([-(-n // SIDE) * SIDE for n in self.shape])
        padded[:x, :y, :z] = 1
        return cut(padded[None])[0]

    def near(self, centres: Tensor, reaches: Tensor) -> tuple[Tensor, Tensor]:
        """All pairs (ball, cube) that may share a point: indices (P,) of balls and of cubes.

        Args:
            centres: (K, 3) in mm.
            reaches: (K,) radii of the balls in mm.
        """
        centres = centres[:, None]  # K 1 3
        gaps = torch.maximum(self.low - centres, centres - self.high).clamp(min=0)  # K N 3
        balls, cubes = torch.nonzero(gaps.square().sum(-1) < reaches[:, None].square(), as_tuple=True)
        return balls, cubes

    def join(self, values: Tensor) -> Tensor:
        """Values of all cubes (C, N, V) as a volume (C, X, Y, Z)."""
        counts = tuple(-(-n // SIDE) for n in self.shape)
        volume = values.reshape(-1, *counts, SIDE, SIDE, SIDE).permute(0, 1, 4, 2, 5, 3, 6)
        volume = volume.reshape(-1, *(n * SIDE for n in counts))
        x, y, z = self.shape
        return volume[:, :x, :y, :z].contiguous()


@dataclass(frozen=True)
class Part:
    """What one lesion, or group of lesions, adds to a case: values (C, P, V) of the named cubes (P,), each once."""

    values: Tensor
    cubes: Tensor


def largest(values: Tensor, rows: Tensor, count: int) -> Tensor:
    """The largest of the values (C, P, V) ≥ 0 that share a row, (C, count, V); `rows` (P,) says which."""
    result = values.new_zeros((values.shape[0], count, values.shape[2]))
    return result.scatter_reduce(1, rows[None, :, None].expand_as(values), values, "amax")


def cut(volume: Tensor) -> Tensor:
    """(C, X, Y, Z) → (C, N, V)."""
    channels, *shape = volume.shape
    missing = [-n % SIDE for n in shape]
    if any(missing):
        padding = (0, missing[2], 0, missing[1], 0, missing[0])
        volume = F.pad(volume[None].float(), padding, mode="replicate")[0]
    counts = [n // SIDE for n in volume.shape[1:]]
    volume = volume.reshape(channels, counts[0], SIDE, counts[1], SIDE, counts[2], SIDE)
    return volume.permute(0, 1, 3, 5, 2, 4, 6).reshape(channels, -1, SIDE**3)
