"""Training batches of crops from a cache: slices of mapped arrays, never a whole volume."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.utils.data import Dataset

from MissingModalitySegLib.errors import InputError

from .batch import Batch
from .cache import REGIONS, Cache, CachedCase


class CachedCrops(Dataset):
    """Batch i is a pure function of (seed, i) and of the cached cases.

    Every sample is a random case, a crop and random flips. With probability `foreground` the crop is centred on a voxel
    of the case's lesion, all its voxels equally likely (Novosad et al. centre 80 % of their crops so); else it lies
    anywhere. At the border of the volume a crop is moved inwards, so that it holds the voxel off its centre; a volume
    smaller than the crop is padded with zeros.
    """

    def __init__(
        self,
        cache: Cache,
        crop: tuple[int, int, int] = (96, 96, 96),
        batch_size: int = 4,
        seed: int = 0,
        foreground: float = 0.8,
        flip: float = 0.5,
        flip_axes: tuple[int, ...] = (0, 1, 2),
        ids: Sequence[str] | None = None,
    ) -> None:
        """`ids` choose cases, by default all; `flip` is the probability for each of `flip_axes` (of x, y, z).

        Raises `InputError` when there is no case to draw from.
        """
        names = cache.ids if ids is None else tuple(ids)
        if not names:
            raise InputError("empty-cache", f"There is no case to train on in {cache.folder}.", "Fill the cache first.")
        self.cases = tuple(cache[name] for name in names)
        self.modalities = cache.options.modalities
        self.crop, self.batch_size, self.seed = tuple(crop), batch_size, seed
        self.foreground, self.flip, self.flip_axes = foreground, flip, tuple(flip_axes)

    def __getitem__(self, index: int) -> Batch:
        if index < 0:
            raise IndexError(index)
        dice = np.random.default_rng((self.seed, index))
        samples = [self._sample(dice) for _ in range(self.batch_size)]
        return Batch(*(torch.from_numpy(np.stack(parts)) for parts in zip(*samples, strict=True)))

    def _sample(self, dice: np.random.Generator) -> tuple[np.ndarray, ...]:
        case = self.cases[dice.integers(len(self.cases))]
        start = self._start(case, dice)
        flipped = [axis for axis in self.flip_axes if dice.random() < self.flip]

        def crop(array: np.ndarray) -> np.ndarray:
            part = _cut(array, start, self.crop)
            return np.flip(part, [axis - 3 for axis in flipped])

        image = np.zeros((len(self.modalities), *self.crop), np.float32)
        image[[self.modalities.index(modality) for modality in case.code]] = crop(case.channels)
        bits = crop(case.regions)
        regions = np.stack([bits >> i & 1 for i in range(len(REGIONS))]).astype(np.float32)
        scored = np.array([name in case.scored for name in REGIONS], np.float32)
        return image, np.array(case.code.vector, np.float32), regions, scored, np.ascontiguousarray(crop(case.brain))

    def _start(self, case: CachedCase, dice: np.random.Generator) -> list[int]:
        """The first voxel of a crop; negative where the volume is smaller than the crop."""
        on_lesion = dice.random() < self.foreground and case.lesion_voxels > 0
        centre = case.foreground[dice.integers(case.lesion_voxels)] if on_lesion else None
        starts = []
        for axis, (size, length) in enumerate(zip(case.shape, self.crop, strict=True)):
            if size <= length:
                starts.append((size - length) // 2)
            elif centre is None:
                starts.append(int(dice.integers(size - length + 1)))
            else:
                starts.append(min(max(int(centre[axis]) - length // 2, 0), size - length))
        return starts


def _cut(array: np.ndarray, start: list[int], crop: tuple[int, ...]) -> np.ndarray:
    """A copy of the part of `array` (…, X, Y, Z) from `start` on, zero beyond its borders."""
    inside = [
        slice(max(first, 0), min(first + length, size))
        for first, length, size in zip(start, crop, array.shape[-3:], strict=True)
    ]
    part = np.array(array[(..., *inside)])
    if part.shape[-3:] == tuple(crop):
        return part
    whole = np.zeros((*array.shape[:-3], *crop), array.dtype)
    whole[(..., *(slice(s.start - f, s.stop - f) for s, f in zip(inside, start, strict=True)))] = part
    return whole
