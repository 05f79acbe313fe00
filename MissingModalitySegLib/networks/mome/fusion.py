"""One answer from several: the maps that a network made of each available modality are joined voxel by voxel.

The published model answers for one image of one modality and says nothing about a case with several, so **this fusion
is ours**. It presumes that the labels of all modalities meant the same thing in training; a network whose T1ce labels
were the tumour core and whose FLAIR labels were the whole tumour has no meaningful mean.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from ..configs import require

Method = Literal["mean", "max", "reliability"]
Activation = Literal["sigmoid", "softmax"]


@dataclass(frozen=True)
class Fusion:
    """How maps are joined: their plain `mean`, the `max`, or the mean weighted by each modality's `reliability`.

    `weights` belong to the last and are one per modality in channel order, measured on validation data. A modality with
    weight zero is asked only where no other is available.
    """

    method: Method = "mean"
    weights: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        require(self.method in ("mean", "max", "reliability"), "fusion", "use one of mean, max, reliability.")
        require(
            bool(self.weights) == (self.method == "reliability"),
            "reliabilities",
            "weights belong to the fusion by reliability, and only to it.",
        )
        require(
            all(math.isfinite(weight) and weight >= 0 for weight in self.weights),
            "reliabilities",
            "a weight is zero or more.",
        )
        require(not self.weights or any(self.weights), "reliabilities", "one weight at least is more than zero.")

    def shares(self, available: Sequence[int]) -> dict[int, float]:
        """What each of the `available` channels contributes: channel → share above zero; the shares sum to one."""
        weights = {channel: self.weights[channel] if self.weights else 1.0 for channel in available}
        if not any(weights.values()):
            weights = dict.fromkeys(available, 1.0)
        total = sum(weights.values())
        return {channel: weight / total for channel, weight in weights.items() if weight}


def fuse(maps: Iterable[Tensor], shares: Sequence[float], method: Method, activation: Activation) -> Tensor:
    """The logits of the joined probabilities of `maps`, logits (…, R, D, H, W) of one shape; float32.

    One map comes in after the other, so that a generator never has two in memory.

    - `sigmoid`: p = Σ s σ(z), returned as log p - log(1 - p), both sums of exponentials of logarithms: exact where
      σ(z) itself would round to 0 or 1. `max` is the largest z.
    - `softmax` over R classes, class 0 the background: log Σ s softmax(z), whose softmax is the mean. `max` takes
      at each voxel the modality that is least sure of background.
    """
    if len(shares) == 1:
        return next(iter(maps)).float()
    join = {
        ("sigmoid", True): _max_sigmoid,
        ("sigmoid", False): _mean_sigmoid,
        ("softmax", True): _max_softmax,
        ("softmax", False): _mean_softmax,
    }[activation, method == "max"]
    return join((logits.float() for logits in maps), [math.log(share) for share in shares])


def _mean_sigmoid(maps: Iterable[Tensor], log_shares: Sequence[float]) -> Tensor:
    foreground, background = None, None
    for z, log_share in zip(maps, log_shares, strict=True):
        foreground = _log_add(foreground, F.logsigmoid(z) + log_share)
        background = _log_add(background, F.logsigmoid(-z) + log_share)
    return foreground - background


def _mean_softmax(maps: Iterable[Tensor], log_shares: Sequence[float]) -> Tensor:
    total = None
    for z, log_share in zip(maps, log_shares, strict=True):
        total = _log_add(total, z.log_softmax(-4) + log_share)
    return total


def _max_sigmoid(maps: Iterable[Tensor], log_shares: Sequence[float]) -> Tensor:
    largest = None
    for z, _ in zip(maps, log_shares, strict=True):
        largest = z if largest is None else torch.maximum(largest, z)
    return largest


def _max_softmax(maps: Iterable[Tensor], log_shares: Sequence[float]) -> Tensor:
    best = None
    for z, _ in zip(maps, log_shares, strict=True):
        z = z.log_softmax(-4)
        surer = None if best is None else z.narrow(-4, 0, 1) < best.narrow(-4, 0, 1)
        best = z if best is None else torch.where(surer, z, best)
    return best


def _log_add(total: Tensor | None, term: Tensor) -> Tensor:
    return term if total is None else torch.logaddexp(total, term)
