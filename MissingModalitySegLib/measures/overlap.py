"""Agreement of two masks."""

from __future__ import annotations

import numpy as np


def dice(found: np.ndarray, truth: np.ndarray) -> float:
    """2|A∩B| / (|A|+|B|); 1 when both are empty (rightly nothing), 0 when only one is."""
    found, truth = np.asarray(found, bool), np.asarray(truth, bool)
    total = np.count_nonzero(found) + np.count_nonzero(truth)
    return float(2 * np.count_nonzero(found & truth) / total) if total else 1.0
