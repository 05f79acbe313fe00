import math
from itertools import pairwise

import pytest
import torch
from monai.losses import DiceCELoss, DiceLoss

from MissingModalitySegTraining.losses.self_distillation import ramp_up, self_distillation_loss


def views(regions: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return tuple(2 * torch.randn(2, regions, 4, 4, 4, generator=generator) for _ in range(2))


def test_it_is_monais_dice_ce_of_softened_logits():
    full, dropped = views(1)
    expected = DiceCELoss(sigmoid=True)(dropped / 2, torch.sigmoid(full / 2))
    torch.testing.assert_close(self_distillation_loss(full, dropped), expected)


def test_with_a_soft_target_it_is_monais_soft_dice_and_cross_entropy():
    full, dropped = views(3)
    q = torch.sigmoid(full / 3)
    expected = DiceLoss(sigmoid=True, soft_label=True)(dropped / 3, q) + torch.nn.BCEWithLogitsLoss()(dropped / 3, q)
    loss = self_distillation_loss(full, dropped, temperature=3.0, soft_target=True)
    torch.testing.assert_close(loss, expected)


def test_only_the_dropped_view_learns():
    full, dropped = (view.requires_grad_() for view in views(2))
    self_distillation_loss(full, dropped).backward()
    assert full.grad is None
    assert (dropped.grad != 0).any()


def slope_at_agreement(full: torch.Tensor, soft_target: bool) -> float:
    dropped = full.clone().requires_grad_()
    self_distillation_loss(full, dropped, soft_target=soft_target).backward()
    return dropped.grad.abs().max().item()


def test_agreement_is_the_minimum_with_a_soft_target_only():
    full, direction = views(2)
    assert slope_at_agreement(full, soft_target=True) < 1e-7
    assert slope_at_agreement(full, soft_target=False) > 1e-4
    least = self_distillation_loss(full, full, soft_target=True)
    for step in (0.01, -0.01, 1, -1):
        assert self_distillation_loss(full, full + step * direction, soft_target=True) > least


def test_it_pulls_at_lesions_and_a_soft_target_at_background():
    """One voxel in a thousand is lesion, which the full view sees and the dropped one does not."""
    lesion = torch.zeros(1, 1, 20, 20, 20, dtype=torch.bool)
    lesion[..., 9:11, 9:11, 9:11] = True
    full = torch.where(lesion, 2.0, -5.0)
    shares = {}
    for soft_target in (False, True):
        dropped = torch.where(lesion, -2.0, -4.5).requires_grad_()
        self_distillation_loss(full, dropped, soft_target=soft_target).backward()
        assert (dropped.grad[lesion] < 0).all()
        pull = dropped.grad.abs()
        shares[soft_target] = float(pull[lesion].sum() / pull.sum())
    assert shares[True] < 0.02
    assert shares[False] > 5 * shares[True]


def test_the_ramp_rises_to_one_at_a_third():
    steps = 300
    values = [ramp_up(step, steps) for step in range(steps + 1)]
    assert values[0] == pytest.approx(math.exp(-5))
    assert values[50] == pytest.approx(math.exp(-1.25))
    assert all(earlier < later for earlier, later in pairwise(values[:101]))
    assert set(values[100:]) == {1.0}


def test_the_ramp_of_a_run_of_no_or_one_step_is_defined():
    assert ramp_up(0, 0) == 1
    assert ramp_up(0, 1) == pytest.approx(math.exp(-5))
    assert ramp_up(1, 1) == 1
