"""What a training step sees, whatever it was made from: phantoms, a cache on disk, plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """B samples. Channels and regions in the product's order, channels normalised and zero where missing."""

    image: Tensor  # B K X Y Z, float32
    code: Tensor  # B K, which channels exist
    regions: Tensor  # B R X Y Z, 0 or 1
    scored: Tensor  # B R, which regions the truth of a sample can tell
    brain: Tensor  # B X Y Z, bool

    def to(self, device: torch.device | str) -> Batch:
        return Batch(*(getattr(self, name).to(device, non_blocking=True) for name in _FIELDS))

    def pin_memory(self) -> Batch:
        """In memory from which a GPU copies while it computes; called by torch's loader."""
        return Batch(*(getattr(self, name).pin_memory() for name in _FIELDS))

    def __len__(self) -> int:
        return self.image.shape[0]


_FIELDS = ("image", "code", "regions", "scored", "brain")


def collate(batches: Sequence[Batch]) -> Batch:
    """One batch of several."""
    return Batch(*(torch.cat([getattr(batch, name) for batch in batches]) for name in _FIELDS))


def select(batch: Batch, samples: torch.Tensor) -> Batch:
    """The samples that `samples` (B,), truth values, marks."""
    return Batch(*(getattr(batch, name)[samples] for name in _FIELDS))
