"""Who is told what a run over a cohort does, and who may stop it."""

from __future__ import annotations

from typing import Any

from ..case_results import CaseState
from .tally import Tally


class Listener:
    """Told what happens, on the thread of the run; this one does not care."""

    def looked(self, count: int, total: int) -> None:
        """So many cases have been looked at."""

    def starts(self, left: int, workers: int) -> None:
        """So many cases are to be computed by so many workers."""

    def changed(self, tally: Tally) -> None:
        """Something went on."""

    def ended(self, case: str, state: CaseState, problem: str, seconds: float, tally: Tally) -> None:
        """A case has ended in this run."""

    def note(self, sentence: str) -> None:
        """Something to be told that stops nothing."""


class Stop:
    """Asked once: no further case is begun. Asked again: those that run are given up, too."""

    def __init__(self) -> None:
        self.level = 0

    def ask(self, *_: Any) -> None:
        """Also a handler of signals."""
        self.level = min(self.level + 1, 2)

    def ask_at_once(self, *_: Any) -> None:
        self.level = 2
