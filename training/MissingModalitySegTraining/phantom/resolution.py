"""What limited resolution does along one axis, as matrices.

An acquisition is a matrix A from the samples of a grid to coarser voxels (each row a point-spread function), coming
back to the grid a matrix R (linear interpolation). Both act axis by axis, so a volume is multiplied three times. Rows
sum to one: a constant stays what it was.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def lattice(positions: Tensor, spacing_mm: float, phase: float) -> Tensor:
    """Centres of the coarse voxels that lie within the extent of `positions` (n,), at (integer + phase) spacings.

    They are fixed in the world, so that neighbouring crops share their slices.
    """
    step = float(positions[1] - positions[0])
    low, high = float(positions[0]) - step / 2, float(positions[-1]) + step / 2
    first, last = math.ceil(low / spacing_mm - phase), math.floor(high / spacing_mm - phase)
    if last < first:  # thicker than the grid: the slice nearest to its middle
        first = last = round((low + high) / 2 / spacing_mm - phase)
    return (torch.arange(first, last + 1, device=positions.device) + phase) * spacing_mm


def box_average(positions: Tensor, centres: Tensor, width_mm: float) -> Tensor:
    """A slice of `width_mm` with sharp borders: each sample weighs as much as its voxel overlaps with it; (m, n)."""
    step = float(positions[1] - positions[0])
    upper = torch.minimum(centres[:, None] + width_mm / 2, positions + step / 2)
    lower = torch.maximum(centres[:, None] - width_mm / 2, positions - step / 2)
    return _rows_to_one((upper - lower).clamp(min=0), positions, centres)


def in_plane_average(positions: Tensor, centres: Tensor, width_mm: float, ringing: float) -> Tensor:
    """A filtered (Gaussian, FWHM = voxel) and an unfiltered (sinc: Gibbs ringing) point spread, mixed; (m, n).

    `ringing` is the share of the unfiltered one. Its lobes are tapered to end at six voxels.
    """
    offset = (positions - centres[:, None]) / width_mm
    weights = torch.exp(-4 * math.log(2) * offset**2)
    weights = weights / weights.sum(dim=1, keepdim=True)
    if ringing > 0:
        taper = torch.cos(offset.abs().clamp(max=6) * (math.pi / 12)) ** 2
        sinc = torch.sinc(offset) * taper
        weights = (1 - ringing) * weights + ringing * sinc / sinc.sum(dim=1, keepdim=True)
    return _rows_to_one(weights, positions, centres)


def linear_interpolation(centres: Tensor, positions: Tensor) -> Tensor:
    """From values at evenly spaced `centres` (m,) to `positions` (n,), constant beyond the ends; (n, m)."""
    count = len(centres)
    if count == 1:
        return torch.ones((len(positions), 1), device=positions.device)
    index = ((positions - centres[0]) / (centres[1] - centres[0])).clamp(0, count - 1)
    return (1 - (index[:, None] - torch.arange(count, device=positions.device)).abs()).clamp(min=0)


def along_axes(volume: Tensor, matrices: tuple[Tensor | None, Tensor | None, Tensor | None]) -> Tensor:
    """Multiply each axis of `volume` (X, Y, Z) by its matrix; None leaves an axis as it is."""
    x, y, z = matrices
    if z is not None:
        volume = volume @ z.mT
    if y is not None:
        volume = y @ volume
    if x is not None:
        volume = (x @ volume.flatten(1)).unflatten(1, volume.shape[1:])
    return volume


def _rows_to_one(weights: Tensor, positions: Tensor, centres: Tensor) -> Tensor:
    total = weights.sum(dim=1, keepdim=True)
    nearest = torch.zeros_like(weights)
    nearest.scatter_(1, (positions - centres[:, None]).abs().argmin(dim=1, keepdim=True), 1.0)
    return torch.where(total.abs() > 1e-6, weights / total, nearest)
