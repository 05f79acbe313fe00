"""Deep supervision against sums written out by hand."""

import pytest
import torch

from MissingModalitySegLib.errors import InputError
from MissingModalitySegTraining.losses.deep_supervision import deep_supervision_loss, downsample_target, level_weights
from MissingModalitySegTraining.losses.segmentation import class_loss, region_loss


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (1, [1]),
        (2, [1, 0]),
        (3, [2 / 3, 1 / 3, 0]),
        (4, [4 / 7, 2 / 7, 1 / 7, 0]),
        (5, [8 / 15, 4 / 15, 2 / 15, 1 / 15, 0]),  # the paper's five levels
    ],
)
def test_weights(levels, expected):
    assert level_weights(levels) == pytest.approx(expected)


def test_no_levels():
    with pytest.raises(InputError):
        level_weights(0)
    with pytest.raises(InputError):
        deep_supervision_loss([], torch.zeros(1, 1, 2, 2, 2), region_loss)


def test_targets_stay_binary_and_keep_their_place():
    target = torch.zeros(1, 2, 8, 8, 8)
    target[0, 0, 4:, :, :4] = 1
    target[0, 1, :4, 4:, :] = 1
    small = downsample_target(target, (4, 4, 2))
    expected = torch.zeros(1, 2, 4, 4, 2)
    expected[0, 0, 2:, :, :1] = 1
    expected[0, 1, :2, 2:, :] = 1
    assert torch.equal(small, expected)
    assert torch.equal(downsample_target(target, (8, 8, 8)), target)


def test_a_coarse_voxel_takes_the_value_at_its_centre():
    """By three the centre is a voxel; by two it is the corner of eight, of which the last is taken."""
    target = torch.arange(12).reshape(1, 12, 1, 1).expand(1, 12, 12, 12)
    assert downsample_target(target, (4, 4, 4))[0, :, 0, 0].tolist() == [1, 4, 7, 10]
    assert downsample_target(target, (6, 6, 6))[0, :, 0, 0].tolist() == [1, 3, 5, 7, 9, 11]


def test_classes_keep_their_type():
    target = torch.arange(3).repeat_interleave(4).reshape(1, 12, 1, 1).expand(1, 12, 4, 4)
    small = downsample_target(target, (6, 2, 2))
    assert small.dtype == target.dtype
    assert torch.equal(small, torch.arange(3).repeat_interleave(2).reshape(1, 6, 1, 1).expand(1, 6, 2, 2))


def test_weighted_sum_over_levels():
    torch.manual_seed(0)
    levels = [torch.randn(2, 3, size, size, size) for size in (8, 4, 2)]
    coarse = (torch.rand(2, 3, 4, 4, 4) > 0.5).float()
    target = coarse.repeat_interleave(2, 2).repeat_interleave(2, 3).repeat_interleave(2, 4)
    expected = 2 / 3 * region_loss(levels[0], target) + 1 / 3 * region_loss(levels[1], coarse)
    assert deep_supervision_loss(levels, target, region_loss).item() == pytest.approx(expected.item())


def test_any_loss_and_a_gradient_at_every_level():
    levels = [torch.randn(1, 2, size, size, size, requires_grad=True) for size in (4, 2)]
    target = torch.randint(0, 2, (1, 4, 4, 4))
    deep_supervision_loss(levels, target, class_loss).backward()
    assert levels[0].grad.abs().sum() > 0
    assert torch.equal(levels[1].grad, torch.zeros(1, 2, 2, 2, 2))


@pytest.mark.parametrize("loss", [region_loss, class_loss])
def test_an_overflow_at_the_level_without_weight_does_no_harm(loss):
    """float16 ends at 65504: 0 · ∞ there once made the whole loss NaN."""
    top = torch.randn(1, 2, 4, 4, 4, requires_grad=True)
    low = torch.full((1, 2, 2, 2, 2), float("inf"), dtype=torch.float16, requires_grad=True)
    target = torch.ones(1, 2, 4, 4, 4) if loss is region_loss else torch.ones(1, 4, 4, 4)
    value = deep_supervision_loss([top, low], target, loss)
    assert value.item() == pytest.approx(loss(top, target).item())
    value.backward()
    assert torch.equal(low.grad, torch.zeros_like(low))
