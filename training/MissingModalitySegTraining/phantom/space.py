"""Where a phantom is sampled.

Axes of every phantom array are (x, y, z) = (left → right, posterior → anterior, inferior → superior), world coordinates
are RAS millimetres. Everything about a case is a function of position, so any grid will do: the whole head at 1 mm, the
brain at 4 mm for its statistics, a crop of 64³ for a training step.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Grid:
    """An axis-aligned lattice: the centre of voxel (i, j, k) lies at `origin + spacing * (i, j, k)`, in mm."""

    origin: tuple[float, float, float]
    spacing: tuple[float, float, float]
    shape: tuple[int, int, int]

    @classmethod
    def centred(cls, centre: tuple[float, float, float], spacing: float, shape: tuple[int, int, int]) -> Grid:
        """The isotropic grid of `shape` around a point."""
        origin = tuple(c - spacing * (n - 1) / 2 for c, n in zip(centre, shape, strict=True))
        return cls(origin, (spacing,) * 3, shape)

    def axes(self, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor, Tensor]:
        """The coordinates along each axis."""
        return tuple(
            o + s * torch.arange(n, device=device, dtype=torch.float32)
            for o, s, n in zip(self.origin, self.spacing, self.shape, strict=True)
        )

    def points(self, device: torch.device | str = "cpu") -> Tensor:
        """World coordinates of all voxel centres, (X, Y, Z, 3)."""
        return torch.stack(torch.meshgrid(*self.axes(device), indexing="ij"), dim=-1)

    @property
    def affine(self) -> list[list[float]]:
        """Voxel indices to RAS millimetres, as NIfTI stores it."""
        rows = [[self.spacing[i] if i == j else 0.0 for j in range(3)] + [self.origin[i]] for i in range(3)]
        return [*rows, [0.0, 0.0, 0.0, 1.0]]
