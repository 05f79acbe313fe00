"""Curves for TensorBoard."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from .watching import StepRecord

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class Curves:
    """Loss parts, learning rate, gradient norm and validation scores, as `tensorboard --logdir` shows them.

    Each point is the mean over `every` steps: a curve of single steps is mostly noise, and most of the file.
    """

    def __init__(self, folder: Path, every: int = 10) -> None:
        self._folder, self._every = folder, every
        self._writer: SummaryWriter | None = None
        self._records: list[StepRecord] = []

    def step(self, record: StepRecord) -> None:
        self._open(record.step)
        self._records.append(record)
        if record.step % self._every == 0:
            self._write()

    def validated(self, step: int, scores: Mapping[str, float]) -> None:
        writer = self._open(step + 1)
        for name, value in scores.items():
            writer.add_scalar(f"validation/{name}", value, step)
        writer.flush()

    def close(self) -> None:
        if self._writer is not None:
            self._write()
            self._writer.close()
            self._writer = None

    def _open(self, step: int) -> SummaryWriter:
        """The writer; what earlier files say of `step` and later ones is not shown any more."""
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter

            again = self._folder.exists() and any(self._folder.iterdir())
            self._writer = SummaryWriter(str(self._folder), purge_step=step if again else None)
        return self._writer

    def _write(self) -> None:
        records, self._records = self._records, []
        if not records:
            return
        values: dict[str, list[float]] = {}
        for record in records:
            for name, value in record.losses.items():
                values.setdefault(f"losses/{name}", []).append(value)
            values.setdefault("step/learning rate", []).append(record.rate)
            values.setdefault("step/gradient norm", []).append(record.norm)
        for name, found in values.items():
            self._writer.add_scalar(name, sum(found) / len(found), records[-1].step)
