"""Which crop each place of a training stream shows, when crops are used more than once.

Making a crop costs more than a small network's step, so each is used several times, long enough apart for the network
to have moved on. New crops come evenly: a block of them is used once while the next is being made, again during the one
after that, and so on, each time in another order. New crops of a case follow each other closely, never in one batch:
what was computed for the first is still at hand for the next.

Batches are dealt to lanes in turn. A lane has crops of its own, so that worker processes that share the batches among
them do not make the same crop twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .draws import seed


@dataclass(frozen=True)
class Use:
    """One place in a batch."""

    crop: int
    """Number of the crop; negative in the first `window` places, which reach back to before the start."""
    mirrored: tuple[bool, bool, bool]
    """Along x, y and z."""
    seed: int
    """For what else differs from one use of a crop to the next."""


@dataclass(frozen=True)
class Schedule:
    """A pure function from the number of a batch to what is in it."""

    reuse: int
    """How often each crop is used."""
    window: int
    """How many crops are in use at a time."""
    lanes: int
    batch_size: int
    crops_per_case: int
    mirror_axes: tuple[int, ...]
    seed: int

    def batch(self, index: int) -> list[Use]:
        """What batch `index` holds."""
        turn, lane = divmod(index, self.lanes)
        return [self._use(turn * self.batch_size + item, lane) for item in range(self.batch_size)]

    @property
    def block(self) -> int:
        """Crops per lane that are made before the first of them is used again."""
        return max(1, self.window // (self.reuse * self.lanes))

    @property
    def kept(self) -> int:
        """How many crops must be kept so that none has to be made twice."""
        return (self.reuse + 1) * self.block * self.lanes

    def _use(self, place: int, lane: int) -> Use:
        step, age = divmod(place, self.reuse)
        now, position = divmod(step, self.block)
        if age:  # what is new is random anyway; its order keeps crops of one case close
            position = int(torch.randperm(self.block, generator=self._generator(1, lane, now, age))[position])
        case, crop = self._crop((now - age) * self.block + position)
        chance = self._generator(2, lane, place, 0)
        coins = torch.rand(3, generator=chance) < 0.5
        mirrored = tuple(axis in self.mirror_axes and bool(coins[axis]) for axis in range(3))
        return Use((case * self.lanes + lane) * self.crops_per_case + crop, mirrored, seed(chance))

    def _crop(self, in_lane: int) -> tuple[int, int]:
        """Case and crop that come at that place of a lane: soon after another, but not in one batch."""
        group, place = divmod(in_lane, self.batch_size * self.crops_per_case)
        crop, case = divmod(place, self.batch_size)
        return group * self.batch_size + case, crop

    def _generator(self, *numbers: int) -> torch.Generator:
        state = self.seed
        for number in numbers:
            state = ((state ^ number) * 0x9E3779B97F4A7C15 + 0x94D049BB133111EB) % 2**64
            state ^= state >> 31
        return torch.Generator().manual_seed(state % 2**63)
