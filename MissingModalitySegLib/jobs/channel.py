"""The worker's end of the line to its parent: events out, commands in, and nothing else on either.

What any library prints, also from C, goes to the log: the file descriptor 1 is made a second name of 2, and the real
output is known to this channel alone. Events are written on a thread of their own, so that a parent that is slow to
read does not hold up the work; progress that could not be written yet is replaced by what is true now.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from .events import Event, Progress


class Channel:
    """To be opened once, first of all, in the main thread of a process that the parent started."""

    def __init__(self) -> None:
        sys.stdout.flush()
        self._in, self._out = os.dup(0), os.dup(1)  # not inherited by children of this process
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        if sys.platform == "win32":
            _set_windows_handles()
        sys.stdout = sys.stderr
        self._changed = threading.Condition()
        self._waiting: deque[Event] = deque()
        self._writing = False
        self._broken = False
        threading.Thread(target=self._write, name="events", daemon=True).start()

    def send(self, event: Event) -> None:
        """Hand over an event; it is written soon."""
        with self._changed:
            last = self._waiting[-1] if self._waiting else None
            if isinstance(event, Progress) and isinstance(last, Progress):
                self._waiting.pop()
            self._waiting.append(event)
            self._changed.notify_all()

    def flush(self, seconds: float) -> None:
        """Wait until all events are written, but no longer."""
        with self._changed:
            self._changed.wait_for(lambda: self._broken or not (self._waiting or self._writing), seconds)

    def commands(self) -> Iterator[dict[str, Any]]:
        """What the parent asks for, until it is gone. What is no command is noted in the log."""
        with suppress(OSError), os.fdopen(self._in, "rb") as stream:
            for line in iter(stream.readline, b""):
                try:
                    command = json.loads(line)
                except (ValueError, RecursionError):
                    command = None
                if isinstance(command, dict) and isinstance(command.get("cmd"), str):
                    yield command
                else:
                    print(f"Not a command: {line[:200]!r}", file=sys.stderr)

    def _write(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                event, self._writing = self._waiting.popleft(), True
            try:
                _write_all(self._out, event.to_json().encode("ascii") + b"\n")
            except OSError:  # nobody reads any more; that the parent is gone is noticed elsewhere
                self._broken = True
            with self._changed:
                self._writing = False
                self._changed.notify_all()
            if self._broken:
                return


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _set_windows_handles() -> None:
    """Let also those who ask Windows itself for the standard output and input find what 1 and 0 are now."""
    import ctypes
    import msvcrt

    kernel = ctypes.windll.kernel32
    kernel.SetStdHandle.argtypes = [ctypes.c_ulong, ctypes.c_void_p]
    for number, descriptor in ((-10, 0), (-11, 1)):
        kernel.SetStdHandle(number & 0xFFFFFFFF, msvcrt.get_osfhandle(descriptor))
