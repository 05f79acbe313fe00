"""How far several raters of one case agree: none of them is the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .overlap import dice

_EIGHTEEN_NEIGHBOURS = ndimage.generate_binary_structure(3, 2)
"""As in `lesions`: voxels that share a face or an edge belong to one lesion."""


@dataclass(frozen=True)
class CommonLesion:
    """A lesion as any rater sees it: a connected part of what all raters together have marked."""

    voxels: tuple[int, ...]
    """How many of it each rater has marked."""
    union: int
    """How many anybody has marked."""
    centre: tuple[float, ...]
    """The middle of what anybody has marked, an index into the masks."""
    dice: float
    """The mean Dice over all pairs of raters, inside it: 0 where one has missed it, 1 where both have."""

    @property
    def seen_by(self) -> tuple[int, ...]:
        """Which raters have marked any of it."""
        return tuple(rater for rater, count in enumerate(self.voxels) if count)

    @property
    def agreement(self) -> float:
        """The share of raters who have."""
        return len(self.seen_by) / len(self.voxels)


def votes(masks: Sequence[np.ndarray]) -> np.ndarray:
    """How many raters have marked each voxel. Raises `ValueError` for no masks, or masks of different shapes."""
    arrays = [np.asarray(mask, bool) for mask in masks]
    if not arrays or len({array.shape for array in arrays}) != 1:
        raise ValueError("agreement needs masks of one shape")
    return np.sum(arrays, axis=0, dtype=np.uint16)


def majority(masks: Sequence[np.ndarray]) -> np.ndarray:
    """The voxels that more than half of the raters have marked; half is not enough."""
    return votes(masks) * 2 > len(masks)


def disagreement(masks: Sequence[np.ndarray]) -> np.ndarray:
    """How divided the raters are about each voxel: 0 when all say the same, 1 when as many say yes as no; float32."""
    count = votes(masks).astype(np.float32)
    return 2 * np.minimum(count, len(masks) - count) / len(masks)


def pairwise_dice(masks: Sequence[np.ndarray]) -> np.ndarray:
    """Dice of every two raters (N, N); symmetric, 1 on the diagonal. Two empty masks agree."""
    table = np.eye(len(masks))
    for i, one in enumerate(masks):
        for j in range(i):
            table[i, j] = table[j, i] = dice(one, masks[j])
    return table


def common_lesions(masks: Sequence[np.ndarray]) -> list[CommonLesion]:
    """The lesions of all raters together, the largest first.

    What touches is one: where one rater sees two lesions and another a bridge between them, there is one here.
    """
    count = votes(masks)
    numbered, number = ndimage.label(count > 0, _EIGHTEEN_NEIGHBOURS)
    found = []
    for index, box in enumerate(ndimage.find_objects(numbered, number), start=1):
        inside = numbered[box] == index
        parts = [np.asarray(mask, bool)[box] & inside for mask in masks]
        start = [axis.start for axis in box]
        centre = np.argwhere(inside).mean(axis=0) + start
        found.append(
            CommonLesion(
                voxels=tuple(int(np.count_nonzero(part)) for part in parts),
                union=int(np.count_nonzero(inside)),
                centre=tuple(map(float, centre)),
                dice=mean_of_pairs(pairwise_dice(parts)),
            )
        )
    return sorted(found, key=lambda lesion: -lesion.union)


def mean_of_pairs(table: np.ndarray) -> float:
    """The mean of a symmetric table over all pairs of different raters; 1 for a single rater."""
    upper = table[np.triu_indices(len(table), 1)]
    return float(upper.mean()) if len(upper) else 1.0
