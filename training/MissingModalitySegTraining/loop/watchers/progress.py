"""A line that tells how a training goes: on a terminal it moves, elsewhere it is printed now and then."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from .watching import StepRecord

if TYPE_CHECKING:
    from rich.console import Console

WINDOW = 50
"""Steps over which speed, waiting and losses are taken."""


class Progress:
    """Time left, loss parts, samples per second, memory, and the share of time spent waiting for data."""

    def __init__(self, title: str = "training", console: Console | None = None, interval: float = 30.0) -> None:
        """`interval` in seconds, between lines where there is no terminal."""
        from rich.console import Console

        self._title, self._interval = title, interval
        self._console = console or Console()
        self._recent: deque[StepRecord] = deque(maxlen=WINDOW + 1)
        self._bar: Any = None
        self._printed = time.monotonic()

    def step(self, record: StepRecord) -> None:
        self._recent.append(record)
        if self._console.is_terminal:
            if self._bar is None:
                self._bar = _bar(self._console)
                self._bar.add_task(self._title, total=1.0, status="")
                self._bar.start()
            self._bar.update(self._bar.task_ids[0], completed=record.progress, status=self._status())
        elif time.monotonic() - self._printed >= self._interval or record.progress >= 1:
            self._printed = time.monotonic()
            self._say(f"{self._title} {100 * record.progress:3.0f} %  {self._status()}")

    def validated(self, step: int, scores: Mapping[str, float]) -> None:
        values = "  ".join(f"{name} {value:.3f}" for name, value in scores.items())
        self._say(f"{self._title} validated after step {step}:  {values}")

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _status(self) -> str:
        return f"{describe(list(self._recent))}  {_memory()}"


def describe(records: list[StepRecord]) -> str:
    """The last records in a line."""
    last, first = records[-1], records[0]
    names = {name: [record.losses[name] for record in records if name in record.losses] for name in last.losses}
    parts = [f"step {last.step}", *(f"{name} {sum(found) / len(found):.3f}" for name, found in names.items())]
    parts.append(f"rate {last.rate:.1e}")
    seconds, done = last.elapsed - first.elapsed, last.progress - first.progress
    if seconds > 0:
        after = records[1:]
        parts.append(f"{sum(record.samples for record in after) / seconds:.1f} samples/s")
        parts.append(f"data wait {100 * sum(record.waited for record in after) / seconds:.0f} %")
    if done > 0:
        parts.append(f"{_duration((1 - last.progress) * seconds / done)} left")
    skipped = sum(not record.taken for record in records)
    if skipped:
        parts.append(f"{skipped} of {len(records)} steps skipped")
    return "  ".join(parts)


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(max(round(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"


def _memory() -> str:
    """Of the GPU where one is in use (the most so far), else of this process."""
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        return f"{torch.cuda.max_memory_reserved() / 2**30:.1f} GiB on the GPU"
    try:  # Linux: now
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        used = pages * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        try:  # other Unix: the most so far
            import resource
        except ImportError:
            return ""
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return f"{used / 2**30:.1f} GiB"


def _bar(console: Console) -> Any:
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    return Bar(
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.percentage:3.0f} %"),
        TextColumn("{task.fields[status]}", markup=False),
        console=console,
        refresh_per_second=4,
    )
