"""Where the brain is in volumes that hold nothing but brain."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

_BACKGROUND_SHARE = 0.15
"""A volume counts as extracted when at least this share of it, and of its border, has one and the same value."""


def background_value(array: np.ndarray) -> float | None:
    """The constant around an extracted brain, or None where there is no constant background.

    It may be any value: z-scored volumes have 0 or the smallest value outside, others -1024 or -3.
    """
    border = np.concatenate([array[[0, -1]].ravel(), array[:, [0, -1]].ravel(), array[:, :, [0, -1]].ravel()])
    values, counts = np.unique(border, return_counts=True)
    value = values[counts.argmax()]
    constant_border = counts.max() >= 0.5 * border.size
    constant_volume = np.count_nonzero(array == value) >= _BACKGROUND_SHARE * array.size
    return float(value) if constant_border and constant_volume else None


def extracted_brain(array: np.ndarray) -> np.ndarray | None:
    """The mask of the brain in a volume from which everything else was removed; None if it was not."""
    value = background_value(array)
    if value is None:
        return None
    return largest_part(array != value)


def largest_part(mask: np.ndarray) -> np.ndarray:
    """The largest connected part of `mask`, with its holes filled slice by slice and in 3D."""
    labels, count = ndimage.label(mask)
    if count == 0:
        return mask.astype(bool)
    sizes = np.bincount(labels.ravel())[1:]
    return ndimage.binary_fill_holes(labels == 1 + int(sizes.argmax()))
