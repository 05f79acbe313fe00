"""What all streams of phantoms share: samples are made when first needed, and used as often as the schedule says."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Generic, Protocol, TypeVar

import torch
from torch.utils.data import Dataset

from ..data.batch import Batch, collate
from .atlas import load_atlas
from .draws import choose
from .lesions import open_mask_folder
from .schedule import Schedule

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """What was made last, up to a number of things."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._values: OrderedDict[Hashable, Value] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """What `key` stands for, made if it is not there."""
        if key not in self._values:
            self._values[key] = make()
        self._values.move_to_end(key)
        if len(self._values) > self._capacity:
            self._values.popitem(last=False)
        return self._values[key]


class ReuseSettings(Protocol):
    """What a stream's settings say about drawing and reuse."""

    kinds: Mapping[str, float]
    batch_size: int
    reuse: int
    window: int
    lanes: int
    mirror_axes: tuple[int, ...]
    lesion_masks: str | None
    seed: int


class ReusedStream(Dataset, ABC):
    """Batch i is a pure function of (settings, i). A stream says what `sample` n is and may `retouch` each use."""

    def __init__(self, settings: ReuseSettings, device: torch.device | str = "cpu", samples_per_case: int = 1) -> None:
        self.settings = settings
        self.device = torch.device(device)
        self.schedule = Schedule(
            settings.reuse,
            settings.window,
            settings.lanes,
            settings.batch_size,
            samples_per_case,
            settings.mirror_axes,
            settings.seed,
        )
        self._samples: Recent[Batch] = Recent(self.schedule.kept)

    @cached_property
    def atlas(self):
        return load_atlas(self.device)

    @cached_property
    def masks(self):
        return open_mask_folder(self.settings.lesion_masks) if self.settings.lesion_masks else None

    @abstractmethod
    def sample(self, number: int) -> Batch:
        """Sample `number` of the stream, a batch of one."""

    def retouch(self, sample: Batch, seed: int) -> Batch:
        """A use of a kept sample; each has a seed of its own."""
        return sample

    def __getitem__(self, index: int) -> Batch:
        samples = []
        for use in self.schedule.batch(index):
            if self.settings.reuse == 1:
                sample = self.sample(use.crop)
            else:
                sample = self.retouch(self._kept(use.crop), use.seed)
            samples.append(mirror(sample, use.mirrored))
        return collate(samples)

    def draw_case(self, number: int) -> tuple[torch.Generator, str, int]:
        """For case `number`: where its further draws come from, its kind, and its seed."""
        settings = self.settings
        generator = torch.Generator().manual_seed((settings.seed * 0x9E3779B97F4A7C15 + number * 2 + 1) % 2**63)
        kind = choose(generator, settings.kinds)
        return generator, kind, int(torch.randint(2**40, (), generator=generator))

    def _kept(self, number: int) -> Batch:
        """Sample `number`, made at its first use; half precision is finer than the noise of any image."""

        def make() -> Batch:
            sample = self.sample(number)
            return replace(sample, image=sample.image.half(), regions=sample.regions.bool())

        sample = self._samples.get(number, make)
        return replace(sample, image=sample.image.float(), regions=sample.regions.float())


def mirror(sample: Batch, mirrored: tuple[bool, bool, bool]) -> Batch:
    """The sample, its spatial axes reversed where `mirrored`."""
    axes = [axis - 3 for axis in range(3) if mirrored[axis]]
    if not axes:
        return sample
    return replace(
        sample, image=sample.image.flip(axes), regions=sample.regions.flip(axes), brain=sample.brain.flip(axes)
    )
