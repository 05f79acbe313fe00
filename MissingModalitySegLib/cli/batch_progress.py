"""The progress of a cohort: bars on a terminal, a line for each case that ends where there is none."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn

from ..watch import Watch
from .output import readable_time
from .running import STAGE_WORDS

if TYPE_CHECKING:
    from ..case_results import CaseState
    from ..cohorts.tally import Tally

SHOWN = 8
"""Cases at work that are shown at a time."""

_WORDS = {"dicom": "Writing DICOM", **STAGE_WORDS}


class Bars:
    """A `cohorts.Listener` that shows on stderr how far the cohort and the running cases are, and what failed."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._console = Console(stderr=True, markup=False, emoji=False, highlight=False)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[told]}"),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._whole = self._progress.add_task("Looking at what is done", total=1.0, told="")
        self._cases: dict[str, TaskID] = {}

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def looked(self, count: int, total: int) -> None:
        self._progress.update(self._whole, completed=count / max(total, 1))

    def starts(self, left: int, workers: int) -> None:
        studies = "1 study" if left == 1 else f"{left} studies"
        self._console.print(f"{studies} of {self._total} to segment, {workers} at a time.", soft_wrap=True)
        self._progress.update(self._whole, description="Cohort", completed=0.0)

    def changed(self, tally: Tally) -> None:
        told = f"{tally.ended} of {tally.total}" + (f", {tally.failed} without a result" if tally.failed else "")
        left = tally.seconds_left()
        told += "" if left is None else f", {readable_time(left)} left"
        self._progress.update(self._whole, completed=tally.fraction, told=told)
        running = dict(list(tally.running.items())[:SHOWN])
        for name in [name for name in self._cases if name not in running]:
            self._progress.remove_task(self._cases.pop(name))
        for name, fraction in running.items():
            if name not in self._cases:
                self._cases[name] = self._progress.add_task(f"  {_short(name)}", total=1.0, told="")
            stage = tally.stages.get(name, "")
            self._progress.update(self._cases[name], completed=fraction, told=_WORDS.get(stage, stage))

    def ended(self, case: str, state: CaseState, problem: str, seconds: float, tally: Tally) -> None:
        if self._console.is_terminal and not problem:
            return
        left = tally.seconds_left()
        told = f"{tally.ended}/{tally.total} {case}: {state}" + (f" in {seconds:.1f} s" if seconds else "")
        told += f", {readable_time(left)} left" if left is not None and not self._console.is_terminal else ""
        self._console.print(f"{told}. {problem}".strip(), soft_wrap=True)

    def note(self, sentence: str) -> None:
        self._console.print(sentence, soft_wrap=True)


class Looking(Watch):
    """A bar for the search for studies, which of large folders of DICOM takes minutes."""

    def __init__(self) -> None:
        console = Console(stderr=True, markup=False, emoji=False, highlight=False)
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._progress.add_task("Looking for studies", total=1.0)

    def __enter__(self) -> Looking:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def progress(self, fraction: float) -> None:
        self._progress.update(self._task, completed=fraction)


def _short(name: Any) -> str:
    """The last two parts of a case's folder."""
    return "/".join(str(name).split("/")[-2:])
