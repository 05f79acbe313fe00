"""What a watcher is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from MissingModalitySegLib.errors import ResourceError


@dataclass(frozen=True)
class StepRecord:
    """One step of a training, all processes together."""

    step: int  # counted from 1
    progress: float  # 0 … 1 of the training, after this step
    elapsed: float  # seconds since the training began, without interruptions
    rate: float  # of learning
    norm: float  # of the gradient, before clipping
    waited: float  # seconds for data, of the process that waited longest
    samples: int
    taken: bool  # False where something was not finite and the weights stayed
    losses: Mapping[str, float]


class Watcher(Protocol):
    """Is told of every step and of every validation. After an interruption steps may come a second time: a watcher
    that writes them down drops what it has of the step that it is told of first, and of all after it."""

    def step(self, record: StepRecord) -> None: ...

    def validated(self, step: int, scores: Mapping[str, float]) -> None:
        """Scores of the averaged weights after `step`."""
        ...

    def close(self) -> None: ...


class Watching:
    """Several watchers as one. What they cannot write ends the training with a `ResourceError`."""

    def __init__(self, watchers: Sequence[Watcher]) -> None:
        self._watchers = tuple(watchers)

    def step(self, record: StepRecord) -> None:
        for watcher in self._watchers:
            _written(watcher.step, record)

    def validated(self, step: int, scores: Mapping[str, float]) -> None:
        for watcher in self._watchers:
            _written(watcher.validated, step, scores)

    def close(self) -> None:
        for watcher in self._watchers:
            _written(watcher.close)


def _written(tell, *what) -> None:
    try:
        tell(*what)
    except OSError as error:
        raise ResourceError(
            "history-not-written",
            f"What the training did could not be written down: {error}.",
            "Free some space or make the folder writable; training resumes from its last checkpoint.",
        ) from error
