"""Agreement of raters: hand-worked cases, and plain loops over random ones."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from MissingModalitySegLib.measures.agreement import (
    common_lesions,
    disagreement,
    majority,
    mean_of_pairs,
    pairwise_dice,
    votes,
)


def row(*values: int) -> np.ndarray:
    return np.array(values, bool).reshape(-1, 1, 1)


A, B, C = row(1, 1, 1, 0, 0, 0), row(0, 1, 1, 1, 0, 0), row(0, 0, 1, 0, 0, 1)


def test_by_hand() -> None:
    assert votes([A, B, C]).ravel().tolist() == [1, 2, 3, 1, 0, 1]
    assert majority([A, B, C]).ravel().tolist() == [0, 1, 1, 0, 0, 0]
    assert disagreement([A, B, C]).ravel() == pytest.approx([2 / 3, 2 / 3, 0, 2 / 3, 0, 2 / 3])
    table = pairwise_dice([A, B, C])
    assert table == pytest.approx(np.array([[1, 2 / 3, 2 / 5], [2 / 3, 1, 2 / 5], [2 / 5, 2 / 5, 1]]))
    assert mean_of_pairs(table) == pytest.approx((2 / 3 + 2 / 5 + 2 / 5) / 3)


def test_half_is_no_majority() -> None:
    assert majority([A, B]).ravel().tolist() == [0, 1, 1, 0, 0, 0]
    assert disagreement([A, B]).ravel().tolist() == [1, 0, 0, 1, 0, 0]


def test_lesions_by_hand() -> None:
    """One seen by all, though by nobody alike; one seen by the third alone."""
    first, second = common_lesions([A, B, C])
    assert first.union == 4
    assert first.voxels == (3, 3, 1)
    assert first.seen_by == (0, 1, 2)
    assert first.agreement == 1
    assert first.centre == (1.5, 0, 0)
    assert first.dice == pytest.approx((4 / 6 + 2 / 4 + 2 / 4) / 3)
    assert second.voxels == (0, 0, 1)
    assert second.seen_by == (2,)
    assert second.agreement == pytest.approx(1 / 3)
    assert second.centre == (5, 0, 0)
    assert second.dice == pytest.approx((1 + 0 + 0) / 3), "the first two have missed it alike"


def test_a_bridge_makes_one_lesion() -> None:
    apart, bridged = row(1, 0, 1), row(1, 1, 1)
    assert [lesion.voxels for lesion in common_lesions([apart, apart])] == [(1, 1), (1, 1)]
    assert [lesion.voxels for lesion in common_lesions([apart, bridged])] == [(2, 3)]


def test_edges_join_and_corners_do_not() -> None:
    mask = np.zeros((3, 3, 3), bool)
    mask[0, 0, 0] = mask[1, 1, 0] = mask[2, 2, 1] = True
    assert [lesion.union for lesion in common_lesions([mask, mask])] == [2, 1]


def test_nothing_at_all() -> None:
    empty = row(0, 0, 0)
    assert common_lesions([empty, empty]) == []
    assert pairwise_dice([empty, empty]).tolist() == [[1, 1], [1, 1]]
    assert not majority([empty, empty]).any()
    with pytest.raises(ValueError, match="one shape"):
        votes([empty, row(0, 0)])
    with pytest.raises(ValueError, match="one shape"):
        votes([])


@pytest.mark.parametrize("seed", range(4))
def test_random_masks_by_plain_loops(seed: int) -> None:
    rng = np.random.default_rng(seed)
    masks = [rng.random((5, 6, 4)) < 0.2 for _ in range(rng.integers(2, 6))]
    n = len(masks)
    for index in itertools.product(range(5), range(6), range(4)):
        yes = sum(int(mask[index]) for mask in masks)
        assert votes(masks)[index] == yes
        assert majority(masks)[index] == (yes > n / 2)
        assert disagreement(masks)[index] == pytest.approx(1 - abs(2 * yes / n - 1))
    table = pairwise_dice(masks)
    for i, j in itertools.combinations(range(n), 2):
        both = sum(1 for a, b in zip(masks[i].flat, masks[j].flat, strict=True) if a and b)
        assert table[i, j] == table[j, i] == pytest.approx(2 * both / (masks[i].sum() + masks[j].sum()))
    lesions = common_lesions(masks)
    assert sum(lesion.union for lesion in lesions) == np.logical_or.reduce(masks).sum()
    for rater, mask in enumerate(masks):
        assert sum(lesion.voxels[rater] for lesion in lesions) == mask.sum()
