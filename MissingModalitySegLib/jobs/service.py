"""What a worker does from its start to its end, whatever its work is: say hello, do jobs, end with its parent.

Jobs come in on one thread, the parent is watched on another, events go out on a third, and the work is done on the main
one, where libraries expect it.
"""

from __future__ import annotations

import argparse
import faulthandler
import gc
import os
import queue
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from ..errors import CancelledError
from ..watch import Watch
from .channel import Channel
from .estimate import Estimate
from .events import Error, Event, Hello, Progress, Result, Stage, Warning
from .failures import error_event
from .job import Job
from .leftovers import clear_output, missing_folders
from .parent import wait_for_end

GRACE_S = 3.0
"""How long work may take to stop by itself once the parent is gone."""

LOADING_S = 300.0
"""How long libraries may take to be loaded, from a slow disk."""

PROGRESS_S = 0.1
"""Seconds between two events of progress."""


class Outcome(Protocol):
    """What work returns, as far as the parent is told of it."""

    files: Mapping[str, Path]
    report: Mapping[str, Any]


class Reporting(Watch):
    """Makes events of what the work tells, and stops it when `stop` is set."""

    def __init__(self, channel: Channel, job: int, stop: threading.Event, estimate: Estimate) -> None:
        self._channel, self._job, self._stop, self._estimate = channel, job, stop, estimate
        self._last = 0.0

    def stage(self, name: str, index: int, count: int) -> None:
        self.check()
        self._estimate.stage(name, index, count)
        self._channel.send(Stage(name, index, count, job=self._job))
        self._report()

    def progress(self, fraction: float) -> None:
        self._estimate.progress(fraction)
        if time.monotonic() - self._last >= PROGRESS_S:
            self._report()

    def warn(self, code: str, message: str) -> None:
        self._channel.send(Warning(code, message, job=self._job))

    def check(self) -> None:
        if self._stop.is_set():
            raise CancelledError("cancelled", "Cancelled.")

    def _report(self) -> None:
        self._last = time.monotonic()
        left = self._estimate.seconds_left()
        event = Progress(round(self._estimate.fraction(), 4), None if left is None else round(left, 1), job=self._job)
        self._channel.send(event)


