"""Many studies, one after the other, each with a state; an interrupted batch goes on where it stopped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from .. import bundles
from ..case_results import finished_report, summary_row, write_summary
from ..errors import InputError, MissingModalitySegError
from ..jobs import Job, Result
from ..modalities import Modality
from ..options import Options
from ..study_folders import FolderStudy, find_studies
from .desk import Desk, State, Work
from .study import hand_in_study


class CaseState(StrEnum):
    """Where a case of a batch is."""

    FOUND = "not begun"
    EARLIER = "done earlier"
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNUSABLE = "not usable"


_STATES = {
    State.WAITING: CaseState.WAITING,
    State.RUNNING: CaseState.RUNNING,
    State.DONE: CaseState.DONE,
    State.FAILED: CaseState.FAILED,
    State.CANCELLED: CaseState.CANCELLED,
}


@dataclass(eq=False)
class Case:
    """A study of a batch: files on a disk, or nodes of the scene. `report` is there when it is done."""

    id: str
    volumes: Mapping[Modality, Any]
    notes: tuple[str, ...] = ()
    state: CaseState = CaseState.FOUND
    fraction: float = 0.0
    report: Mapping[str, Any] | None = None
    problem: str = ""
    run: Any = None
    """The nodes of a study of the scene, where results come into it."""


@dataclass(eq=False)
class Batch:
    """The cases, and what is done with them. `on_change(case)` is called whenever one of them goes on.

    `output` is None for studies of the scene, whose results come into the scene.
    """

    cases: Sequence[Case]
    model: str
    options: Options
    output: Path | None
    on_change: Callable[[Case], None] = lambda case: None
    works: list[Work] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return all(work.is_over for work in self.works)

    def start(self, desk: Desk) -> None:
        """Hand in each case that is not done yet. Raises `InputError` before anything begins (model, output folder)."""
        manifest = bundles.find(self.model).manifest
        if self.output is not None:
            self._write_summary()
        for case in self.cases:
            usable = [one for one in case.volumes if one in manifest.modalities]
            earlier = self._earlier(case, (manifest.name, manifest.version))
            if not usable:
                case.state = CaseState.UNUSABLE
                case.problem = (
                    " ".join(case.notes) or f"The model takes none of {', '.join(case.volumes) or 'its volumes'}."
                )
            elif earlier is not None:
                case.state, case.report, case.fraction = CaseState.EARLIER, earlier, 1.0
            else:
                self._hand_in(desk, case)
            self.on_change(case)
        if self.output is not None:
            self._write_summary()

    def cancel(self, desk: Desk) -> None:
        """Stop; what is done stays."""
        works = [work for work in self.works if not work.is_over]
        if works:
            desk.cancel(*works)

    def rows(self) -> list[dict[str, Any]]:
        """The table of all cases."""
        return [summary_row(case.id, case.state, case.report, case.problem) for case in self.cases]

    def _earlier(self, case: Case, model: tuple[str, str]) -> dict[str, Any] | None:
        if self.output is None:
            return None
        return finished_report(folder_of(self.output, case.id), case.volumes, model, self.options)

    def _hand_in(self, desk: Desk, case: Case) -> None:
        case.state = CaseState.WAITING
        if self.output is not None:
            job = Job(case.volumes, self.model, folder_of(self.output, case.id), self.options)
            work = Work(f"{self.model} on {case.id}", lambda result: result)
            desk.hand_in((work,), iter([job]))
        else:
            try:
                (work,) = hand_in_study(desk, case.volumes, [self.model], self.options)
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
        if work.is_over and self.output is not None:
            try:
                self._write_summary()
            except MissingModalitySegError as error:
                case.problem = f"{case.problem} {error}".strip()
        self.on_change(case)

    def _write_summary(self) -> None:
        write_summary(self.output, self.rows())


def folder_of(output: Path, case: str) -> Path:
    """Where the results of a case go: below `output`, whatever its name holds."""
    parts = [_FORBIDDEN.sub("_", part).rstrip(". ") for part in re.split(r"[/\\]", case)]
    return output.joinpath(*([part for part in parts if part] or ["case"]))


_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f]')


def cases_of_folder(source: Path | str) -> list[Case]:
    """The cases of a folder, a BIDS data set or a data list. Raises `InputError`."""
    return [_case(study) for study in find_studies(source)]


def _case(study: FolderStudy) -> Case:
    return Case(study.id, study.volumes, study.notes)


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
