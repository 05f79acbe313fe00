"""Acquire images as drawn by `acquisition`: on the grid of a training crop, or natively, as a scanner stores them.

Both run the same chain: average over voxels, coil, motion and ghosts, spike, noise, then the
scanner's filter, gamma and scaling. A crop is
averaged by matrices along its axes and brought back to its grid, as a registered study is. A native volume samples the
phantom inside each voxel, tilted and moved as it is, and stays on its own lattice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .acquisition import AcquisitionParameters, SequenceAcquisition
from .artefacts import add_ghosts, add_spike, move_during, rician, sharpened
from .bias import bias_at, bias_on
from .geometry import NativeGeometry
from .misalignment import move
from .resolution import along_axes, box_average, in_plane_average, lattice, linear_interpolation
from .space import Grid

Render = Callable[[Tensor], Tensor]
"""World points (X, Y, Z, 3) in mm → ideal brightness (X, Y, Z) of one sequence."""

SLAB_POINTS = 1_000_000
"""How many points a native acquisition renders at once; bounds its memory."""


def acquire(
    images: Tensor, grids: Sequence[Grid], cases: Sequence[AcquisitionParameters], shifts_mm: Tensor | None = None
) -> Tensor:
    """Acquire ideal images on their own grids.

    Voxels finer than the grid's are left as they are.

    Args:
        images: (B, 5, X, Y, Z), white and grey matter averaging 1.
        grids: where each case is sampled.
        shifts_mm: (B, 5, 3), where the anatomy of each sequence is read relative to the grid; for crops it stands for
            the misalignment that `misalignment.move` gives in full (`shifts_at_centre`).

    Returns:
        (B, 5, X, Y, Z)
    """
    result = torch.empty_like(images)
    for b, (grid, case) in enumerate(zip(grids, cases, strict=True)):
        for channel, sequence in enumerate(case.sequences):
            shift = (0.0, 0.0, 0.0) if shifts_mm is None else tuple(shifts_mm[b, channel].tolist())
            result[b, channel] = _acquire_on_grid(images[b, channel], grid, sequence, shift)
    return result


def shifts_at_centre(grids: Sequence[Grid], cases: Sequence[AcquisitionParameters]) -> Tensor:
    """How far each sequence is displaced at the centre of its grid, (B, 5, 3) mm."""
    shifts = torch.empty(len(cases), 5, 3)
    for b, (grid, case) in enumerate(zip(grids, cases, strict=True)):
        centre = torch.tensor(
            [o + s * (n - 1) / 2 for o, s, n in zip(grid.origin, grid.spacing, grid.shape, strict=True)]
        )
        for channel, sequence in enumerate(case.sequences):
            shifts[b, channel] = move(centre, sequence.misalignment) - centre
    return shifts


def acquire_native(
    render: Render, geometry: NativeGeometry, sequence: SequenceAcquisition, device: torch.device | str = "cpu"
) -> Tensor:
    """The volume (X, Y, Z) that the scanner stores, voxel axes as in `geometry`.

    Each voxel is the average of one sample per mm of its slice's thickness, staggered in a coarse plane.
    """
    offsets = geometry.samples_in_voxel(1.0)
    columns, rows, count = geometry.shape
    thickness = max(1, SLAB_POINTS // (columns * rows))
    slabs = []
    for first in range(0, count, thickness):
        slab: Tensor | float = 0.0
        for offset in offsets:
            points = geometry.points(first, min(first + thickness, count), offset, device)
            slab = slab + render(move(points, sequence.misalignment)) / len(offsets)
        centres = geometry.points(first, min(first + thickness, count), (0.0, 0.0, 0.0), device)
        slabs.append(slab * bias_at(centres, sequence.bias))
    image = torch.cat(slabs, dim=2)
    points = geometry.points(0, count, (0.0, 0.0, 0.0), device) if sequence.spike else None
    image = _with_artefacts(image, geometry.spacing, 1, 2, sequence, points)
    return _stored(image, sequence)


def _acquire_on_grid(
    image: Tensor, grid: Grid, sequence: SequenceAcquisition, shift_mm: tuple[float, float, float]
) -> Tensor:
    axes = grid.axes(image.device)
    centres, averages, returns = [], [], []
    for axis, positions in enumerate(axes):
        voxels, average = _voxels(positions, sequence, axis)
        centres.append(voxels)
        averages.append(average)
        moved = abs(shift_mm[axis]) > 0.02 * grid.spacing[axis]
        kept = average is None and not moved
        returns.append(None if kept else linear_interpolation(voxels, positions + shift_mm[axis]))
    image = along_axes(image, tuple(averages)) * bias_on(centres, sequence.bias)
    points = torch.stack(torch.meshgrid(*centres, indexing="ij"), dim=-1) if sequence.spike else None
    spacing = tuple(max(grid.spacing[i], sequence.spacing_mm[i]) for i in range(3))
    # lines are read out along x in axial and coronal slices, along y in sagittal ones; phase runs across
    phase_axis = {0: 2, 1: 0, 2: 1}[sequence.through_plane]
    image = _with_artefacts(image, spacing, phase_axis, sequence.through_plane, sequence, points)
    return _stored(along_axes(image, tuple(returns)), sequence)


def _voxels(positions: Tensor, sequence: SequenceAcquisition, axis: int) -> tuple[Tensor, Tensor | None]:
    """Centres of the acquired voxels along an axis and the matrix that averages over them."""
    step = float(positions[1] - positions[0])
    spacing, width = sequence.spacing_mm[axis], sequence.width_mm[axis]
    if spacing < 1.05 * step:
        return positions, None
    centres = lattice(positions, spacing, sequence.phase[axis])
    if axis == sequence.through_plane and sequence.is_sliced:
        return centres, box_average(positions, centres, width)
    return centres, in_plane_average(positions, centres, width, sequence.ringing)


def _with_artefacts(
    image: Tensor,
    spacing_mm: tuple[float, float, float],
    phase_axis: int,
    slice_axis: int,
    sequence: SequenceAcquisition,
    points: Tensor | None,
) -> Tensor:
    if sequence.motion is not None:
        image = move_during(image, sequence.motion, spacing_mm, phase_axis)
    if sequence.ghosts is not None:
        image = add_ghosts(image, sequence.ghosts, phase_axis)
    if sequence.spike is not None:
        image = add_spike(image, sequence.spike, points)
    image = rician(image, 1 / sequence.signal_to_noise, sequence.noise_seed)
    if sequence.sharpening > 0:
        axes = [axis for axis in range(3) if axis != slice_axis or not sequence.is_sliced]
        image = sharpened(image, sequence.sharpening, axes)
    return image


def _stored(image: Tensor, sequence: SequenceAcquisition) -> Tensor:
    if sequence.gamma != 1.0:
        image = image.clamp(min=0).pow(sequence.gamma)
    return (image + sequence.offset) * sequence.scale
