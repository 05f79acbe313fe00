"""Bodies, cubes and displacement against closed forms and plain loops."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from MissingModalitySegTraining.phantom.lesions.blocks import Blocks, cut, largest
from MissingModalitySegTraining.phantom.lesions.mass_effect import Push, pull_back
from MissingModalitySegTraining.phantom.lesions.shapes import (
    axes_along,
    edge,
    ellipsoid,
    levels,
    place_of_half,
    threshold_for_volume,
)
from MissingModalitySegTraining.phantom.space import Grid


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_ellipsoid_has_its_volume_and_lies_within_its_reach():
    body = ellipsoid((3.0, -2.0, 1.0), 9.0, 2.0, generator(), along=(1.0, 1.0, 0.0))
    assert body.volume_ml == pytest.approx(4 / 3 * math.pi * 9**3 / 1000)
    points = Grid.centred(body.centre_mm, 0.5, (80, 80, 80)).points()
    level = levels(points.reshape(1, -1, 3), [body])[0]
    counted = float((level > 0).sum()) * 0.5**3 / 1000
    assert counted == pytest.approx(body.volume_ml, rel=0.01)
    far = (points.reshape(-1, 3) - torch.tensor(body.centre_mm)).norm(dim=-1) > body.reach_mm(2.0)
    assert float(level[far].max()) <= -2.0
    tip = torch.tensor(body.centre_mm) + body.radii_mm[0] * torch.tensor([1.0, 1.0, 0.0]) / math.sqrt(2)
    assert float(levels(tip.reshape(1, 1, 3), [body])) == pytest.approx(0, abs=1e-4)


@given(st.floats(0.51, 1.0))
def test_half_of_the_material_is_where_it_is_said_to_be(opacity):
    place = place_of_half(opacity)
    assert opacity * float(edge(torch.tensor(2.0 * place, dtype=torch.float64), 2.0)) == pytest.approx(0.5, abs=1e-6)
    assert 0 <= place <= 0.5


def test_axes_are_orthonormal():
    axes = torch.tensor(axes_along((0.2, -0.5, 0.9), generator(3)))
    torch.testing.assert_close(axes @ axes.T, torch.eye(3))


def test_edge_is_exact_beyond_its_width():
    share = edge(torch.tensor([-1.0, -0.999, 0.0, 1.0, 5.0]), 2.0)
    assert share[0] == 0
    assert 0 < share[1] < 1e-4
    assert share[2] == 0.5
    assert share[3] == share[4] == 1


def test_threshold_takes_the_wanted_volume():
    level = torch.randn(5000, generator=generator(1))
    allowed = (torch.rand(5000, generator=generator(2)) > 0.3).float()
    shift = threshold_for_volume(level, allowed, 0.01, 7.0)
    assert float(allowed[level + shift > 0].sum()) * 0.01 == pytest.approx(7.0, abs=0.02)


@settings(max_examples=25, deadline=None)
@given(st.tuples(*[st.integers(1, 20)] * 3))
def test_join_undoes_cut(shape):
    volume = torch.randn((2, *shape), generator=generator())
    blocks = Blocks.of(Grid((0, 0, 0), (1, 1, 1), shape).points())
    assert torch.equal(blocks.join(cut(volume)), volume)
    assert int(blocks.genuine.sum()) == math.prod(shape)


def test_near_misses_no_point_of_any_ball():
    points = Grid((-10.0, -12.0, -9.0), (1.0, 1.5, 2.0), (21, 17, 10)).points()
    blocks = Blocks.of(points)
    centres = torch.tensor([[0.0, 0.0, 0.0], [9.0, 10.0, 7.0], [40.0, 0.0, 0.0]])
    reaches = torch.tensor([3.0, 6.0, 5.0])
    balls, cubes = blocks.near(centres, reaches)
    pairs = set(zip(balls.tolist(), cubes.tolist(), strict=True))
    for ball in range(3):
        for cube in range(len(blocks.points)):
            distance = (blocks.points[cube] - centres[ball]).norm(dim=-1).min()
            assert distance >= reaches[ball] or (ball, cube) in pairs
    assert not any(ball == 2 for ball, _ in pairs)


def test_largest_against_a_loop():
    values = torch.rand((2, 6, 4), generator=generator())
    rows = torch.tensor([0, 2, 2, 0, 1, 2])
    expected = torch.zeros(2, 4, 4)
    for number, row in enumerate(rows.tolist()):
        expected[:, row] = torch.maximum(expected[:, row], values[:, number])
    assert torch.equal(largest(values, rows, 4), expected)


@pytest.mark.parametrize(
    "push",
    [
        Push((30.0, 10.0, 20.0), 30.0, 18.0),
        Push((40.0, -40.0, 10.0), 12.0, 6.0),
        Push((-50.0, 0.0, 0.0), 20.0, 10.0),
        Push((10.0, 30.0, 20.0), 8.0, 5.4),
        Push((-25.0, 20.0, 30.0), 25.0, -6.0),
    ],
)
def test_push_is_one_to_one_and_leaves_the_skull_alone(push):
    points = Grid((-80.0, -115.0, -85.0), (2.0, 2.0, 2.0), (81, 100, 90)).points()
    moved = pull_back(points, [push])
    columns = [torch.gradient(moved[..., axis], spacing=2.0, dim=(0, 1, 2)) for axis in range(3)]
    jacobian = torch.stack([torch.stack(list(column), dim=-1) for column in columns], dim=-2)
    assert float(torch.linalg.det(jacobian).min()) > 0.01
    outside = ((points - torch.tensor((0.0, -18.0, 2.0))) / torch.tensor((72.0, 92.0, 82.0))).norm(dim=-1) > 1
    assert torch.equal(moved[outside], points[outside])
    shift = (moved - points).norm(dim=-1).max()
    assert 0.4 * abs(push.distance_mm) < float(shift) < 1.3 * abs(push.distance_mm)


def test_tumour_shifts_the_midline_away():
    midline = torch.tensor([[0.0, 10.0, 20.0]])
    moved = pull_back(midline, [Push((35.0, 10.0, 20.0), 32.0, 14.0)])
    # what is now in the middle came from the tumour's side: tissue went to the left
    assert float(moved[0, 0]) > 3
