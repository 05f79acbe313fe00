"""Bringing intensities to a common scale.

MRI has no unit, so every channel is centred and scaled by its own statistics over the brain of the *whole* volume. The
same statistics serve a crop and a whole brain, which is what allows one pass over the brain at inference, and they do
not change with how much of a lesion a crop happens to contain.
"""

from __future__ import annotations

import torch
from torch import Tensor


def brain_statistics(image: Tensor, brain: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and population standard deviation over `brain` (B, …) for every channel of `image` (B, K, …): both (B, K).

    A constant channel gets the deviation 1, so that it becomes zero and not infinite; an empty mask gives 0 and 1.
    """
    weights = brain.to(torch.float64).flatten(1).unsqueeze(1)  # B 1 N
    values = image.to(torch.float64).flatten(2)  # B K N
    count = weights.sum(-1).clamp(min=1)
    mean = (values * weights).sum(-1) / count
    variance = ((values - mean.unsqueeze(-1)).square() * weights).sum(-1) / count
    deviation = variance.sqrt()
    deviation = torch.where(deviation > 1e-6 * mean.abs().clamp(min=1e-12), deviation, torch.ones_like(deviation))
    return mean.float(), deviation.float()


def z_normalise(image: Tensor, brain: Tensor, statistics: tuple[Tensor, Tensor] | None = None) -> Tensor:
    """(image - mean) / deviation inside `brain`, zero outside; `statistics` default to those of this very volume.

    Zero is the mean of the brain, and what a missing modality holds: the background carries no information.
    """
    mean, deviation = brain_statistics(image, brain) if statistics is None else statistics
    shape = (*mean.shape, *[1] * (image.ndim - 2))
    scaled = (image.float() - mean.view(shape)) / deviation.view(shape)
    return torch.where(brain.unsqueeze(1), scaled, scaled.new_zeros(()))


def minmax_normalise(image: Tensor, brain: Tensor) -> Tensor:
    """Every channel of `image` (B, K, …) scaled to 0 … 1 over `brain` (B, …), zero outside; a constant channel is zero.

    Zhao et al. scale the whole crop; over the brain alone the size of the background in a crop does not matter.
    """
    inside = brain.unsqueeze(1)
    values = image.float()
    low = torch.where(inside, values, values.new_tensor(torch.inf)).flatten(2).amin(-1)
    high = torch.where(inside, values, values.new_tensor(-torch.inf)).flatten(2).amax(-1)
    span = high - low
    span = torch.where(span > 1e-6 * low.abs().clamp(min=1e-12), span, span.new_tensor(torch.inf))
    shape = (*low.shape, *[1] * (image.ndim - 2))
    return torch.where(inside, (values - low.view(shape)) / span.view(shape), values.new_zeros(()))
