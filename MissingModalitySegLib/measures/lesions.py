"""Lesions counted one by one: which true ones were found, and which found ones are none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import generate_binary_structure, label

from .masks import cut_to_union

_EIGHTEEN_NEIGHBOURS = generate_binary_structure(3, 2)
"""Voxels that share a face or an edge belong to one lesion; those that touch at a corner only do not."""


@dataclass(frozen=True)
class LesionMatch:
    """How many lesions there are, were found, were hit and are false.

    A lesion is an 18-connected component. A true lesion is hit when any found voxel lies in it, a found lesion is false
    when no true voxel lies in it; one found lesion may hit several true ones, and the other way round.
    """

    true: int
    found: int
    hit: int
    false: int

    @property
    def true_positive_rate(self) -> float:
        """LTPR: the share of true lesions that were hit; 1 when there are none of either, 0 of found ones only."""
        return self.hit / self.true if self.true else float(self.found == 0)

    @property
    def false_positive_rate(self) -> float:
        """LFPR: the share of found lesions that are false; 0 when there are none of either.

        1 when there are true ones but nothing was found. (0 would give an empty answer the points for precision.)
        """
        return self.false / self.found if self.found else float(self.true > 0)

    @property
    def f1(self) -> float:
        """The harmonic mean of LTPR and 1 - LFPR; 0 when both are 0."""
        recall, precision = self.true_positive_rate, 1 - self.false_positive_rate
        return 2 * recall * precision / (recall + precision) if recall + precision else 0.0


def match_lesions(found: np.ndarray, truth: np.ndarray) -> LesionMatch:
    """Count the lesions of two masks (X, Y, Z) and how they meet."""
    found, truth = cut_to_union(found, truth)
    found_labels, found_count = label(found, _EIGHTEEN_NEIGHBOURS)
    true_labels, true_count = label(truth, _EIGHTEEN_NEIGHBOURS)
    both = found & truth
    hit = len(np.unique(true_labels[both]))
    right = len(np.unique(found_labels[both]))
    return LesionMatch(true=true_count, found=found_count, hit=hit, false=found_count - right)
