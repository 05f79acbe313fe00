"""Training batches of crops from a cache: slices of mapped arrays, never a whole volume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch.utils.data import Dataset

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Code

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
        codes: Mapping[str, Code] | None = None,
    ) -> None:
        """`ids` choose cases, by default all; `flip` is the probability for each of `flip_axes` (of x, y, z).

        `codes` say of cases, by id, what is shown of them where that is less than they have (`simulate_missing`).

        Raises `InputError` when there is no case to draw from.
        """
        names = cache.ids if ids is None else tuple(ids)
        if not names:
            raise InputError("empty-cache", f"There is no case to train on in {cache.folder}.", "Fill the cache first.")
        self.cases = tuple(cache[name] for name in names)
        self.modalities = cache.options.modalities
        self.crop, self.batch_size, self.seed = tuple(crop), batch_size, seed
        self.codes = {case.id: (codes or {}).get(case.id, case.code) for case in self.cases}
        self.foreground, self.flip, self.flip_axes = foreground, flip, tuple(flip_axes)

    def __getitem__(self, index: int) -> Batch:
        if index < 0:
            raise IndexError(index)
        dice = np.random.default_rng((self.seed, index))
        count, regions = self.batch_size, len(REGIONS)
        batch = Batch(
            image=torch.zeros(count, len(self.modalities), *self.crop),
            code=torch.zeros(count, len(self.modalities)),
            regions=torch.zeros(count, regions, *self.crop),
            scored=torch.zeros(count, regions),
            brain=torch.zeros(count, *self.crop, dtype=torch.bool),
        )
        for row in range(count):
            self._draw(dice, batch, row)
        return batch

    def _draw(self, dice: np.random.Generator, batch: Batch, row: int) -> None:
        """Write a random sample into a row of zeros, straight from the mapped arrays: nothing is copied twice."""
        case = self.cases[dice.integers(len(self.cases))]
        start = self._start(case, dice)
        flipped = [axis - 3 for axis in self.flip_axes if dice.random() < self.flip]

        def write(array: np.ndarray, into: torch.Tensor) -> None:
            _crop_into(array, start, np.flip(into.numpy(), flipped))

        shown = self.codes[case.id]
        for array, modality in zip(case.channels, case.code, strict=True):
            if modality in shown:
                write(array, batch.image[row, self.modalities.index(modality)])
        bits = np.zeros(self.crop, np.uint8)
        _crop_into(case.regions, start, np.flip(bits, flipped))
        for i in range(len(REGIONS)):
            batch.regions[row, i] = torch.from_numpy(bits >> i & 1)
        write(case.brain, batch.brain[row])
        batch.code[row] = torch.tensor([modality in shown for modality in self.modalities])
        batch.scored[row] = torch.tensor([name in case.scored for name in REGIONS])

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


def _crop_into(array: np.ndarray, start: list[int], into: np.ndarray) -> None:
    """Copy the part of `array` (X, Y, Z) from `start` on into `into`, which keeps its values beyond the borders."""
    source, target = [], []
    for first, length, size in zip(start, into.shape, array.shape, strict=True):
        low, high = max(first, 0), min(first + length, size)
        source.append(slice(low, high))
        target.append(slice(low - first, high - first))
    into[tuple(target)] = array[tuple(source)]
