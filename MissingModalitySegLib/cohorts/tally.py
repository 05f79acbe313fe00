"""How far a cohort is, and how long the rest will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

SOONEST = 0.5
"""No estimate before so much of a case is done."""


@dataclass
class Tally:
    """Counts cases. `fractions` are those that are being worked on, and how much of each is done."""

    total: int
    clock: Callable[[], float] = time.monotonic
    earlier: int = 0
    done: int = 0
    failed: int = 0
    """Not usable ones among them."""
    fractions: dict[str, float] = field(default_factory=dict)
    stages: dict[str, str] = field(default_factory=dict)
    began: float | None = None
    """When the first case was begun."""
    computed: float = 0.0
    """Cases that took time in this run."""

    def begin(self, case: str) -> None:
        """A case is begun, perhaps for the second time."""
        if self.began is None:
            self.began = self.clock()
        self.fractions[case] = 0.0

    def progress(self, case: str, fraction: float, stage: str) -> None:
        if case in self.fractions:
            self.fractions[case], self.stages[case] = fraction, stage

    def end(self, case: str, done: bool) -> None:
        """A case has ended."""
        if self.fractions.pop(case, None) is not None:
            self.computed += 1
        self.stages.pop(case, None)
        if done:
            self.done += 1
        else:
            self.failed += 1

    def drop(self, case: str) -> None:
        """A case is no longer worked on, and has not ended."""
        self.fractions.pop(case, None)
        self.stages.pop(case, None)

    @property
    def ended(self) -> int:
        return self.earlier + self.done + self.failed

    @property
    def fraction(self) -> float:
        """0 to 1, over all cases."""
        return (self.ended + sum(self.fractions.values())) / max(self.total, 1)

    def seconds_left(self) -> float | None:
        """At the pace of this run; None while there is too little to go by."""
        worked = self.computed + sum(self.fractions.values())
        if self.began is None or worked < SOONEST:
            return None
        pace = (self.clock() - self.began) / worked
        return pace * (self.total - self.ended - sum(self.fractions.values()))

    @property
    def running(self) -> Mapping[str, float]:
        return dict(self.fractions)
