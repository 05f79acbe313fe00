import math

import numpy as np
import pytest
import torch
from monai.losses import DiceCELoss, DiceLoss

from MissingModalitySegLib.errors import InputError
from MissingModalitySegTraining.losses.segmentation import class_loss, dice_loss_terms, region_dice_loss, region_loss


def images(channels: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(2, channels, 5, 4, 3, generator=generator)
    return logits, (torch.rand(2, channels, 5, 4, 3, generator=generator) < 0.3).float()


def numpy_terms(logits: torch.Tensor, target: torch.Tensor) -> np.ndarray:
    """Dice loss plus binary cross-entropy per sample and region, written out in float64."""
    terms = np.zeros(logits.shape[:2])
    for b in range(logits.shape[0]):
        for r in range(logits.shape[1]):
            z, q = logits[b, r].double().numpy().ravel(), target[b, r].double().numpy().ravel()
            p = 1 / (1 + np.exp(-z))
            dice = (2 * np.sum(p * q) + 1e-5) / (np.sum(p) + np.sum(q) + 1e-5)
            terms[b, r] = 1 - dice - np.mean(q * np.log(p) + (1 - q) * np.log(1 - p))
    return terms


def test_regions_agree_with_monai():
    logits, target = images(3)
    expected = DiceLoss(sigmoid=True)(logits, target) + torch.nn.BCEWithLogitsLoss()(logits, target)
    torch.testing.assert_close(region_loss(logits, target), expected)


def test_a_single_region_is_monais_dice_ce():
    logits, target = images(1)
    torch.testing.assert_close(region_loss(logits, target), DiceCELoss(sigmoid=True)(logits, target))


@pytest.mark.parametrize("include_background", [True, False])
def test_classes_agree_with_monai(include_background):
    logits, _ = images(4)
    labels = torch.randint(0, 4, (2, 5, 4, 3), generator=torch.Generator().manual_seed(1))
    monai = DiceCELoss(softmax=True, to_onehot_y=True, include_background=include_background)
    expected = monai(logits, labels[:, None])
    torch.testing.assert_close(class_loss(logits, labels, include_background=include_background), expected)
    one_hot = torch.nn.functional.one_hot(labels, 4).movedim(-1, 1).float()
    torch.testing.assert_close(class_loss(logits, one_hot, include_background=include_background), expected)


def test_region_weights_are_a_weighted_mean():
    logits, target = images(3)
    weights = torch.tensor([[1.0, 0.0, 2.0], [1.0, 1.0, 0.5]])
    expected = np.sum(weights.numpy() * numpy_terms(logits, target)) / weights.sum().item()
    assert region_loss(logits, target, region_weights=weights).item() == pytest.approx(expected, rel=1e-5)


def test_a_region_without_truth_teaches_nothing():
    logits, target = images(3)
    logits.requires_grad_()
    target[0, 1:] = float("nan")  # what is not known may hold anything
    weights = torch.tensor([[1.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    region_loss(logits, target, region_weights=weights).backward()
    assert torch.isfinite(logits.grad).all()
    assert (logits.grad[0, 1:] == 0).all()
    assert (logits.grad[0, 0] != 0).all()
    assert (logits.grad[1] != 0).all()


def test_no_weight_at_all_is_zero_with_zero_gradient():
    logits, target = images(2)
    logits.requires_grad_()
    loss = region_loss(logits, target, region_weights=torch.zeros(2, 2))
    loss.backward()
    assert loss.item() == 0
    assert (logits.grad == 0).all()


def test_an_empty_target_is_finite_and_pushes_down():
    logits = torch.zeros(1, 1, 4, 4, 4, requires_grad=True)
    loss = region_loss(logits, torch.zeros(1, 1, 4, 4, 4))
    loss.backward()
    assert loss.item() == pytest.approx(1 + math.log(2), rel=1e-5)
    assert (logits.grad > 0).all()


def test_an_empty_target_met_by_an_empty_prediction_costs_nothing():
    assert region_loss(torch.full((1, 1, 4, 4, 4), -40.0), torch.zeros(1, 1, 4, 4, 4)).item() == pytest.approx(
        0, abs=1e-6
    )


def test_a_perfect_prediction_costs_nothing():
    _, target = images(3)
    assert region_loss(80 * (target - 0.5), target).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("soft_target", [True, False])
def test_soft_dice_agrees_with_monai(soft_target):
    generator = torch.Generator().manual_seed(3)
    p, q = torch.rand(2, 2, 3, 6, 6, 6, generator=generator)
    expected = DiceLoss(soft_label=soft_target, reduction="none")(p, q).flatten(1)
    torch.testing.assert_close(dice_loss_terms(p, q, soft_target=soft_target), expected)


def test_only_the_soft_dice_is_smallest_at_its_target():
    q = torch.full((1, 1, 4, 4, 4), 0.7)
    candidates = torch.linspace(0.02, 1, 99)
    losses = {
        soft: [dice_loss_terms(torch.full_like(q, p), q, soft_target=soft).item() for p in candidates.tolist()]
        for soft in (True, False)
    }
    assert candidates[int(np.argmin(losses[True]))].item() == pytest.approx(0.7, abs=0.01)
    assert min(losses[True]) == pytest.approx(0, abs=0.02)
    assert candidates[int(np.argmin(losses[False]))].item() == pytest.approx(1)


def test_hard_targets_do_not_care_which_dice():
    logits, target = images(3)
    torch.testing.assert_close(region_loss(logits, target, soft_target=True), region_loss(logits, target))


def test_half_precision_logits_are_computed_in_float32():
    logits, target = images(3)
    loss = region_loss(logits.bfloat16(), target)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, region_loss(logits.bfloat16().float(), target))


def test_shapes_that_do_not_belong_together_are_refused():
    logits, target = images(3)
    with pytest.raises(InputError, match="target has shape"):
        region_loss(logits, target[:, :2])
    with pytest.raises(InputError, match="region weights"):
        region_loss(logits, target, region_weights=torch.ones(3))
    with pytest.raises(InputError, match="target has shape"):
        class_loss(logits, target[:, :2])


@pytest.mark.parametrize("foreign", [-1, 3])
def test_numbers_that_are_no_class_are_refused(foreign):
    target = torch.zeros(2, 4, 4, 4, dtype=torch.int64)
    target[1, 0, 0, 0] = foreign
    with pytest.raises(InputError) as caught:
        class_loss(torch.zeros(2, 3, 4, 4, 4), target)
    assert caught.value.code == "no-such-class"


def test_empty_regions_are_held_empty():
    """Dice over regions that are there, alarms over the others, cross-entropy over all that are scored; by loops."""
    logits, target = images(3)
    target[0, 1] = target[1, 2] = 0
    weights = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
    dice, alarms, cross_entropy = [], [], []
    for b in range(2):
        for r in range(3):
            p, q = logits[b, r].sigmoid(), target[b, r]
            if weights[b, r]:
                cross_entropy.append(torch.nn.functional.binary_cross_entropy_with_logits(logits[b, r], q))
            if weights[b, r] and q.any():
                dice.append(1 - (2 * (p * q).sum() + 1e-5) / (p.sum() + q.sum() + 1e-5))
            elif weights[b, r]:
                alarms.append(torch.log(1 + p.mean() / 1e-3) / np.log(1001))
    assert len(alarms) == 2
    expected = sum(dice) / len(dice) + sum(alarms) / len(alarms) + sum(cross_entropy) / len(cross_entropy)
    torch.testing.assert_close(region_loss(logits, target, region_weights=weights, dice_of_empty=False), expected)


def test_a_false_volume_is_pulled_at_less_than_a_true_one_but_not_for_nothing():
    """On a crop of 32³, a lesion of 512 voxels that half is found, and the same answer where there is none."""
    target = torch.zeros(1, 1, 32, 32, 32)
    target[..., :8, :8, :8] = 1
    pulls = []
    for truth in (target, torch.zeros_like(target)):
        logits = torch.where(target > 0, 0.0, -20.0).requires_grad_()
        region_dice_loss(logits, truth, dice_of_empty=False).backward()
        pulls.append(float(logits.grad[0, 0, 0, 0, 0]))
    there, nowhere = pulls
    assert there < 0 < nowhere
    assert 0.1 < -nowhere / there < 1
    logits = torch.where(target > 0, 0.0, -20.0).requires_grad_()
    region_dice_loss(logits, torch.zeros_like(target), dice_of_empty=True).backward()
    assert float(logits.grad[0, 0, 0, 0, 0]) < 1e-3 * nowhere
