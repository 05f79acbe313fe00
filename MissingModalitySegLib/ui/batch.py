"""Many studies, one after the other, each with a state; an interrupted batch goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import qt

from .. import bundles
from ..case_results import (
    CHECKSUMS,
    RECORDS,
    CaseState,
    case_options,
    finished_report,
    result_folders,
    summary_row,
    write_summary,
)
from ..checksums import Checksums
from ..errors import CancelledError, InputError, MissingModalitySegError
from ..jobs import Job, Result
from ..jobs.cohort_page import write_cohort_page
from ..modalities import Modality
from ..options import Options
from ..output_folder import REPORT
from ..scene import Earlier
from ..study_folders import Choice, FolderStudy, find_studies
from .background import Background
from .desk import Desk, State, Work, interpreter
from .study import hand_in_study
from .timers import let_go

_STATES = {
    State.WAITING: CaseState.WAITING,
    State.RUNNING: CaseState.RUNNING,
    State.DONE: CaseState.DONE,
    State.FAILED: CaseState.FAILED,
    State.CANCELLED: CaseState.CANCELLED,
}

_AT_THE_DESK = 2
"""One is worked on while the next one waits."""


@dataclass(eq=False)
class Case:
    """A study of a batch: files on a disk, or nodes of the scene. `report` is there when it is done.

    `notes` say what is left out; of files `choice` says why the others are not."""

    id: str
    volumes: Mapping[Modality, Any]
    notes: tuple[str, ...] = ()
    choice: Choice | None = None
    known: Mapping[str, str] = field(default_factory=dict)
    """Options that are settled for this case where the user leaves them open."""
    state: CaseState = CaseState.FOUND
    fraction: float = 0.0
    report: Mapping[str, Any] | None = None
    problem: str = ""
    run: Any = None
    """The nodes of a study of the scene, where results come into it."""


class Batch:
    """The cases, and what is done with them: `on_change(case)` is called whenever one of them goes on, and at the end
    `on_over()`.

    `output` is None for studies of the scene, whose results come into the scene, where `earlier` says what becomes of
    those that lie there. Few cases at a time are at the desk, so that a thousand of them cost neither memory nor disk;
    whoever cancels the work of one stops the batch.
    """

    def __init__(
        self,
        cases: Sequence[Case],
        model: str,
        options: Options,
        output: Path | None,
        on_change: Callable[[Case], None] = lambda case: None,
        on_over: Callable[[], None] = lambda: None,
        *,
        earlier: Earlier = Earlier.REPLACE,
    ) -> None:
        self.cases, self.model, self.options, self.output = cases, model, options, output
        self.earlier = earlier
        self.on_change, self.on_over = on_change, on_over
        self._folders = (
            {} if output is None else dict(zip(cases, result_folders(output, [case.id for case in cases]), strict=True))
        )
        self._checksums = Checksums(None if output is None else output / RECORDS / CHECKSUMS)
        self.works: list[Work] = []
        self._desk: Desk | None = None
        self._pending: list[Case] = []
        self._loops: list[Any] = []
        self._is_running = False
        self._page: Background | None = None
        self._look: tuple[Case, Background] | None = None  # whether this case was done earlier
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.interval = 0

    @property
    def is_over(self) -> bool:
        return not self._is_running

    def start(self, desk: Desk) -> None:
        """Begin. Raises `InputError` before anything is done (model, output folder)."""
        bundle = bundles.find(self.model)
        self._manifest, self._files = bundle.manifest, bundles.checksums(bundle)
        self._desk = desk
        if self.output is not None:
            self._write_summary()
        self._pending, self._is_running = list(self.cases), True
        self._timer.connect("timeout()", self._step)
        for case in self.cases:
            case.state, case.problem, case.report, case.fraction = CaseState.WAITING, "", None, 0.0
        self._timer.start()

    def cancel(self) -> None:
        """Stop; what is done stays."""
        stopped = [*self._pending]
        self._pending.clear()
        if self._look is not None:
            case, look = self._look
            look.forget()
            self._look = None
            stopped.insert(0, case)
        works = [work for work in self.works if not work.is_over]
        if works:
            self._desk.cancel(*works)
        for case in stopped:
            case.state = CaseState.CANCELLED
            self.on_change(case)
        self._timer.start()

    def wait(self) -> None:
        """Return when all is done; the application stays alive meanwhile. Raises `CancelledError` where it ends."""
        loop = qt.QEventLoop()
        self._loops.append(loop)
        if not self.is_over:
            loop.exec_()
        self._loops.remove(loop)
        if not self.is_over:
            self.cancel()
            raise CancelledError("cancelled", "The application was closed before the batch was done.")

    def forget_listeners(self) -> None:
        """Nobody looks any more; the batch goes on."""
        self.on_change, self.on_over = lambda case: None, lambda: None

    def rows(self) -> list[dict[str, Any]]:
        """The table of all cases."""
        return [summary_row(one.id, one.state, one.report, one.problem, one.choice) for one in self.cases]

    def _step(self) -> None:
        """Look at one case: so the window lives while a thousand old reports are read."""
        if self._look is not None:
            return
        if self._pending and sum(not work.is_over for work in self.works) < _AT_THE_DESK:
            case = self._pending.pop(0)
            self._begin(case)
            self.on_change(case)
            self._timer.start()
        elif self._is_running and not self._pending and all(work.is_over for work in self.works):
            self._try_summary()
            if self.output is None:
                self._finish()
            elif self._page is None:
                self._begin_page()

    def _begin_page(self) -> None:
        """The page of all cases. It is not written where it is looked at: see `write_cohort_page`."""
        rows = [(row, self._folders[case]) for row, case in zip(self.rows(), self.cases, strict=True)]
        output, manifest = self.output, self._manifest

        def done(page: Any, error: MissingModalitySegError | None) -> None:
            self._page = None
            if error is not None:
                self._desk.say(str(error))
            self._finish()

        def write() -> Path:
            return write_cohort_page(interpreter(), output, manifest.name, manifest.version, rows)

        self._page = Background(write, done)

    def _finish(self) -> None:
        self._is_running = False
        let_go(self._timer, self._step)
        self.on_over()
        for loop in self._loops:
            loop.quit()

    def _begin(self, case: Case) -> None:
        usable = [one for one in case.volumes if one in self._manifest.modalities]
        options = case_options(self.options, case.volumes, case.known)
        if not usable:
            case.state = CaseState.UNUSABLE
            volumes = ", ".join(case.volumes) or "its volumes"
            case.problem = " ".join(case.notes) or f"The model takes none of {volumes}."
        elif self.output is not None and (self._folders[case] / REPORT).is_file():
            self._look_up(case, options)
        else:
            self._hand_in(case, options)

    def _look_up(self, case: Case, options: Options) -> None:
        """Go on once it is known whether the report of the case is of the same: all of its volumes may be read."""
        folder, manifest = self._folders[case], self._manifest

        def done(report: dict[str, Any] | None, error: MissingModalitySegError | None) -> None:
            self._look = None
            if error is not None:
                case.state, case.problem = CaseState.FAILED, str(error)
            elif report is not None:
                case.state, case.report, case.fraction = CaseState.EARLIER, report, 1.0
            else:
                self._hand_in(case, options)
            self.on_change(case)
            self._timer.start()

        def look() -> dict[str, Any] | None:
            return finished_report(folder, case.volumes, manifest, options, self._checksums, self._files)

        self._look = case, Background(look, done)

    def _hand_in(self, case: Case, options: Options) -> None:
        if self.output is not None:
            job = Job(case.volumes, self.model, self._folders[case], options)
            work = Work(f"{self.model} on {case.id}", lambda result: result)
            self._desk.hand_in((work,), (one for one in [job]))
        else:
            try:
                (work,) = hand_in_study(self._desk, case.volumes, [self.model], options, earlier=self.earlier)
            except InputError as error:
                case.state, case.problem = CaseState.UNUSABLE, str(error)
                return
        work.listeners.append(lambda work: self._went_on(case, work))
        self.works.append(work)

    def _went_on(self, case: Case, work: Work) -> None:
        case.state, case.fraction = _STATES[work.state], work.fraction
        if work.state is State.DONE:
            case.run = None if isinstance(work.outcome, Result) else work.outcome
            case.report = work.outcome.report
        elif work.error is not None and work.state is State.FAILED:
            case.problem = str(work.error)
        if work.state is State.CANCELLED:
            self.cancel()
        if work.is_over:
            self._try_summary()
            self._timer.start()
        self.on_change(case)

    def _try_summary(self) -> None:
        """A table that cannot be written, as while it is open in a spreadsheet, does not stop the batch."""
        try:
            if self.output is not None:
                self._write_summary()
        except MissingModalitySegError as error:
            self._desk.say(str(error))

    def _write_summary(self) -> None:
        write_summary(self.output, self.rows())


def cases_of_folder(source: Path | str) -> list[Case]:
    """The cases of a folder, a BIDS data set or a data list. Raises `InputError`."""
    return [_case(study) for study in find_studies(source)]


def _case(study: FolderStudy) -> Case:
    return Case(study.id, study.volumes, study.choice.notes, study.choice, study.known)


def cases_of_scene(studies: Sequence[Any], scene: Any) -> list[Case]:
    """The studies of a scene as cases, with the volumes that are surely known."""
    return [Case(study.title, dict(_nodes(study.chosen, scene)), _questions(study)) for study in studies]


def _nodes(chosen: Mapping[Modality, str], scene: Any) -> Iterator[tuple[Modality, Any]]:
    for modality, name in chosen.items():
        node = scene.GetNodeByID(name)
        if node is not None:
            yield modality, node


def _questions(study: Any) -> tuple[str, ...]:
    return tuple(f"{question.modality}: {question.sentence}" for question in study.assignment.questions)
