from itertools import product

import numpy as np
import pytest

from MissingModalitySegLib.measures.lesions import LesionMatch, match_lesions

from .random_masks import EMPTY, SHAPE, cube, pairs


def components(mask: np.ndarray) -> list[set[tuple[int, ...]]]:
    """18-connected components by flooding: neighbours differ in one or two coordinates, by one."""
    left, found = {tuple(index) for index in np.argwhere(mask).tolist()}, []
    steps = [step for step in product((-1, 0, 1), repeat=3) if 1 <= sum(map(abs, step)) <= 2]
    while left:
        flood = [left.pop()]
        component = set(flood)
        while flood:
            x, y, z = flood.pop()
            for dx, dy, dz in steps:
                neighbour = (x + dx, y + dy, z + dz)
                if neighbour in left:
                    left.remove(neighbour)
                    component.add(neighbour)
                    flood.append(neighbour)
        found.append(component)
    return found


def test_it_is_the_definition() -> None:
    for found, truth in pairs():
        ours, theirs = components(found), components(truth)
        match = match_lesions(found, truth)
        assert match == LesionMatch(
            true=len(theirs),
            found=len(ours),
            hit=sum(any(lesion & other for other in ours) for lesion in theirs),
            false=sum(not any(lesion & other for other in theirs) for lesion in ours),
        )


def test_edges_join_and_corners_do_not() -> None:
    for second, count in (((1, 0, 0), 1), ((1, 1, 0), 1), ((1, 1, 1), 2)):
        mask = np.zeros(SHAPE, bool)
        mask[3, 3, 3] = mask[tuple(np.add((3, 3, 3), second))] = True
        assert match_lesions(mask, EMPTY).found == count


def test_rates_by_hand() -> None:
    truth = cube((0, 0, 0)) | cube((0, 0, 4)) | cube((0, 0, 8)) | cube((6, 6, 0))  # four lesions
    bridge = np.zeros(SHAPE, bool)
    bridge[1, 1, 1:5] = True  # one answer that hits two of them
    found = bridge | cube((6, 0, 0)) | cube((6, 0, 4)) | cube((6, 0, 8))  # and three that hit nothing
    match = match_lesions(found, truth)
    assert match == LesionMatch(true=4, found=4, hit=2, false=3)
    assert match.true_positive_rate == 0.5
    assert match.false_positive_rate == 0.75
    assert match.f1 == pytest.approx(2 * 0.5 * 0.25 / 0.75)


def test_empty_masks() -> None:
    one = cube((1, 1, 1))

    def rates(found: np.ndarray, truth: np.ndarray) -> tuple[float, float, float]:
        match = match_lesions(found, truth)
        return match.true_positive_rate, match.false_positive_rate, match.f1

    assert rates(EMPTY, EMPTY) == (1, 0, 1)
    assert rates(one, EMPTY) == (0, 1, 0)
    assert rates(EMPTY, one) == (0, 1, 0)
    assert rates(one, one) == (1, 0, 1)
