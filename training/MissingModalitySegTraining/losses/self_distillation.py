"""Online self-distillation from the full view to the dropped one (Novosad et al., MICCAI 2024, section 2.3)."""

from __future__ import annotations

import math

from torch import Tensor

from .segmentation import region_loss


def self_distillation_loss(
    full_logits: Tensor, dropped_logits: Tensor, *, temperature: float = 2.0, soft_target: bool = False
) -> Tensor:
    """Eq. 6: 𝓛_τ(sg(f(x)), f(x̃)), Dice plus cross-entropy between softened outputs; a scalar.

    Both logits are (B, R, …) and are divided by `temperature` τ before the sigmoid. The full view is the target and
    gets no gradient. All regions count, also those a case has no truth for: the target is the network's own.

    This is MONAI's `DiceCELoss` as in the paper, whose Dice term pulls the dropped view to 0 and 1 even where both
    agree. With `soft_target` (ours) its minimum is agreement; but softened logits leave some probability everywhere,
    all of which it weighs alike, and where lesions are small nearly all of its pull is on background. Neither the paper
    nor we multiply by τ².
    """
    target = (full_logits.detach().float() / temperature).sigmoid()
    return region_loss(dropped_logits.float() / temperature, target, soft_target=soft_target)


def ramp_up(step: float, steps: float) -> float:
    """w(t) of eq. 7: 0.0067 at the first of `steps`, 1 from a third of them on.

    D: the paper says "sigmoid-like" and cites Tarvainen & Valpola, "Mean teachers are better role models" (2017):
    w = exp(-5 (1 - t/T_r)²) with T_r = T/3.
    """
    ramp = steps / 3
    return math.exp(-5 * (1 - min(step, ramp) / ramp) ** 2) if steps > 0 else 1.0
