"""A training small enough to watch: y = w·x + b fitted to 3x."""

from __future__ import annotations

import csv
from pathlib import Path

import torch
from torch import Tensor, nn

from MissingModalitySegTraining.data.batch import Batch
from MissingModalitySegTraining.loop import HISTORY, LoopSettings

ROOT = Path(__file__).resolve().parents[2]


def batch_of(x: Tensor) -> Batch:
    """`x` (B, 1, X, Y, Z), and 3x as what is to be found."""
    ones = torch.ones(len(x), 1)
    return Batch(x, ones, 3 * x, ones, torch.ones(x.shape[:1] + x.shape[2:], dtype=torch.bool))


class Samples(torch.utils.data.Dataset):
    """Batch i is a pure function of i."""

    def __getitem__(self, index: int) -> Batch:
        return batch_of(torch.randn(2, 1, 2, 2, 2, generator=torch.Generator().manual_seed(index)))


class Slope:
    """Remembers what it was shown and what was random; its loss is NaN at the calls in `spoil`."""

    def __init__(self, spoil: range = range(0)) -> None:
        torch.manual_seed(0)
        self.network = nn.Conv3d(1, 1, 1)
        self.calls, self.spoil, self.drawn = 0, spoil, []

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        noise = torch.randn((), generator=generator)
        self.drawn.append((float(batch.image[0, 0, 0, 0, 0]), float(noise), float(torch.randn(()))))
        loss = (self.network(batch.image) - batch.regions).square().mean() + 0 * noise
        self.calls += 1
        return {"loss": loss * float("nan") if self.calls in self.spoil else loss, "half": loss / 2}


class InterruptionError(Exception):
    pass


class StopsAt(Slope):
    def __init__(self, call: int) -> None:
        super().__init__()
        self.call = call

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        if self.calls == self.call:
            raise InterruptionError
        return super().losses(batch, progress, generator)


def settings(**changes) -> LoopSettings:
    return LoopSettings(**{"steps": 12, "learning_rate": 0.1, "workers": 0, "checkpoint_minutes": 1e9, **changes})


def rows(folder: Path, column: str = "loss") -> list[float]:
    with (folder / HISTORY).open(newline="") as file:
        return [float(row[column]) for row in csv.DictReader(file)]


def counters(folder: Path) -> dict:
    return torch.load(folder / "checkpoint.pt", weights_only=True)["counters"]
