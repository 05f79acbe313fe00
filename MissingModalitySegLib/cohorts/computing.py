"""One case on a worker: made of series where need be, found done or segmented, progress told on the way.

This file is imported on the workers too.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distributed import get_worker

from .. import bundles
from ..bundles import Manifest
from ..case_results import CaseState, finished_report
from ..checksums import Signature, signature_of
from ..errors import OUT_OF_MEMORY, CancelledError, InputError, MissingModalitySegError
from ..jobs import Error, Event, Job, Progress, Result, Runner, Stage
from ..modalities import Modality
from ..options import Options
from . import objects
from .conversion import convert
from .crew import CREW, Crew
from .wish import Wish

if TYPE_CHECKING:
    from ..dicom import Stack

ATTEMPTS = 2
_AGAIN = ("worker-killed", "worker-crashed", "worker-not-ready", OUT_OF_MEMORY)
"""Ends of the engine's process that may have nothing to do with the case."""

_TELL_S = 1.0
"""Seconds between two reports of progress."""


@dataclass(frozen=True)
class Task:
    """A case on its way to a worker; events of it go to `topic`."""

    case: str
    folder: Path
    volumes: Mapping[Modality, Path]
    stacks: Mapping[Modality, Stack]
    model: str
    model_folder: Path
    checksums: Mapping[str, str]
    """Of the model's files: a worker that has other ones must not answer for them."""
    options: Options
    objects: tuple[str, ...]
    topic: str


@dataclass(frozen=True)
class Outcome:
    """How a case ended on a worker; the report lies in its folder."""

    state: CaseState
    worker: str
    seconds: float = 0.0
    code: str = ""
    problem: str = ""
    log: str = ""
    """What the engine, or Python, said of a failure; may hold anything, so only the journal keeps it."""
    checksums: Mapping[str, tuple[Signature, str]] = field(default_factory=dict)
    """Of the volumes, by file, and what the file was like at the time."""


def compute(task: Task) -> Outcome:
    """Segment a case on this worker, or find that it is done. Never raises: whatever happens is an outcome."""
    worker = get_worker()
    crew: Crew = worker.plugins[CREW]
    name = str(worker.name)
    start = time.monotonic()

    def tell(event: str, **facts: Any) -> None:
        with suppress(Exception):  # the scheduler may have gone; then nobody listens
            worker.log_event(task.topic, {"case": task.case, "event": event, "on": name, **facts})

    try:
        with crew.turn, Wish(worker, worker.get_current_task()) as wish:
            outcome = _compute(task, crew, wish, tell)
    except CancelledError as error:
        outcome = Outcome(CaseState.CANCELLED, name, code=error.code)
    except MissingModalitySegError as error:
        outcome = Outcome(CaseState.FAILED, name, code=error.code, problem=str(error))
    except Exception as error:
        log = "".join(traceback.format_exception(error))
        outcome = Outcome(CaseState.FAILED, name, code="bug", problem=f"{type(error).__name__}: {error}", log=log)
    seconds = round(time.monotonic() - start, 3)
    problem, log = (_without_names(text, task.stacks) for text in (outcome.problem, outcome.log))
    outcome = replace(outcome, worker=name, seconds=seconds, problem=problem, log=log)
    tell("left", state=str(outcome.state))
    return outcome


def _compute(task: Task, crew: Crew, wish: Wish, tell: Callable[..., None]) -> Outcome:
    wish.check()
    model, manifest = _model(task)
    if task.stacks:
        convert(task.volumes, task.stacks, wish)
    if finished_report(task.folder, task.volumes, manifest, task.options, files=task.checksums) is not None:
        return Outcome(CaseState.EARLIER, "", problem=_write_objects(task, wish, tell))
    job = Job(task.volumes, model, task.folder, replace(task.options, threads=crew.threads))
    before = _signatures(task.volumes)
    for attempt in range(1, ATTEMPTS + 1):
        wish.check()
        tell("begun", attempt=attempt)
        last = _run(job, crew.runner, wish, tell)
        if not (isinstance(last, Error) and last.code in _AGAIN) or wish.is_over:
            break
    if isinstance(last, Error):
        state = CaseState.CANCELLED if last.cancelled or wish.is_over else CaseState.FAILED
        return Outcome(state, "", code=last.code, problem=f"{last.message} {last.hint}".strip(), log=last.log)
    problem = _write_objects(task, wish, tell)
    return Outcome(CaseState.DONE, "", problem=problem, checksums=_learned(task.volumes, before, last.report))


def _write_objects(task: Task, wish: Wish, tell: Callable[..., None]) -> str:
    """What kept DICOM from being written: a result that is there is not lost for another form of it."""
    if objects.are_there(task.folder, task.objects):
        return ""
    tell("progress", stage="dicom", fraction=1.0)
    try:
        objects.write(task.folder, task.objects, task.stacks, wish)
    except InputError as error:
        return str(error)
    return ""


def _run(job: Job, runner: Runner, wish: Wish, tell: Callable[..., None]) -> Result | Error:
    stage, said = "", 0.0

    def take(event: Event) -> None:
        nonlocal stage, said
        if isinstance(event, Stage):
            stage = event.name
        elif isinstance(event, Progress) and time.monotonic() - said >= _TELL_S:
            said = time.monotonic()
            tell("progress", stage=stage, fraction=event.fraction)

    number = runner.submit(job, take)
    wish.when_over(lambda: runner.cancel(number))
    last: Event | None = None
    for event in runner.events(number):
        last = event if event.job == number else last
    wish.when_over(None)
    if not isinstance(last, Result | Error):  # the runner was told to quit meanwhile
        return Error.of(CancelledError("cancelled", "Cancelled."))
    return last


def _model(task: Task) -> tuple[str, Manifest]:
    """The model here, as `Job` calls it. Raises `MissingModalitySegError` where it is another than the client's."""
    name = str(task.model_folder) if task.model_folder.is_dir() else task.model
    bundle = bundles.find(name)
    manifest = bundle.manifest
    if bundles.checksums(bundle) != dict(task.checksums):
        raise MissingModalitySegError(
            "model-differs",
            f"This worker has another “{manifest.name}” than the one that was asked for.",
            "Install the same models on all machines, or name a folder that all of them see.",
        )
    return name, manifest


def _signatures(volumes: Mapping[Modality, Path]) -> dict[Modality, Signature]:
    found = {}
    for modality, path in volumes.items():
        with suppress(OSError):
            found[modality] = signature_of(path)
    return found


def _learned(
    volumes: Mapping[Modality, Path], before: Mapping[Modality, Signature], report: Mapping[str, Any]
) -> dict[str, tuple[Signature, str]]:
    """Checksums that the engine computed, of files that did not change meanwhile."""
    after = _signatures(volumes)
    known = {}
    for modality, path in volumes.items():
        checksum = (report.get("inputs") or {}).get(str(modality), {}).get("sha256")
        if checksum and modality in after and before.get(modality) == after[modality]:
            known[str(path)] = (after[modality], checksum)
    return known


def _without_names(text: str, stacks: Mapping[Modality, Stack]) -> str:
    """Names of DICOM files and of their folders may be those of patients."""
    for stack in stacks.values():
        for path in stack.files:
            for name in (str(path), str(path.parent), path.name):
                text = text.replace(name, "…")
    return text
