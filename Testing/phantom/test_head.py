"""The head around the brain: a partition, in the order of its layers, nothing of it inside."""

import dataclasses
from itertools import pairwise

import pytest
import torch

from MissingModalitySegTraining.phantom.anatomy import tissues
from MissingModalitySegTraining.phantom.atlas import load_atlas
from MissingModalitySegTraining.phantom.head import head_fractions, sample_head
from MissingModalitySegTraining.phantom.materials import Material
from MissingModalitySegTraining.phantom.records import from_record, to_record
from MissingModalitySegTraining.phantom.space import Grid
from Testing.phantom.anatomy_cases import HEAD, PLAIN

AROUND = Grid((-110.0, -140.0, -160.0), (6.0,) * 3, (37, 46, 46))


@pytest.mark.parametrize("seed", range(8))
def test_fractions_are_a_partition(seed):
    case = sample_head(torch.Generator().manual_seed(seed), gap_mm=2.0)
    fractions = head_fractions(AROUND.points()[None], load_atlas(), [case])
    assert fractions.min() >= -1e-6
    torch.testing.assert_close(fractions.sum(1), torch.ones(1, *AROUND.shape), atol=1e-5, rtol=0)


def test_layers_follow_each_other_outwards():
    """A ray through the vertex meets every layer in order, each as thick as it says."""
    ray = Grid((25.0, -10.0, 60.0), (0.25,) * 3, (1, 1, 160))
    fractions = head_fractions(ray.points()[None], load_atlas(), [HEAD])[0, :, 0, 0]
    order = [Material(int(m)) for m in fractions.argmax(0)]
    met = [order[0]] + [b for a, b in pairwise(order) if a != b]
    assert met == [*(Material(m) for m, _ in HEAD.layers), Material.AIR]
    bone = float(fractions[Material.BONE].sum()) * 0.25
    assert bone == pytest.approx(4.0, rel=0.35)  # the ray leaves at an angle


def test_eyes_lie_in_fat_on_both_sides():
    atlas = load_atlas()
    for side in (-1, 1):
        places = torch.tensor([[side * 32.0, 60, -38], [side * 29.0, 38, -38]]).reshape(1, 2, 1, 1, 3)
        found = head_fractions(places, atlas, [HEAD])[0, :, :, 0, 0].argmax(0).tolist()
        assert found == [Material.EYE, Material.FAT]


def test_brain_wins_inside_and_air_is_far_away():
    grid = Grid((-60.0, -60.0, -10.0), (10.0,) * 3, (13, 13, 6))
    with_head = tissues(grid.points()[None], [PLAIN], load_atlas())
    without = tissues(grid.points()[None], [PLAIN], load_atlas(), with_head=False)
    inside = (with_head.brain == 1).expand_as(with_head.fractions)
    assert inside.any()
    assert torch.equal(with_head.fractions[inside], without.fractions[inside])
    far = Grid((0.0, 0.0, 130.0), (1.0,) * 3, (2, 2, 2))
    assert (tissues(far.points()[None], [PLAIN], load_atlas()).fractions[:, Material.AIR] == 1).all()


def test_each_case_has_its_own_head():
    points = AROUND.points()[None].expand(2, -1, -1, -1, -1)
    shells = dataclasses.replace(HEAD, face=False, layers=((int(Material.FAT), 8.0),), roughness_mm=1.0)
    both = head_fractions(points, load_atlas(), [HEAD, shells])
    torch.testing.assert_close(both[1:], head_fractions(points[:1], load_atlas(), [shells]))
    assert both[0, Material.BONE].sum() > 0
    assert both[1, Material.BONE].sum() == 0


def test_parameters_survive_json():
    for seed in range(5):
        case = sample_head(torch.Generator().manual_seed(seed), gap_mm=1.0)
        assert from_record(type(case), to_record(case)) == case
