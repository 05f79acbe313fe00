"""The lattice of a native volume: slices of any orientation, as DICOM and NIfTI describe them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .acquisition import SequenceAcquisition
from .misalignment import rotation_matrix

DIRECTIONS: dict[str, tuple[tuple[float, float, float], ...]] = {
    "axial": ((-1, 0, 0), (0, -1, 0), (0, 0, 1)),
    "coronal": ((-1, 0, 0), (0, 0, -1), (0, -1, 0)),
    "sagittal": ((0, -1, 0), (0, 0, -1), (1, 0, 0)),
}
"""Where columns, rows and slices run, in RAS: as radiologists look at them, right-handed."""


@dataclass(frozen=True)
class NativeGeometry:
    """Voxel (i, j, k) lies at `origin + direction @ (spacing * (i, j, k))`, RAS mm; slices are stacked along k."""

    origin: tuple[float, float, float]
    spacing: tuple[float, float, float]
    direction: tuple[tuple[float, float, float], ...]
    """Rows of a rotation matrix whose columns are the voxel axes."""
    shape: tuple[int, int, int]
    slice_mm: float
    """Thickness; less than `spacing[2]` where there is a gap."""

    @property
    def affine(self) -> list[list[float]]:
        """Voxel indices to RAS millimetres, as NIfTI stores it."""
        rows = [[*(self.direction[i][j] * self.spacing[j] for j in range(3)), self.origin[i]] for i in range(3)]
        return [*rows, [0.0, 0.0, 0.0, 1.0]]

    def points(
        self, first: int, end: int, offset_mm: tuple[float, float, float], device: torch.device | str = "cpu"
    ) -> Tensor:
        """World positions in slices `first` to `end` (exclusive), displaced along the voxel axes; (X, Y, n, 3)."""
        ranges = (range(self.shape[0]), range(self.shape[1]), range(first, end))
        along = [
            torch.tensor([index * step + offset for index in indices], device=device)
            for indices, step, offset in zip(ranges, self.spacing, offset_mm, strict=True)
        ]
        lattice = torch.stack(torch.meshgrid(*along, indexing="ij"), dim=-1)
        return lattice @ lattice.new_tensor(self.direction).T + lattice.new_tensor(self.origin)

    def samples_in_voxel(self, distance_mm: float) -> list[tuple[float, float, float]]:
        """Offsets (mm, along the voxel axes) whose average stands for the voxel; they average to its centre.

        One per `distance_mm` of thickness. In a plane coarser than that they are staggered, at least four of them, by
        multiples of the plastic number's inverse powers: so many points lie nowhere more evenly.
        """
        count = max(1, math.ceil(self.slice_mm / distance_mm - 0.2))
        coarse = [width > 1.2 * distance_mm for width in self.spacing[:2]]
        if any(coarse):
            count = max(count, 4)
        through = [((i + 0.5) / count - 0.5) * self.slice_mm for i in range(count)]
        in_plane = []
        for is_coarse, step, width in zip(coarse, (0.7548776662, 0.5698402910), self.spacing[:2], strict=True):
            places = [(i * step) % 1.0 if is_coarse else 0.0 for i in range(count)]
            middle = sum(places) / count
            in_plane.append([(place - middle) * width for place in places])
        return list(zip(*in_plane, through, strict=True))


def native_geometry(
    sequence: SequenceAcquisition, low: tuple[float, float, float], high: tuple[float, float, float]
) -> NativeGeometry:
    """The slices that cover the box from `low` to `high` (RAS mm, untilted), tilted about its centre."""
    axes = torch.tensor(DIRECTIONS[sequence.plane], dtype=torch.float64)
    direction = rotation_matrix(sequence.tilt_deg) @ axes.T
    centre = (torch.tensor(low, dtype=torch.float64) + torch.tensor(high, dtype=torch.float64)) / 2
    extent = axes.abs() @ (torch.tensor(high, dtype=torch.float64) - torch.tensor(low, dtype=torch.float64))
    spacing = (sequence.in_plane_mm, sequence.in_plane_mm, sequence.slice_mm + sequence.gap_mm)
    shape = tuple(max(1, math.ceil(length / step)) for length, step in zip(extent.tolist(), spacing, strict=True))
    half = torch.tensor([(n - 1) / 2 * step for n, step in zip(shape, spacing, strict=True)], dtype=torch.float64)
    origin = centre - direction @ half
    return NativeGeometry(
        tuple(origin.tolist()),
        spacing,
        tuple(tuple(row) for row in direction.tolist()),
        shape,
        sequence.slice_mm,
    )
