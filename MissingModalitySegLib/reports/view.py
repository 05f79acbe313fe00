"""The grid that slices are shown on: along the axes of the reference, square pixels, cut to the head."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
import SimpleITK as sitk  # noqa: N813

from ..engine.geometry import axes_of, direction_of, empty_grid, ras_grid, resample, resample_labels

WIDEST, TALLEST, MOST_SLICES = 208, 256, 160
"""Pixels of a slice, and slices."""

_FINEST_STEP_MM = 0.8
_TALLEST_HEAD_MM = 190.0
"""From the top: the neck below is not of interest."""

_MARGIN_MM = 3.0
_BLOCK = 8
"""Pixels that JPEG takes together: slices in a mosaic must not share such blocks."""


@dataclass(frozen=True)
class View:
    """`grid` runs left → right, back → front, bottom → top; slices are arrays as a viewer shows them, seen from the
    feet."""

    grid: sitk.Image

    @property
    def width(self) -> int:
        return self.grid.GetSize()[0]

    @property
    def height(self) -> int:
        return self.grid.GetSize()[1]

    @property
    def count(self) -> int:
        return self.grid.GetSize()[2]

    def slices_of(self, image: sitk.Image, transform: sitk.Transform | None = None) -> np.ndarray:
        """float32 (slice, row, column), from the feet up, front on top, the patient's right on the left.

        `transform` takes places of the reference to places of `image`.
        """
        return _turned(sitk.GetArrayFromImage(resample(image, self.grid, transform)))

    def slices_of_labels(self, labels: sitk.Image, transform: sitk.Transform | None = None) -> np.ndarray:
        """uint8, as `slices_of`, by the nearest voxel."""
        return _turned(sitk.GetArrayFromImage(resample_labels(labels, self.grid, transform)))

    def place_of(self, point: tuple[float, float, float]) -> tuple[int, float, float]:
        """The slice, and pixels from left and top, of a point in LPS mm; the nearest slice where it lies beyond."""
        x, y, z = self.grid.TransformPhysicalPointToContinuousIndex(point)
        slice_ = min(max(round(z), 0), self.count - 1)
        return slice_, self.width - 1 - x, self.height - 1 - y

    def heights_mm(self) -> tuple[float, ...]:
        """How far above the origin the middle of each slice lies."""
        x, y = (self.width - 1) / 2, (self.height - 1) / 2
        return tuple(
            round(self.grid.TransformContinuousIndexToPhysicalPoint((x, y, float(i)))[2], 1) for i in range(self.count)
        )


def view_of(reference: sitk.Image, labels: sitk.Image | None = None) -> View:
    """The view of a reference volume; nothing of `labels`, on the same grid, is cut off."""
    grid = ras_grid(reference)
    spacing = np.array(grid.GetSpacing())
    low, high = _box(axes_of(reference).to_ras(sitk.GetArrayViewFromImage(reference).transpose(2, 1, 0)), spacing)
    if labels is not None:
        marked = axes_of(labels).to_ras(sitk.GetArrayViewFromImage(labels).transpose(2, 1, 0))
        if marked.any():
            places = [np.flatnonzero(marked.any(axis=others)) for others in ((1, 2), (0, 2), (0, 1))]
            low = np.minimum(low, [one[0] for one in places])
            high = np.maximum(high, [one[-1] for one in places])
    extent = (high - low + 1) * spacing
    pixel = max(spacing[:2].min(), extent[0] / WIDEST, extent[1] / TALLEST)
    across = [_BLOCK * ceil(value / pixel / _BLOCK) for value in extent[:2]]
    slices = int(high[2] - low[2] + 1)
    every = max(1, round(_FINEST_STEP_MM / spacing[2]), ceil(slices / MOST_SLICES))
    middle = (low + high) / 2
    start = [middle[i] - (across[i] - 1) / 2 * pixel / spacing[i] for i in range(2)] + [low[2]]
    origin = grid.TransformContinuousIndexToPhysicalPoint([float(value) for value in start])
    size = (*across, ceil(slices / every))
    return View(empty_grid(size, (pixel, pixel, every * spacing[2]), origin, direction_of(grid)))


def _box(array: np.ndarray, spacing: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first and last indices of the head in a volume along the axes nearest to RAS."""
    sample = array[::2, ::2, ::2] if min(array.shape) > 16 else array
    dark, bright = np.percentile(sample, (1, 99))
    inside = array > dark + 0.12 * (bright - dark)
    last = np.array(array.shape) - 1
    low, high = np.zeros(3, int), last.copy()
    for axis in (2, 0, 1):  # first without the air above, then from the top down
        share = inside.mean(axis=tuple(other for other in range(3) if other != axis))
        there = np.flatnonzero(share > 0.01)
        if len(there):
            low[axis], high[axis] = there[0], there[-1]
        if axis == 2:
            low[2] = max(low[2], high[2] - int(_TALLEST_HEAD_MM / spacing[2]))
            inside = inside[:, :, low[2] : high[2] + 1]
    margin = np.ceil(_MARGIN_MM / spacing).astype(int)
    return np.maximum(low - margin, 0), np.minimum(high + margin, last)


def _turned(array: np.ndarray) -> np.ndarray:
    return array[:, ::-1, ::-1]
