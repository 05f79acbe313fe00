"""The parent's end of one worker: its process, and threads that read what it says as soon as it says it."""

from __future__ import annotations

import json
import os
import shutil
import site
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import processes
from .events import Event, Hello, parse
from .leftovers import make_scratch
from .log import Log

WORKER = Path(__file__).resolve().with_name("worker.py")
LINGER_S = 2.0
"""How long a launcher may outlive the worker, and how long a killed process may take to be gone."""


class Connection:
    """A started worker. `on_event` and `on_end` are called on threads of the connection, in order, the latter once.

    Raises `OSError` where the process cannot be started.
    """

    def __init__(
        self,
        python: str,
        script: Path,
        environment: Mapping[str, str],
        log: Log,
        on_event: Callable[[Connection, Event], None],
        on_end: Callable[[Connection], None],
    ) -> None:
        self.log, self._on_event, self._on_end = log, on_event, on_end
        self.hello: Hello | None = None
        self.code: int | None = None
        self._scratch = make_scratch()
        self._ended = threading.Event()
        self._writing = threading.Lock()
        command = [python, "-u", str(script), "--parent", str(os.getpid())]
        if self._scratch is not None:
            command += ["--scratch", str(self._scratch)]
        try:
            self._process = processes.start(command, worker_environment(environment, self._scratch))
        except BaseException:
            self._remove_scratch()
            raise
        self._noise = threading.Thread(target=self._read_noise, name="worker log", daemon=True)
        self._noise.start()
        threading.Thread(target=self._read_events, name="worker events", daemon=True).start()

    @property
    def pid(self) -> int:
        """The worker's process where it has said so, else what was launched."""
        return self.hello.pid if self.hello is not None and self.hello.pid else self._process.pid

    def send(self, **message: Any) -> None:
        """Write one line; that a worker has gone is noticed where its output ends."""
        line = json.dumps(message).encode("ascii") + b"\n"
        with self._writing, suppress(OSError, ValueError):
            self._process.stdin.write(line)
            self._process.stdin.flush()

    def wait(self, seconds: float) -> bool:
        """Whether the worker has ended and everything of it is cleared away, after waiting for it."""
        return self._ended.wait(seconds)

    def end(self, seconds: float) -> None:
        """Ask the worker to end, and see to it when it does not within `seconds`."""
        self.send(cmd="quit")
        if not self.wait(seconds):
            self.kill()

    def kill(self) -> None:
        """End the worker, its launcher and its children now; returns when they are gone."""
        processes.kill_tree(self._process, self.pid)
        self.wait(LINGER_S)

    def _read_events(self) -> None:
        for line in _lines(self._process.stdout):
            event = parse(line)
            if event is None:
                self.log.write(line)
                continue
            if isinstance(event, Hello):
                self.hello = event
            self._on_event(self, event)
        self._clear_away()
        self._on_end(self)
        self._ended.set()

    def _read_noise(self) -> None:
        for line in _lines(self._process.stderr):
            self.log.write(line)

    def _clear_away(self) -> None:
        """The worker's output has ended: so has the worker, or it is of no use any more."""
        try:
            self.code = self._process.wait(LINGER_S)
        except subprocess.TimeoutExpired:
            processes.kill_tree(self._process, self.pid)
            with suppress(subprocess.TimeoutExpired):
                self.code = self._process.wait(LINGER_S)
        processes.kill_tree(self._process) if not processes.WINDOWS else None  # children that it left behind
        self._noise.join(LINGER_S)
        with suppress(OSError):
            self._process.stdin.close()
        self._process.stdout.close()
        if not self._noise.is_alive():  # closing a pipe that another thread reads from would wait for that thread
            self._process.stderr.close()
        self._remove_scratch()

    def _remove_scratch(self) -> None:
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)


def _lines(stream: Any):
    """The lines of a pipe until it ends, however it ends."""
    with suppress(OSError, ValueError):
        yield from iter(stream.readline, b"")


def worker_environment(given: Mapping[str, str] | None = None, scratch: Path | None = None) -> dict[str, str]:
    """The worker's environment: that of this process, text in UTF-8, temporary files where they will be removed."""
    values = dict(os.environ) | {"PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1"}
    if not site.ENABLE_USER_SITE:  # a user's own packages are used where this process uses them as well
        values["PYTHONNOUSERSITE"] = "1"
    if scratch is not None:
        values |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))
    return values | dict(given or {})
