"""Volumes of masks, and how well those found follow the true ones over many subjects."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

FEWEST_FOR_CORRELATION = 3
"""Two points lie on a line, whatever was measured."""


def millilitres(mask: np.ndarray, spacing: Sequence[float]) -> float:
    """The volume of a mask in ml; `spacing` is the voxel size in mm."""
    return np.count_nonzero(mask) * math.prod(spacing) / 1000


def volume_correlation(found: Sequence[float], true: Sequence[float]) -> float | None:
    """Pearson's correlation of found and true volumes, one pair per subject.

    None where it says nothing or does not exist: fewer than three subjects, or volumes that are all the same.
    """
    x, y = np.asarray(found, float), np.asarray(true, float)
    if x.shape != y.shape:
        raise ValueError(f"{len(x)} found and {len(y)} true volumes are no pairs")
    if len(x) < FEWEST_FOR_CORRELATION or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    x, y = x - x.mean(), y - y.mean()
    x, y = x / np.linalg.norm(x), y / np.linalg.norm(y)
    return float(np.clip(x @ y, -1, 1))
