"""From stages and their progress to how much of a job is done and how long the rest will take."""

from __future__ import annotations

import time
from collections.abc import Callable

SOONEST_S, SOONEST = 1.0, 0.02
"""No estimate of the time left before so much time has passed and so much is done."""


class Estimate:
    """Learns how long each stage takes: of jobs that come later, each stage has its share of the time by experience.

    In the first job, `shares` says what is usual: seconds by the name of a stage, in the order of the stages.
    """

    def __init__(self, shares: dict[str, float], clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = dict(shares), clock
        self._names: list[str] = list(shares)
        self.begin()

    def begin(self) -> None:
        """A job begins."""
        self._started = self._stage_started = self._clock()
        self._order: list[str] = []
        self._count, self._inner, self._furthest = 1, 0.0, 0.0

    def stage(self, name: str, index: int, count: int) -> None:
        """Stage `index` of `count` begins; the one before has ended."""
        self._learn()
        self._order = [*self._order[:index], *[""] * (index - len(self._order)), name]
        self._count, self._inner, self._stage_started = max(count, index + 1), 0.0, self._clock()

    def progress(self, fraction: float) -> None:
        """So much of the present stage is done."""
        self._inner = min(max(fraction, 0.0), 1.0)

    def end(self) -> None:
        """The job is done, and its last stage with it."""
        self._learn()
        self._names = [name for name in self._order if name]

    def fraction(self) -> float:
        """How much of the job is done, 0 to 1; never less than it was."""
        shares = self._shares()
        at = max(len(self._order) - 1, 0)
        done = sum(shares[:at]) + (shares[at] * self._inner if self._order else 0.0)
        self._furthest = max(self._furthest, min(done / sum(shares), 1.0))
        return self._furthest

    def seconds_left(self) -> float | None:
        """How long the rest will take at the speed so far; None while there is too little to go by."""
        passed, done = self._clock() - self._started, self.fraction()
        if passed < SOONEST_S or done < SOONEST:
            return None
        return passed * (1.0 - done) / done

    def _shares(self) -> list[float]:
        """Seconds expected of each stage, known ones by name, those to come by the order of the job before."""
        later = [name for name in self._names if name not in self._order]
        names = [*self._order, *later[: self._count - len(self._order)]]
        known = [self._seconds[name] for name in names if name in self._seconds]
        usual = max(sum(known) / len(known), 1e-3) if known else 1.0
        shares = [max(self._seconds.get(name, usual), 1e-3) for name in names]
        return shares + [usual] * (self._count - len(shares))

    def _learn(self) -> None:
        if self._order and self._order[-1]:
            self._seconds[self._order[-1]] = self._clock() - self._stage_started
