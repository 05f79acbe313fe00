"""What is done to crops after they are cut: scaled one by one, brightness varied, mirrored.

Drawing and applying are apart: `draw` makes plain numbers from (seed, batch, sample), `apply` is a function of them.
Missing channels and the background stay zero throughout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from MissingModalitySegLib.arrays.normalise import normalise

from .batch import Batch


@dataclass(frozen=True)
class TransformSettings:
    """Which transforms; by default none."""

    rescale: str | None = None  # zscore or minmax over the brain of each crop; None keeps the scale of the whole brain
    shift: float = 0.0  # a channel's brightness moves by up to so much, in units of its scale
    scale: float = 0.0  # … and is multiplied by 1 ± up to so much
    flip: float = 0.0  # probability of mirroring along each axis of `flip_axes`
    flip_axes: tuple[int, ...] = (0, 1, 2)  # of x, y, z


@dataclass(frozen=True)
class Drawn:
    """The numbers for one sample of K channels."""

    shifts: tuple[float, ...]
    factors: tuple[float, ...]
    flipped: tuple[int, ...]  # axes of x, y, z


def draw(settings: TransformSettings, seed: int, batch: int, sample: int, channels: int) -> Drawn:
    """A pure function: the same for the same numbers, whatever was drawn before."""
    dice = np.random.default_rng((seed, batch, sample))
    shifts = dice.uniform(-settings.shift, settings.shift, channels)
    factors = 1 + dice.uniform(-settings.scale, settings.scale, channels)
    coins = dice.random(3) < settings.flip
    flipped = tuple(axis for axis in range(3) if axis in settings.flip_axes and coins[axis])
    return Drawn(tuple(shifts.tolist()), tuple(factors.tolist()), flipped)


def apply(batch: Batch, drawn: Sequence[Drawn], rescale: str | None = None) -> Batch:
    """Rescale all crops of `batch` over their own brain, then v ← v·factor + shift there, then mirror each sample."""
    image = batch.image
    if rescale is not None:
        image = normalise(image, batch.brain, rescale, "tile")
    if any(one.shifts and (any(one.shifts) or set(one.factors) != {1.0}) for one in drawn):
        shifts = image.new_tensor([one.shifts for one in drawn])[..., None, None, None]  # B K 1 1 1
        factors = image.new_tensor([one.factors for one in drawn])[..., None, None, None]
        image = image * factors + shifts
    there = batch.brain.unsqueeze(1) & batch.code.bool()[..., None, None, None]
    image = torch.where(there, image, image.new_zeros(()))
    batch = replace(batch, image=image)
    if any(one.flipped for one in drawn):
        batch = replace(
            batch,
            image=_mirrored(batch.image, drawn),
            regions=_mirrored(batch.regions, drawn),
            brain=_mirrored(batch.brain, drawn),
        )
    return batch


def transform(batch: Batch, settings: TransformSettings, seed: int, index: int) -> Batch:
    """Batch number `index` of a training, transformed."""
    drawn = [draw(settings, seed, index, sample, batch.image.shape[1]) for sample in range(len(batch))]
    return apply(batch, drawn, settings.rescale)


def _mirrored(values: torch.Tensor, drawn: Sequence[Drawn]) -> torch.Tensor:
    return torch.stack([row.flip([axis - 3 for axis in one.flipped]) for row, one in zip(values, drawn, strict=True)])
