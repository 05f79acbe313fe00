"""Bringing intensities to a common scale.

MRI has no unit, so every channel is centred and scaled by its own statistics, by default over the brain of the *whole*
volume. The same statistics serve a crop and a whole brain, which is what allows one pass over the brain at inference,
and they do not change with how much of a lesion a crop happens to contain. The papers scale each crop for itself;
`normalise` can do that, too.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .boxes import bounding_box


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


def normalise(image: Tensor, brain: Tensor, method: str = "zscore", scope: str = "brain") -> Tensor:
    """`image` (B, K, …) on the scale a network was trained with, zero outside `brain` (B, …) and in a constant channel.

    `method`: `zscore` gives mean 0 and deviation 1, `minmax` brings the darkest voxel to 0 and the brightest to 1.
    `scope` says which voxels count: those of the `brain`; the whole `volume`, which is the box around the brain, where
    everything outside the brain counts as black (the channel's darkest brain voxel); or those of the `tile`, where
    `image` is one window of a volume and its brain voxels count.

    All of these are blind to how bright a channel is and how much contrast it has: raw intensities and those that were
    scaled before give the same. D: Novosad et al. and Liu et al. scale by every voxel of a crop; that makes the scale
    depend on how much background lies in it, so that the windows at the brain's edge would be like no crop trained on.
    """
    image = image.float()
    if scope == "volume":
        image, counted = _black_outside(image, brain), _box_around(brain)
    else:
        counted = brain
    if method == "zscore":
        low, width = brain_statistics(image, counted)
    elif method != "minmax":
        raise ValueError(f"Nothing inside a brain is scaled by “{method}”.")
    else:
        low, high = _extremes(image, counted)
        width = high - low
        width = torch.where(width > 0, width, torch.ones_like(width))
    return z_normalise(image, brain, (low, width))


def _extremes(image: Tensor, where: Tensor) -> tuple[Tensor, Tensor]:
    """Smallest and largest value of every channel (B, K) over `where` (B, …); 0 and 0 where there is no voxel."""
    where = where.unsqueeze(1)
    low = image.masked_fill(~where, torch.inf).flatten(2).amin(-1)
    high = image.masked_fill(~where, -torch.inf).flatten(2).amax(-1)
    some = where.flatten(2).any(-1)
    return torch.where(some, low, 0.0), torch.where(some, high, 0.0)


def _black_outside(image: Tensor, brain: Tensor) -> Tensor:
    low, _ = _extremes(image, brain)
    return torch.where(brain.unsqueeze(1), image, low.view(*low.shape, *[1] * (image.ndim - 2)))


def _box_around(brain: Tensor) -> Tensor:
    """True inside the smallest box around the brain of each sample (B, …)."""
    inside = torch.zeros_like(brain)
    for one, mask in zip(inside, brain, strict=True):
        box = bounding_box(mask)
        one[tuple(slice(start, stop) for start, stop in zip(box.start, box.stop, strict=True))] = True
    return inside


HEAD_LIMIT = 5.0
"""Whole heads are clipped to ± this after normalisation: hot fat beside a coil says no more than bright fat does."""

_MOST_RANKED = 200_000
"""Voxels that percentiles are taken from; more would not move them by as much as noise does."""


def normalise_head(image: Tensor) -> Tensor:
    """Each volume of `image` (…, X, Y, Z) that shows a whole head, centred and scaled by what its head shows.

    There is no brain mask yet to normalise by, and mean and deviation over the volume would follow the share of air and
    the brightness of fat. So: the head is what is above 15 % of the way from the darkest (1st percentile) to the
    brightest (98th); its median becomes 0, and the distance of its 10th and 90th percentile 2.56, what it is in a
    normal distribution. The result does not depend on unit or offset, and is clipped to ± `HEAD_LIMIT`. A constant
    volume becomes 0.
    """
    volumes = image.float().reshape(-1, *image.shape[-3:])
    scaled = torch.stack([_normalise_one_head(volume) for volume in volumes])
    return scaled.reshape(image.shape)


def _normalise_one_head(volume: Tensor) -> Tensor:
    values = volume.flatten()
    values = values[:: max(1, len(values) // _MOST_RANKED)].sort().values
    low, high = _percentile(values, 1), _percentile(values, 98)
    head = values[values > low + 0.15 * (high - low)]
    if len(head) == 0:
        return torch.zeros_like(volume)
    spread = (_percentile(head, 90) - _percentile(head, 10)) / 2.563
    spread = torch.maximum(spread, 1e-3 * (high - low))  # a head of one brightness
    if not spread > 0:
        return torch.zeros_like(volume)
    return ((volume - _percentile(head, 50)) / spread).clamp(-HEAD_LIMIT, HEAD_LIMIT)


def _percentile(ascending: Tensor, percent: float) -> Tensor:
    return ascending[round((len(ascending) - 1) * percent / 100)]
