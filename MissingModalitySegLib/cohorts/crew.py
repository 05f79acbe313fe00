"""What happens on a worker of the cluster: a warm process of the engine, one case at a time, progress told, and work
given up as soon as nobody wants it any more.

This file is imported on the workers too.
"""

from __future__ import annotations

import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distributed import Worker, WorkerPlugin, get_worker

from .. import __version__, bundles
from ..bundles import Manifest
from ..case_results import CaseState, finished_report
from ..checksums import Signature, signature_of
from ..errors import OUT_OF_MEMORY, CancelledError, InputError, MissingModalitySegError
from ..jobs import Error, Event, Job, Progress, Result, Runner, Stage
from ..modalities import Modality
from ..options import Options
from ..watch import Watch
from . import objects
from .conversion import convert
from .gpus import VARIABLE, Card

if TYPE_CHECKING:
    from ..dicom import Stack

CREW = "missing-modality-seg"
"""The name of the plugin."""

ATTEMPTS = 2
_AGAIN = ("worker-killed", "worker-crashed", "worker-not-ready", OUT_OF_MEMORY)
"""Ends of the engine's process that may have nothing to do with the case."""

_POLL_S = 0.2
_TELL_S = 1.0
"""Seconds between two reports of progress."""

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS")


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


class Crew(WorkerPlugin):
    """Keeps the engine's process on each worker, on a card of its own, warm from the start.

    `sharing` is how many workers share a machine's processors, by host; `is_local` workers leave Ctrl-C to the parent.
    """

    name = CREW

    def __init__(self, options: Options, sharing: Mapping[str, int], is_local: bool) -> None:
        self._options, self._sharing, self._is_local = options, dict(sharing), is_local

    def setup(self, worker: Worker) -> None:
        if self._is_local:
            with suppress(ValueError):  # not the main thread
                signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._card = Card() if self._options.device in ("auto", "cuda") else None
        sharing = max(self._sharing.get(_host(worker.address), 1), 1)
        self.threads = self._options.threads or max(_processors() // sharing, 1)
        environment = dict.fromkeys(_THREADS, str(self.threads))
        if self._card is not None and self._card.name is not None:
            environment[VARIABLE] = self._card.name
        self.turn = threading.Lock()
        self.runner = Runner(environment=environment)
        self.runner.start()

    def teardown(self, worker: Worker) -> None:
        self.runner.quit()
        if self._card is not None:
            self._card.release()


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
    outcome = replace(outcome, worker=name, seconds=seconds, problem=_without_names(outcome.problem, task.stacks))
    tell("left", state=str(outcome.state))
    return outcome


class Wish(Watch):
    """Looks whether a task is still wanted: its client may have cancelled it, or have gone, or the worker is to close.

    `when_over` is called once when it is not; `check` raises `CancelledError` then.
    """

    def __init__(self, worker: Worker, key: Any) -> None:
        self._worker, self._key = worker, key
        self._over, self._done = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._when_over: Callable[[], None] | None = None

    def __enter__(self) -> Wish:
        threading.Thread(target=self._look, name="wish", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()

    def when_over(self, action: Callable[[], None] | None) -> None:
        with self._lock:
            self._when_over = action
        if self._over.is_set() and action is not None:
            action()

    def check(self) -> None:
        if self._over.is_set():
            raise CancelledError("cancelled", "Cancelled.")

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    def _look(self) -> None:
        while not self._done.wait(_POLL_S):
            if not self._is_wanted():
                self._over.set()
                with self._lock:
                    action = self._when_over
                if action is not None:
                    action()
                return

    def _is_wanted(self) -> bool:
        """Dask cannot stop a task that runs; it marks it."""
        state = self._worker.state.tasks.get(self._key)
        return state is not None and state.state in ("executing", "long-running")


def _compute(task: Task, crew: Crew, wish: Wish, tell: Callable[..., None]) -> Outcome:
    wish.check()
    model, manifest = _model(task)
    if task.stacks:
        tell("stage", stage="convert", fraction=0.0)
        convert(task.volumes, task.stacks, wish)
    if finished_report(task.folder, task.volumes, manifest, task.options) is not None:
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
    manifest = bundles.find(name).manifest
    if {entry.name: entry.sha256 for entry in manifest.files} != dict(task.checksums):
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


def _without_names(problem: str, stacks: Mapping[Modality, Stack]) -> str:
    """Names of DICOM files and of their folders may be those of patients."""
    for stack in stacks.values():
        for path in stack.files:
            problem = problem.replace(str(path), "a file").replace(path.name, "a file")
    return problem


def what_is_here(folder: str) -> tuple[str, bool]:
    """The version of the program on a worker, and whether it sees `folder`."""
    return __version__, os.path.isdir(folder)


def _host(address: str) -> str:
    return address.rsplit("://", 1)[-1].rsplit(":", 1)[0]


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
