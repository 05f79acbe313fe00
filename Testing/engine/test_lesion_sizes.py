"""Components and diameters against what is counted and measured point by point."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from MissingModalitySegLib.engine.lesions import components, largest_diameter, longest_section


def indices_of(mask: np.ndarray) -> np.ndarray:
    return np.argwhere(mask)


def ellipsoid(half_axes_mm, spacing) -> np.ndarray:
    shape = [int(2 * half / s) + 5 for half, s in zip(half_axes_mm, spacing, strict=True)]
    places = np.indices(shape).transpose(1, 2, 3, 0) - (np.array(shape) - 1) / 2
    return np.square(places * np.array(spacing) / np.array(half_axes_mm)).sum(-1) <= 1


def flood(mask: np.ndarray) -> list[set[tuple[int, ...]]]:
    """18-connected components by walking from voxel to voxel."""
    left, found = {tuple(map(int, place)) for place in np.argwhere(mask)}, []
    steps = [step for step in itertools.product((-1, 0, 1), repeat=3) if 0 < np.abs(step).sum() <= 2]
    while left:
        todo, one = [left.pop()], set()
        while todo:
            place = todo.pop()
            one.add(place)
            for step in steps:
                near = tuple(a + b for a, b in zip(place, step, strict=True))
                if near in left:
                    left.remove(near)
                    todo.append(near)
        found.append(one)
    return found


@settings(max_examples=30)
@given(st.integers(0, 2**31), st.floats(0.02, 0.4))
def test_components_are_those_of_a_flood_fill(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    labels = np.where(rng.random((9, 8, 7)) < share, rng.integers(1, 4, (9, 8, 7)), 0).astype(np.uint8)
    found = list(components(labels))
    expected = sorted(map(len, flood(labels > 0)), reverse=True)
    assert [len(one.values) for one in found] == expected
    assert {frozenset(map(tuple, one.indices.tolist())) for one in found} == set(map(frozenset, flood(labels > 0)))
    for one in found:
        np.testing.assert_array_equal(one.values, labels[tuple(one.indices.T)])


def test_no_lesion_no_component() -> None:
    assert list(components(np.zeros((4, 5, 6), np.uint8))) == []


def faces(indices: np.ndarray, spacing) -> list[np.ndarray]:
    """The middle of every face of every voxel."""
    points = []
    for place in indices:
        for axis in range(len(spacing)):
            for end in (-0.5, 0.5):
                moved = place.astype(float)
                moved[axis] += end
                points.append(moved * np.array(spacing))
    return points


@settings(max_examples=25)
@given(st.integers(0, 2**31), st.tuples(*[st.sampled_from([0.5, 1.0, 1.7, 5.0])] * 3))
def test_largest_diameter_is_that_of_all_pairs_of_faces(seed: int, spacing) -> None:
    mask = np.random.default_rng(seed).random((5, 4, 4)) < 0.2
    mask[2, 2, 2] = True
    points = faces(indices_of(mask), spacing)
    expected = max(np.linalg.norm(a - b) for a, b in itertools.combinations(points, 2))
    assert largest_diameter(indices_of(mask), np.diag(spacing)) == pytest.approx(expected)


@settings(max_examples=25)
@given(st.integers(0, 2**31), st.integers(0, 2), st.tuples(*[st.sampled_from([0.5, 1.0, 1.7])] * 3))
def test_longest_section_is_that_of_the_slice_with_the_farthest_pair(seed: int, axis: int, spacing) -> None:
    mask = np.random.default_rng(seed).random((5, 5, 5)) < 0.3
    mask[2, 2, 2] = True
    flat = [s for i, s in enumerate(spacing) if i != axis]
    lengths = {}
    for number in range(5):
        part = np.argwhere(mask.take(number, axis=axis))
        if len(part):
            points = faces(part, flat)
            lengths[number] = max(np.linalg.norm(a - b) for a, b in itertools.combinations(points, 2))
    section = longest_section(indices_of(mask), np.diag(spacing), axis)
    assert section.longest_mm == pytest.approx(max(lengths.values()))
    assert lengths[section.slice] == pytest.approx(section.longest_mm)
    assert 0 < section.across_mm <= section.longest_mm + 1e-9


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.9, 0.9, 3.0), (0.5, 1.2, 1.0)])
def test_diameters_of_an_ellipsoid(spacing) -> None:
    """Half-axes 18, 10 and 7 mm: 36 mm long, 36 x 20 in the slice through its middle."""
    mask = ellipsoid((18, 10, 7), spacing)
    assert largest_diameter(indices_of(mask), np.diag(spacing)) == pytest.approx(36, abs=1.2)
    section = longest_section(indices_of(mask), np.diag(spacing), 2)
    assert section.longest_mm == pytest.approx(36, abs=1.2)
    assert section.across_mm == pytest.approx(20, abs=1.2)
    assert section.slice == (mask.shape[2] - 1) // 2 or mask.shape[2] % 2 == 0


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_ball_on_a_sheared_grid(axis: int) -> None:
    """Of 20 mm, seen along axes that are turned and far from right angles; every slice of a ball is round."""
    turn, _ = np.linalg.qr(np.random.default_rng(axis).normal(size=(3, 3)))
    steps = turn @ [[0.5, 0.25, -0.2], [0, 0.4, 0.2], [0, 0, 0.6]]
    places = np.indices((75, 75, 75)).reshape(3, -1).T - 37
    ball = places[np.linalg.norm(places @ steps.T, axis=1) <= 10]
    assert np.abs(ball).max() < 37  # all of it
    assert largest_diameter(ball, steps) == pytest.approx(20, abs=0.7)
    section = longest_section(ball, steps, axis)
    assert abs(section.slice) <= 1
    assert section.longest_mm == pytest.approx(20, abs=0.7)
    assert section.across_mm == pytest.approx(20, abs=0.7)


def test_across_is_a_chord_at_right_angles_and_not_the_width() -> None:
    """A leaning triangle with corners (0, 0), (20, 0), (4, 5): the chord at 4 is 5 long, above the base only."""
    x, y = np.meshgrid(np.arange(0, 201), np.arange(0, 51), indexing="ij")
    mask = (y <= x * 5 / 4) & (y <= (200 - x) * 50 / 160)
    places = np.concatenate([np.argwhere(mask), np.zeros((mask.sum(), 1), int)], axis=1)
    section = longest_section(places, np.diag([0.1, 0.1, 1.0]), 2)
    assert section.longest_mm == pytest.approx(20, abs=0.2)
    assert section.across_mm == pytest.approx(5, abs=0.2)


def test_a_single_voxel_is_as_long_as_its_longest_edge() -> None:
    place = np.array([[3, 4, 5]])
    assert largest_diameter(place, np.diag([1.0, 0.5, 4.0])) == pytest.approx(4.0)
    section = longest_section(place, np.diag([1.0, 0.5, 4.0]), 2)
    assert (section.longest_mm, section.across_mm, section.slice) == (pytest.approx(1.0), pytest.approx(0.5), 5)
