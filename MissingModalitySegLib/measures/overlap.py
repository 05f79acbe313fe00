"""Agreement of two masks, voxel by voxel. See the room's docstring for what an empty mask means."""

from __future__ import annotations

import numpy as np


def dice(found: np.ndarray, truth: np.ndarray) -> float:
    """2|A∩B| / (|A|+|B|); 1 when both are empty (rightly nothing), 0 when only one is."""
    found, truth = np.asarray(found, bool), np.asarray(truth, bool)
    total = np.count_nonzero(found) + np.count_nonzero(truth)
    return float(2 * np.count_nonzero(found & truth) / total) if total else 1.0


def positive_predictive_value(found: np.ndarray, truth: np.ndarray) -> float:
    """|A∩B| / |A| for found A: how much of what was found is right; 1 when both are empty, 0 when only one is."""
    return _share(found, truth, of=found)


def sensitivity(found: np.ndarray, truth: np.ndarray) -> float:
    """|A∩B| / |B| for truth B: how much of the truth was found; 1 when both are empty, 0 when only one is."""
    return _share(found, truth, of=truth)


def _share(found: np.ndarray, truth: np.ndarray, of: np.ndarray) -> float:
    found, truth = np.asarray(found, bool), np.asarray(truth, bool)
    total = np.count_nonzero(of)
    if not total:
        return float(not found.any() and not truth.any())
    return float(np.count_nonzero(found & truth) / total)
