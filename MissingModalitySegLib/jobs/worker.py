"""The worker: started by the path of this file, does one job after the other, and ends with its parent.

    python -u worker.py --parent PID

It tells what happens on its standard output (`events`), takes commands from its standard input, and leaves everything
else to the log. The engine is imported after the word `hello`, where it is not needed for that.
"""

from __future__ import annotations

import os
import sys

_FOLDER = os.path.dirname(os.path.abspath(__file__))
if __name__ == "__main__" and not __package__:  # started by its path: the library lies above, in whatever tree
    _LIBRARY = os.path.dirname(_FOLDER)
    sys.path[:] = [os.path.dirname(_LIBRARY), *(folder for folder in sys.path if os.path.abspath(folder) != _FOLDER)]
    __package__ = f"{os.path.basename(_LIBRARY)}.jobs"
    __import__(__package__)

import argparse
import faulthandler
import gc
import queue
import shutil
import signal
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import CancelledError
from ..watch import Watch
from . import parent
from .channel import Channel
from .estimate import Estimate
from .events import PROTOCOL, Error, Event, Hello, Progress, Result, Stage, Warning
from .failures import error_event
from .job import Job

GRACE_S = 3.0
"""How long work may take to stop by itself once the parent is gone."""

PROGRESS_S = 0.1
"""Seconds between two events of progress."""

USUAL_S = {
    "read": 1.0,
    "check": 1.0,
    "prepare": 6.0,
    "predict": 10.0,
    "synthesise": 10.0,
    "summarise": 1.0,
    "write": 1.0,
}
"""How long stages take in relation to each other, before this machine's own times are known."""


class Reporting(Watch):
    """Makes events of what the engine tells, and stops it when `stop` is set."""

    def __init__(self, channel: Channel, job: int, stop: threading.Event, estimate: Estimate) -> None:
        self._channel, self._job, self._stop, self._estimate = channel, job, stop, estimate
        self._last = -1.0

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


class Worker:
    """What the threads share: jobs come in on one, the parent is watched on another, the work is done on the main one."""

    def __init__(self, parent_pid: int | None) -> None:
        self._channel = Channel()
        self._commands: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._stop = threading.Event()  # the present job is to be given up
        self._leaving = threading.Event()
        self._lock = threading.Lock()
        self._present: int | None = None
        self._estimate = Estimate(USUAL_S)
        threading.Thread(target=self._listen, name="commands", daemon=True).start()
        if parent_pid:
            threading.Thread(target=self._watch_parent, args=(parent_pid,), name="parent", daemon=True).start()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which cancels
        signal.signal(signal.SIGTERM, lambda *_: self._orphaned())

    def serve(self) -> None:
        """Say hello and work until told to quit."""
        try:
            hello = _hello()
        except Exception as error:
            self._channel.send(_start_error(error))
            self._channel.flush(GRACE_S)
            return
        self._channel.send(hello)
        while (command := self._commands.get()) is not None:
            self._run(command.get("number"), command.get("job"))
            _release_memory()
        self._channel.flush(GRACE_S)

    def _run(self, number: int, description: Any) -> None:
        """Do one job; whatever comes of it is told in one last event."""
        with self._lock:
            self._present = number
            if not self._leaving.is_set():
                self._stop.clear()
        output = None
        try:
            job = Job.from_dict(description)
            output = job.output
            last: Event = self._work(number, job)
        except BaseException as error:  # also SystemExit of a library: this process ends when its parent says so
            last = error_event(error, number, output)
            if last.kind == "bug":
                print(last.log, file=sys.stderr)
        with self._lock:
            self._present = None
        self._channel.send(last)

    def _work(self, number: int, job: Job) -> Event:
        watch = Reporting(self._channel, number, self._stop, self._estimate)
        self._estimate.begin()
        with _temporary_folder():
            watch.check()
            outcome = _task(job.task)(job.inputs, job.model, job.options, job.output, watch)
        self._estimate.end()
        files = {name: str(path) for name, path in outcome.files.items()}
        return Result(files, outcome.report, job=number)

    def _listen(self) -> None:
        for command in self._channel.commands():
            match command["cmd"]:
                case "run":
                    self._commands.put(command)
                case "cancel":
                    with self._lock:
                        if self._present is not None and command.get("job") in (None, self._present):
                            self._stop.set()
                case "quit":
                    self._leave()
                    return
                case other:
                    print(f"Unknown command: {other!r}", file=sys.stderr)
        self._orphaned()

    def _watch_parent(self, pid: int) -> None:
        if parent.wait_for_end(pid):
            self._orphaned()

    def _leave(self) -> None:
        """End after the present job has been given up; by force if it goes on."""
        self._leaving.set()
        self._stop.set()
        self._commands.put(None)
        threading.Thread(target=self._force, name="end", daemon=True).start()

    def _orphaned(self) -> None:
        """Nobody is there to read a result any more."""
        if not self._leaving.is_set():
            self._leave()

    def _force(self) -> None:
        time.sleep(GRACE_S)
        _end_now()


def _hello() -> Hello:
    """Try the device. Raises what an import of torch may raise."""
    from ..engine.devices import self_test

    test = self_test()
    import torch

    return Hello(
        PROTOCOL,
        test.device,
        test.precision,
        torch.__version__,
        test.name,
        test.ok,
        test.message,
        test.memory_bytes,
        __version__,
        os.getpid(),
    )


def _start_error(error: Exception) -> Error:
    """Why there will be no hello."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        message = f"The package {error.name} is not installed for the worker's Python, {sys.executable}."
        return Error("package-missing", message, "Install what the program needs, then try again.", "input")
    return error_event(error, None)


def _task(name: str) -> Any:
    """The function of the engine that does it."""
    if name == "synthesize":
        from ..engine.segment import synthesize

        return synthesize
    from ..engine.segment import segment

    return segment


class _temporary_folder:  # noqa: N801  used like a function
    """A folder for the temporary files of one job, gone when it ends. Without a place for it, there is none."""

    def __enter__(self) -> None:
        self._before, self._folder = tempfile.tempdir, None
        with suppress(OSError):
            self._folder = tempfile.mkdtemp(prefix="job-")
            tempfile.tempdir = self._folder

    def __exit__(self, *_: object) -> None:
        tempfile.tempdir = self._before
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _release_memory() -> None:
    """Give back what the job took, also what C libraries keep for later."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    if sys.platform.startswith("linux"):
        import ctypes

        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def _end_now() -> None:
    """End this process and those it started, without waiting for anything."""
    folder = os.environ.get("TMPDIR", "")
    if Path(folder).name.startswith("missing-modality-seg-"):
        shutil.rmtree(folder, ignore_errors=True)
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def main() -> None:
    """Begin with what must work before anything else is imported."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--parent", type=int, help="process to end with")
    options = arguments.parse_args()
    faulthandler.enable(sys.__stderr__)
    _be_first_to_go()
    Worker(options.parent).serve()
    sys.stderr.flush()
    os._exit(0)  # at once: taking torch apart orderly takes longer than a parent waits


def _be_first_to_go() -> None:
    """When memory runs out, Linux should rather end this process than the application that shows the images."""
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("500")


if __name__ == "__main__":
    main()
