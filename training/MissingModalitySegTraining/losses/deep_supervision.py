"""Deep supervision (eq. 3 and 4 of Zhang et al., MICCAI 2024, with the weights of nnU-Net).

An output at every decoder level is compared with the target down-sampled to its size; any loss of (logits, target)
serves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from MissingModalitySegLib.errors import InputError

from .attachment import attached_zero

Loss = Callable[[Tensor, Tensor], Tensor]


def level_weights(levels: int) -> tuple[float, ...]:
    """k_l for level 0 (full size) to `levels` - 1: 1, ½, ¼, … and 0 for the lowest, divided by their sum.

    A single level has the weight 1.
    """
    if levels < 1:
        raise InputError("no-levels", "Deep supervision needs one level or more.")
    weights = [0.5**level for level in range(levels)]
    if levels > 1:
        weights[-1] = 0.0
    return tuple(weight / sum(weights) for weight in weights)


def downsample_target(target: Tensor, size: Sequence[int]) -> Tensor:
    """d^l: `target` (B, R, D, H, W) or, with whole numbers for classes, (B, D, H, W) at the spatial `size`.

    Each coarse voxel takes the value of the voxel at its centre, so a binary target stays binary.
    """
    if tuple(target.shape[-3:]) == tuple(size):
        return target
    channels = target if target.ndim == 5 else target.unsqueeze(1)
    small = F.interpolate(channels.float(), tuple(size), mode="nearest-exact").to(target.dtype)
    return small if target.ndim == 5 else small.squeeze(1)


def deep_supervision_loss(levels: Sequence[Tensor], target: Tensor, loss: Loss) -> Tensor:
    """Σ_l k_l · loss(levels[l], d^l(target)), a scalar, of logits (B, R, D/2ˡ, H/2ˡ, W/2ˡ) from the top.

    A level without weight, the lowest, is not evaluated: an overflow in half precision there would make 0 · ∞ of it. It
    stays attached: its parameters have a gradient (zero), which training on several devices at once expects. Raises
    `InputError` without a level.
    """
    weights = level_weights(len(levels))
    terms = [attached_zero(logits for logits, weight in zip(levels, weights, strict=True) if not weight)]
    for logits, weight in zip(levels, weights, strict=True):
        if weight:
            terms.append(weight * loss(logits, downsample_target(target, logits.shape[-3:])))
    return torch.stack([term.to(levels[0].device) for term in terms]).sum()