class Service:
    """One worker; `hello` says what it found, `work` does a job and tells a watch, `usual` is for `Estimate`."""

    def __init__(
        self,
        hello: Callable[[], Hello],
        work: Callable[[Job, Watch], Outcome],
        usual: Mapping[str, float],
        parent: int | None,
        scratch: Path | None,
    ) -> None:
        self._hello, self._work, self._scratch = hello, work, scratch
        self._channel = Channel()
        self._commands: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._stop = threading.Event()  # the present job is to be given up
        self._leaving = threading.Event()
        self._lock = threading.Lock()
        self._present: int | None = None
        self._output: Path | None = None
        self._made: list[Path] = []  # what the present job makes of its output folder and those above it
        self._estimate = Estimate(usual)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which cancels
        signal.signal(signal.SIGTERM, lambda *_: self._leave())
        threading.Thread(target=self._listen, name="commands", daemon=True).start()
        threading.Thread(target=self._force, name="end", daemon=True).start()
        if parent is not None:
            threading.Thread(target=self._watch_parent, args=(parent,), name="parent", daemon=True).start()

    def serve(self) -> None:
        """Say hello and work until told to quit, or until the parent has gone."""
        try:
            with loading():
                hello = self._hello()
            self._channel.send(hello)
        except Exception as error:
            self._channel.send(_start_error(error))
            self._leave()
        while (command := self._commands.get()) is not None:
            self._channel.send(self._run(command.get("number"), command.get("job")))
            _release_memory()
        self._channel.flush(GRACE_S)
        self._remove_scratch()

    def _run(self, number: int, description: Any) -> Event:
        """Do one job; its last event, whatever has come of it."""
        try:
            job = Job.from_dict(description)
            self._made, self._output = missing_folders(job.output), job.output
            self._estimate.begin()
            watch = Reporting(self._channel, number, self._stop, self._estimate)
            watch.check()
            with _temporary_folder():
                outcome = self._work(job, watch)
            self._estimate.end()
            files = {name: str(path) for name, path in outcome.files.items()}
            return Result(files, outcome.report, job=number)
        except BaseException as error:  # SystemExit of a library too: this process ends when its parent says so
            failure = error_event(error, number, self._output)
            if failure.kind == "bug":
                print(failure.log, file=sys.stderr)
            return failure
        finally:
            with self._lock:
                self._present = self._output = None

    def _listen(self) -> None:
        for command in self._channel.commands():
            match command["cmd"]:
                case "run":
                    with self._lock:  # here, so that a cancel which comes right after it is not too early
                        self._present = command.get("number")
                        if not self._leaving.is_set():
                            self._stop.clear()
                    self._commands.put(command)
                case "cancel":
                    with self._lock:
                        if self._present is not None and command.get("number") in (None, self._present):
                            self._stop.set()
                case "quit":
                    break
                case other:
                    print(f"Unknown command: {other!r}", file=sys.stderr)
        self._leave()  # told to, or the parent has closed its end, or has gone

    def _watch_parent(self, pid: int) -> None:
        if wait_for_end(pid):
            self._leave()

    def _leave(self) -> None:
        """End after the present job has been given up; by force if it goes on."""
        if self._leaving.is_set():
            return
        with self._lock:
            self._leaving.set()
            self._stop.set()
        self._commands.put(None)

    def _force(self) -> None:
        """End this process and those it started, without waiting for the work any longer.

        On a thread that is there from the start: where memory is exhausted no new one can be had.
        """
        self._leaving.wait()
        time.sleep(GRACE_S)
        if self._output is not None:
            clear_output(self._output, self._made, os.getpid())
        self._remove_scratch()
        if hasattr(os, "killpg") and os.getpgrp() in (os.getpid(), os.getppid()):  # the group is this worker's
            os.killpg(os.getpgrp(), signal.SIGKILL)
        os._exit(1)

    def _remove_scratch(self) -> None:
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)


def serve(hello: Callable[[], Hello], work: Callable[[Job, Watch], Outcome], usual: Mapping[str, float]) -> None:
    """Be a worker with the command line that a `Connection` gives one; does not return."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--parent", type=int, help="the process to end with")
    arguments.add_argument("--scratch", type=Path, help="a folder to remove at the end")
    given = arguments.parse_args()
    faulthandler.enable(sys.__stderr__)
    _be_first_to_go()
    Service(hello, work, usual, given.parent, given.scratch).serve()
    sys.stderr.flush()
    os._exit(0)  # at once: taking torch apart in good order takes longer than a parent waits


@contextmanager
def loading() -> Iterator[None]:
    """Ends the process where libraries are loaded for too long.

    Where memory does not suffice some wait for it for ever, and hold the interpreter's lock: nothing written in Python
    would come to its turn, not even to notice that the parent has gone.
    """
    with suppress(RuntimeError):  # no memory for the thread that waits
        faulthandler.dump_traceback_later(LOADING_S, exit=True, file=sys.__stderr__)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def _start_error(error: Exception) -> Error:
    """Why there will be no hello."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        message = f"The package {error.name} is not installed for the worker's Python, {sys.executable}."
        return Error("package-missing", message, "Install what the program needs, then try again.", "input")
    return error_event(error, None)


@contextmanager
def _temporary_folder() -> Iterator[None]:
    """A folder for the temporary files of one job, gone when it ends. Where none can be made, there is none."""
    before, folder = tempfile.tempdir, None
    with suppress(OSError):
        folder = tempfile.tempdir = tempfile.mkdtemp(prefix="job-")
    try:
        yield
    finally:
        tempfile.tempdir = before
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _release_memory() -> None:
    """Give back what a job took, also what C libraries keep for later."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    if sys.platform.startswith("linux"):
        import ctypes

        with suppress(OSError, AttributeError):  # other C libraries than that of GNU have no such thing
            ctypes.CDLL(None).malloc_trim(0)


def _be_first_to_go() -> None:
    """When memory runs out, Linux should rather end this process than the application that shows the images."""
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("500")
