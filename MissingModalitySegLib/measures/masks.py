"""Two masks, made comparable and cut to where they hold anything."""

from __future__ import annotations

import numpy as np


def cut_to_union(found: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both masks as bool arrays, cut to the smallest box that holds all of either; empty arrays if both are empty.

    Lesions fill little of a volume: what is measured in the box takes a small part of the time. Raises `ValueError`
    for masks of different shapes.
    """
    found, truth = np.asarray(found, bool), np.asarray(truth, bool)
    if found.shape != truth.shape:
        raise ValueError(f"masks of the shapes {found.shape} and {truth.shape} cannot be compared")
    either = found | truth
    box = []
    for axis in range(either.ndim):
        others = tuple(other for other in range(either.ndim) if other != axis)
        hit = np.flatnonzero(either.any(axis=others))
        box.append(slice(hit[0], hit[-1] + 1) if len(hit) else slice(0, 0))
    return found[tuple(box)], truth[tuple(box)]
