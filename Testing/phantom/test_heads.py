"""Heads for brain extraction: reproducible, whole or cut, their brain the true envelope and nothing else."""

import math

import pytest
import torch

from MissingModalitySegLib.arrays.normalise import HEAD_LIMIT
from MissingModalitySegTraining.data.batch import Batch
from MissingModalitySegTraining.phantom.anatomy import tissues
from MissingModalitySegTraining.phantom.heads import HalfSpace, HeadSettings, HeadStream, View, look, sample_view
from MissingModalitySegTraining.phantom.space import Grid

FIELDS = ("image", "code", "regions", "scored", "brain")


def stream(**changes) -> HeadStream:
    return HeadStream(HeadSettings(**{"shape": (24, 28, 24), "spacing": 8.0, "window": 4, "seed": 5} | changes))


def assert_equal(first: Batch, second: Batch) -> None:
    for name in FIELDS:
        assert torch.equal(getattr(first, name), getattr(second, name)), name


@pytest.mark.parametrize("reuse", [1, 2])
def test_batch_is_a_pure_function_of_its_number(reuse):
    forwards, backwards = (stream(reuse=reuse, batch_size=1, lanes=1) for _ in range(2))
    first = [forwards[index] for index in range(2)]
    second = [backwards[index] for index in reversed(range(2))][::-1]
    for one, other in zip(first, second, strict=True):
        assert_equal(one, other)
    assert not torch.equal(first[0].image, first[1].image)
    assert not torch.equal(first[0].image, stream(reuse=reuse, batch_size=1, lanes=1, seed=6)[0].image)


def test_shapes_and_scale():
    batch = stream()[0]
    assert batch.image.shape == (2, 5, 24, 28, 24)
    assert batch.regions.shape == (2, 1, 24, 28, 24)
    assert batch.scored.shape == (2, 1)
    assert batch.code.all()
    assert set(batch.regions.unique().tolist()) == {0.0, 1.0}
    assert batch.brain.all()  # nothing is hidden
    assert batch.image.abs().max() <= HEAD_LIMIT
    assert batch.image.isfinite().all()


def test_the_region_is_the_envelope_before_any_error_of_extraction():
    """The anatomy says where the brain is, whatever mask the case would have been given."""
    heads = stream()
    found = 0
    for number in range(6):
        case, view = heads._draw(number)
        if case.lesions.pushes or view.beyond:
            continue
        grid = Grid.centred(view.centre, 8.0, (24, 28, 24))
        brain = tissues(grid.points()[None], [case.anatomy], heads.atlas).brain > 0.5
        assert torch.equal(heads.sample(number).regions[0] > 0, brain)
        assert brain.sum() * 0.512 > 700  # ml
        found += 1
    assert found


def test_there_is_tissue_around_the_brain_and_lesions_are_in_it():
    heads = stream(kinds={"glioma": 1.0})
    for number in range(3):
        sample = heads.sample(number)
        darkest, brain = sample.image[0, 0].min(), sample.regions[0, 0] > 0
        around = (sample.image[0, 0] > darkest + 1) & ~brain
        assert around.sum() > 0.15 * brain.sum()
    assert all(heads._draw(number)[0].lesions.tumours for number in range(3))


def cube() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """A field of 10³ points, a brain in its middle, air at one side."""
    points = Grid.centred((0, 0, 0), 1.0, (10, 10, 10)).points()
    brain = (points.abs() < 3).all(dim=-1)
    return torch.ones(2, 10, 10, 10), brain, points[..., 2] > 4, points


def test_beyond_a_plane_there_is_neither_image_nor_brain():
    images, brain, air, points = cube()
    plane = HalfSpace((1.0, 0.0, 0.0), 1.0)
    shown, left = look(images, brain, air, points, View((0, 0, 0), (plane,), None, False))
    assert (shown[:, 6:] == 0).all()
    assert (shown[:, :6] == 1).all()
    assert not left[6:].any()
    assert torch.equal(left[:6], brain[:6])


def test_defacing_and_blank_air_leave_the_brain():
    images, brain, air, points = cube()
    shown, left = look(images, brain, air, points, View((0, 0, 0), (), ((0.0, 1.0, 0.0), 0.5), True))
    assert torch.equal(left, brain)
    assert (shown[:, brain] == 1).all()
    assert (shown[:, :, 8:] == 0).all()  # the brain ends at 2.5 mm, and half a mm is kept
    assert (shown[:, :, 7, :9] == 1).all()
    assert (shown[:, air] == 0).all()


def test_views_are_as_often_as_said():
    generator = torch.Generator().manual_seed(0)
    views = [sample_view(generator) for _ in range(2000)]
    shares = {
        "slab": (sum(len(view.beyond) >= 2 for view in views), 0.6),
        "defaced": (sum(view.defaced is not None for view in views), 0.15),
        "blank": (sum(view.blank_air for view in views), 0.4),
    }
    for count, share in shares.values():
        assert abs(count / 2000 - share) < 5 * math.sqrt(share * (1 - share) / 2000)
    assert all(math.isclose(math.hypot(*plane.normal), 1) for view in views for plane in view.beyond)
