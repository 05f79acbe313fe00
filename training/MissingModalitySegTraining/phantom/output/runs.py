"""Many cases in one folder: planned, made one by one or by several processes, each whole or not at all.

A run goes on where it stopped. What the folder holds is told by its datalist, which names complete cases only and keeps
the settings of the run; a folder with other settings is refused.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import torch

from MissingModalitySegLib import __version__
from MissingModalitySegLib.datalists import Case, Datalist, read_datalist, write_datalist
from MissingModalitySegLib.disk import disk_errors
from MissingModalitySegLib.errors import InputError, ResourceError, located

from ..acquisition import PROTOCOLS
from ..atlas import load_atlas
from ..contrast import REALISTIC
from ..engine import CaseParameters, sample_case
from ..lesions import KINDS, MaskFolder, open_mask_folder
from .case_folder import RECORD, Options, datalist_entry, read_record, replay_of, write_case
from .simulate import simulate
from .volumes import FORMATS

DATALIST = "datalist.json"

LARGEST_RUN = 1_000_000
LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True)
class Run:
    """What a folder of phantoms holds, or is to hold. Case i does not depend on how many there are."""

    seed: int
    kinds: tuple[str, ...]
    options: Options
    masks: str | None = None
    """Fingerprint of the folder of lesion masks, if one was given."""

    def settings(self) -> dict[str, Any]:
        """As the data list keeps it."""
        return {
            "version": __version__,
            "seed": self.seed,
            "kinds": list(self.kinds),
            "masks": self.masks,
            **asdict(self.options),
        }

    def case_id(self, index: int) -> str:
        return f"{index:04d}-{self.kinds[index % len(self.kinds)]}"

    def case_seed(self, index: int) -> int:
        """Different in any two cases of any two runs."""
        return self.seed * LARGEST_RUN + index


@dataclass(frozen=True)
class Finished:
    """A case that is there now."""

    case_id: str
    folder: Path
    seconds: float
    """What it took; 0 for a case that was there already."""


def plan(
    cases: int,
    kinds: Sequence[str],
    mode: str = "research",
    seed: int = 0,
    spacing_mm: float | None = None,
    file_format: str = "nifti",
    dicom: bool = False,
    lesion_masks: Path | str | None = None,
) -> Run:
    """Check the settings of a run before anything is computed.

    Raises:
        InputError: one of them is impossible; the message says which.
    """
    if not 1 <= cases <= LARGEST_RUN:
        raise InputError("bad-number-of-cases", f"{cases} cases cannot be made.", f"Ask for 1 to {LARGEST_RUN}.")
    if not 0 <= seed <= LARGEST_SEED:
        raise InputError("bad-seed", f"The seed {seed} is out of range.", f"Use 0 to {LARGEST_SEED}.")
    if not kinds:
        raise InputError("unknown-kind", "No kind of phantom is named.", f"Use some of {', '.join(KINDS)}.")
    for kind in kinds:
        if kind not in KINDS:
            raise InputError(
                "unknown-kind", f"There are no phantoms of kind “{kind}”.", f"Use some of {', '.join(KINDS)}."
            )
    if mode not in PROTOCOLS:
        raise InputError("unknown-mode", f"“{mode}” is no mode.", f"Use one of {', '.join(PROTOCOLS)}.")
    if file_format not in FORMATS:
        raise InputError("unknown-format", f"“{file_format}” is no format.", f"Use one of {', '.join(FORMATS)}.")
    if spacing_mm is not None and not 0.5 <= spacing_mm <= 8:
        raise InputError("bad-spacing", f"A spacing of {spacing_mm:g} mm is not possible.", "Use 0.5 to 8 mm.")
    fingerprint = _fingerprint(open_mask_folder(lesion_masks)) if lesion_masks is not None else None
    return Run(seed, tuple(kinds), Options(mode, spacing_mm, file_format, dicom), fingerprint)


def make(
    run: Run,
    cases: int,
    output: Path,
    lesion_masks: Path | str | None = None,
    device: str = "cpu",
    jobs: int = 1,
) -> Iterator[Finished]:
    """Make the first `cases` cases of a run in the folder `output`; yields each when it is there.

    Closing the iterator, or an exception (Ctrl-C), leaves complete cases and a data list that names them.

    Raises:
        InputError: the folder holds something else or cannot be written.
        ResourceError: the disk is full, or a process was ended for lack of memory.
    """
    if jobs < 1:
        raise InputError("bad-jobs", f"{jobs} processes can do nothing.", "Use 1 or more.")
    folder = _Folder.opened(output, run.settings())
    missing = []
    for index in range(cases):
        case_id = run.case_id(index)
        if case_id in folder.complete:
            yield Finished(case_id, output / case_id, 0.0)
        else:
            missing.append(_Task(case_id, output, lesion_masks, device, run=run, index=index))
    yield from _work(missing, folder, min(jobs, len(missing)))


def make_again(
    record: Path, output: Path, lesion_masks: Path | str | None = None, device: str = "cpu"
) -> Iterator[Finished]:
    """Make the case of a record again in the folder `output`, voxel by voxel the same.

    Raises:
        InputError: the record cannot be used, or the folder holds something else.
    """
    document = read_record(record)
    with located(str(record)):
        replay_of(document)
    folder = _Folder.opened(output, {"version": __version__, "replay": True})
    case_id = document["id"]
    if case_id in folder.complete:
        raise InputError("case-exists", f"{output / case_id} is there already.", "Choose another folder.")
    return _work([_Task(case_id, output, lesion_masks, device, record=document)], folder, 1)


@dataclass
class _Folder:
    """A folder of cases and its datalist."""

    path: Path
    settings: dict[str, Any]
    complete: dict[str, Case]

    @classmethod
    def opened(cls, path: Path, settings: dict[str, Any]) -> _Folder:
        path = path.absolute()
        datalist = path / DATALIST
        with _telling_about(path):
            path.mkdir(parents=True, exist_ok=True)
            if datalist.exists():
                _refuse_other_run(datalist, settings)
            records = sorted(path.glob(f"*/{RECORD}"))
        if records and not datalist.exists():
            raise InputError(
                "output-of-another-run",
                f"{path} holds phantoms, but no {DATALIST} that tells of which run.",
                "Choose another folder.",
            )
        complete = {file.parent.name: datalist_entry(read_record(file), file.parent) for file in records}
        folder = cls(path, settings, complete)
        folder.write_datalist()
        return folder

    def write_datalist(self) -> None:
        cases = tuple(self.complete[case_id] for case_id in sorted(self.complete))
        write_datalist(Datalist("phantoms", cases, {"phantom": self.settings}), self.path / DATALIST)

    def add(self, case_id: str) -> None:
        self.complete[case_id] = datalist_entry(read_record(self.path / case_id / RECORD), self.path / case_id)
        self.write_datalist()


def _refuse_other_run(datalist: Path, settings: dict[str, Any]) -> None:
    there = read_datalist(datalist).metadata.get("phantom")
    if not isinstance(there, dict):
        raise InputError(
            "output-of-another-run",
            f"{datalist} is no datalist of phantoms and would be overwritten.",
            "Choose another folder.",
        )
    differing = [key for key in {**there, **settings} if there.get(key) != settings.get(key)]
    if differing:
        words = "; ".join(f"{key} {there.get(key)}, not {settings.get(key)}" for key in differing)
        raise InputError(
            "output-of-another-run",
            f"{datalist.parent} holds phantoms of another run: {words}.",
            "Choose another folder, or the same settings to complete it.",
        )


@dataclass(frozen=True)
class _Task:
    """A case to make: number `index` of a run, or what a record says. Goes to other processes."""

    case_id: str
    output: Path
    lesion_masks: Path | str | None
    device: str
    run: Run | None = None
    index: int = 0
    record: dict[str, Any] | None = None

    def parameters(self, masks: MaskFolder | None) -> tuple[CaseParameters, Options]:
        if self.record is not None:
            return replay_of(self.record)
        kind = self.run.kinds[self.index % len(self.run.kinds)]
        atlas = load_atlas(torch.device("cpu"))  # drawn on the CPU, so that a case is the same on every device
        mode = self.run.options.mode
        return sample_case(self.run.case_seed(self.index), kind, atlas, mode, masks, REALISTIC), self.run.options


def _work(tasks: list[_Task], folder: _Folder, jobs: int) -> Iterator[Finished]:
    results = _in_processes(tasks, jobs) if jobs > 1 else (_make_case(task, None) for task in tasks)
    for finished in results:
        folder.add(finished.case_id)
        yield finished


def _make_case(task: _Task, workers: int | None) -> Finished:
    """Make one case in a folder that gets its name when everything is in it."""
    started = time.monotonic()
    target = task.output.absolute() / task.case_id
    part = target.with_name(f".{task.case_id}.part")
    with located(task.case_id), _telling_about(task.output):
        shutil.rmtree(part, ignore_errors=True)  # of a run that was killed
        try:
            part.mkdir()
            masks = open_mask_folder(task.lesion_masks) if task.lesion_masks is not None else None
            case, options = task.parameters(masks)
            device = torch.device(task.device)
            rendered = simulate(case, load_atlas(device), masks, options.spacing_mm, device, workers)
            write_case(case, rendered, options, task.case_id, part)
            os.replace(part, target)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return Finished(task.case_id, target, time.monotonic() - started)


def _in_processes(tasks: list[_Task], jobs: int) -> Iterator[Finished]:
    """The same by several processes; they end with this one, and their unfinished folders go."""
    workers = max(1, (os.cpu_count() or 1) // jobs)
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(jobs, context, initializer=_prepare_process)
    before = set(multiprocessing.active_children())
    ended: SimpleQueue[Future[Finished]] = SimpleQueue()
    with _no_interrupt():  # processes begin with the first task; a future's lock must not be left behind closed
        for task in tasks:
            executor.submit(_make_case, task, workers).add_done_callback(ended.put)
    left = len(tasks)
    try:
        while left:
            finished = ended.get().result()
            left -= 1
            yield finished
    except BrokenProcessPool:
        raise ResourceError(
            "process-ended",
            "A process that made a case was ended, probably for lack of memory.",
            "Use fewer --jobs; what is complete stays, and the same command goes on from there.",
        ) from None
    finally:
        if left:
            for process in set(multiprocessing.active_children()) - before:
                process.kill()
        executor.shutdown(cancel_futures=True)
        for task in tasks:
            shutil.rmtree(task.output / f".{task.case_id}.part", ignore_errors=True)


@contextmanager
def _no_interrupt() -> Iterator[None]:
    """Ctrl-C waits until this is over. Processes begun meanwhile never hear of it, also not while they start."""
    if os.name != "posix":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _prepare_process() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)


@contextmanager
def _telling_about(folder: Path) -> Iterator[None]:
    """Errors of file system and device in words."""
    try:
        with disk_errors(folder):
            yield
    except torch.OutOfMemoryError as error:
        raise ResourceError("out-of-memory", "The device has too little memory.", "Use --device cpu.") from error


def _fingerprint(masks: MaskFolder) -> str:
    """Changes with the names and sizes of the masks."""
    names = sorted(name for files in masks.files.values() for name in files)
    text = "\n".join(f"{name} {(masks.folder / name).stat().st_size}" for name in names)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
