"""Dice plus cross-entropy, their plain sum as in MONAI's `DiceCELoss`: for nested regions and for exclusive classes.

Everything is computed in float32, whatever the logits are.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from MissingModalitySegLib.errors import InputError

SMOOTH = 1e-5
"""Added to both sides of the Dice fraction, as MONAI does: an empty target met by an empty prediction scores 1."""

ALARM_SHARE = 1e-3
"""D: the share of a crop below which a false volume counts as small."""


def region_loss(
    logits: Tensor,
    target: Tensor,
    *,
    region_weights: Tensor | None = None,
    soft_target: bool = False,
    dice_of_empty: bool = True,
) -> Tensor:
    """Dice plus binary cross-entropy of sigmoid regions; a scalar.

    `logits` and `target` are (B, R, …), the target between 0 and 1. `region_weights` (B, R), not negative, says how
    much each region of each sample counts; 0 leaves it out whatever its target holds. So a case of the scheme `lesion`
    teaches the region `lesion` only. The loss is the weighted mean over samples and regions, and 0 where all weights
    are. `soft_target` as in `dice_loss_terms`.

    The Dice loss of an empty region is a constant 1 with next to no gradient, until nothing at all is predicted. With
    small batches of crops, of which few hold every region, that drowns what Dice teaches. Without `dice_of_empty` Dice
    is the mean over the regions that are there, and those that are not have `alarm_terms` in its place: left to
    cross-entropy alone, where a voxel counts for next to nothing, false volumes would have little against them.

    Raises `InputError` for shapes that do not belong together.
    """
    logits, target, region_weights = _counted_regions(logits, target, region_weights)
    cross_entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none").flatten(2).mean(2)  # B R
    dice = _mean_dice(logits.sigmoid(), target, region_weights, soft_target, dice_of_empty)
    return dice + _weighted_mean(cross_entropy, region_weights)


def region_dice_loss(
    logits: Tensor, target: Tensor, *, region_weights: Tensor | None = None, dice_of_empty: bool = True
) -> Tensor:
    """The Dice part of `region_loss` alone; a scalar."""
    logits, target, region_weights = _counted_regions(logits, target, region_weights)
    return _mean_dice(logits.sigmoid(), target, region_weights, False, dice_of_empty)


def _counted_regions(logits: Tensor, target: Tensor, region_weights: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """The three in float32 on one device, the target zero where it does not count. Raises as `region_loss`."""
    _check_same_shape(logits, target)
    logits, target = logits.float(), target.to(logits.device, torch.float32)
    if region_weights is None:
        region_weights = logits.new_ones(logits.shape[:2])
    if region_weights.shape != logits.shape[:2]:
        raise InputError(
            "wrong-shape",
            f"The region weights have shape {tuple(region_weights.shape)}, not {tuple(logits.shape[:2])}.",
            "Give one weight per sample and region.",
        )
    region_weights = region_weights.to(logits)
    counted = (region_weights > 0).reshape(*region_weights.shape, *[1] * (logits.ndim - 2))
    return logits, torch.where(counted, target, 0.0), region_weights


def _mean_dice(prediction: Tensor, target: Tensor, weights: Tensor, soft_target: bool, dice_of_empty: bool) -> Tensor:
    """Over samples and channels by `weights` (B, R); see `region_loss`."""
    terms = dice_loss_terms(prediction, target, soft_target=soft_target)
    if dice_of_empty:
        return _weighted_mean(terms, weights)
    there = (target.flatten(2).amax(2) > 0).to(terms)
    alarms = _weighted_mean(alarm_terms(prediction), weights * (1 - there))
    return _weighted_mean(terms, weights * there) + alarms


def class_loss(
    logits: Tensor,
    target: Tensor,
    *,
    include_background: bool = True,
    soft_target: bool = False,
    dice_of_empty: bool = True,
) -> Tensor:
    """Dice plus cross-entropy of classes that exclude each other (softmax); a scalar.

    `logits` (B, C, …); `target` is (B, …) with whole numbers below C, or probabilities (B, C, …). Cross-entropy always
    counts every class; Dice leaves class 0 out unless `include_background`. `soft_target` as in `dice_loss_terms`,
    `dice_of_empty` as in `region_loss`, of classes.

    Raises `InputError` for shapes that do not belong together and for numbers that are no class.
    """
    logits = logits.float()
    if target.ndim == logits.ndim - 1:
        if bool(((target < 0) | (target >= logits.shape[1])).any()):
            raise InputError(
                "no-such-class",
                f"The target runs from {target.min().item()} to {target.max().item()}; classes from 0 to "
                f"{logits.shape[1] - 1} are meant.",
            )
        target = F.one_hot(target.long(), logits.shape[1]).movedim(-1, 1)
    _check_same_shape(logits, target)
    target = target.to(logits)
    cross_entropy = F.cross_entropy(logits, target)
    first = 0 if include_background else 1
    prediction, target = logits.softmax(1)[:, first:], target[:, first:]
    weights = prediction.new_ones(prediction.shape[:2])
    return _mean_dice(prediction, target, weights, soft_target, dice_of_empty) + cross_entropy


def dice_loss_terms(prediction: Tensor, target: Tensor, *, soft_target: bool = False) -> Tensor:
    """1 - Dice per sample and channel, (B, R), of probabilities (B, R, …) against `target` of the same shape.

    The intersection is Σ p·q, the formula of Milletari et al. (V-Net, 3DV 2016) without squares. For a target q between
    0 and 1 that is not smallest at p = q: it rewards p = 1 wherever q is above half the Dice reached. With
    `soft_target` the intersection is Σ min(p, q), as MONAI's `DiceLoss(soft_label=True)` has it: the same number for
    q ∈ {0, 1}, and smallest, zero, exactly at p = q.
    """
    prediction, target = prediction.flatten(2), target.flatten(2)
    intersection = torch.minimum(prediction, target) if soft_target else prediction * target
    sizes = prediction.sum(2) + target.sum(2)
    return 1 - (2 * intersection.sum(2) + SMOOTH) / (sizes + SMOOTH)


def alarm_terms(prediction: Tensor) -> Tensor:
    """How much of a crop is called lesion where there is none, (B, R): from 0 for nothing to 1 for all, as Dice losses.

    log(1 + m/s) / log(1 + 1/s) of the mean probability m, where s is `ALARM_SHARE`: a false volume is pulled at the
    more strongly the smaller it is, like a true one by Dice.
    """
    return torch.log1p(prediction.flatten(2).mean(2) / ALARM_SHARE) / math.log1p(1 / ALARM_SHARE)


def _weighted_mean(terms: Tensor, weights: Tensor) -> Tensor:
    return (weights * terms).sum() / weights.sum().clamp_min(torch.finfo(torch.float32).tiny)


def _check_same_shape(logits: Tensor, target: Tensor) -> None:
    if logits.shape != target.shape:
        raise InputError(
            "wrong-shape",
            f"The target has shape {tuple(target.shape)}, the logits {tuple(logits.shape)}.",
            "Give one channel of the target per channel of the logits.",
        )
