"""What happened in a run, one JSON object per line, written as it happens: a run that is killed leaves it whole."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..disk import disk_errors
from ..errors import InputError

NAME = "journal.jsonl"
_LOCK = "lock"


class Journal:
    """The journal in `folder`; `write` adds to it and returns when the line is on the disk. Raises as `disk_errors`."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME

    def write(self, event: str, **facts: Any) -> None:
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": now, "event": event, **facts}, default=str) + "\n"
        with disk_errors(self._path.parent):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with open(self._path, "a+b") as stream:
                if self._is_cut_off(stream):
                    stream.write(b"\n")
                stream.write(line.encode("ascii"))
                stream.flush()
                os.fsync(stream.fileno())

    def read(self) -> list[dict[str, Any]]:
        """Everything in it, earlier runs first; what is no event, as a line that was cut off, is passed over."""
        events = []
        with suppress(OSError):
            for line in self._path.read_text(encoding="utf-8", errors="replace").splitlines():
                with suppress(ValueError, RecursionError):
                    event = json.loads(line)
                    if isinstance(event, dict) and isinstance(event.get("event"), str):
                        events.append(event)
        return events

    @staticmethod
    def _is_cut_off(stream: Any) -> bool:
        """Whether what was written before ends within a line."""
        if stream.seek(0, os.SEEK_END) == 0:
            return False
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) != b"\n"


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process; the hold ends with it, however it ends. Raises `InputError` (`batch-running`)."""
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        stream = open(folder / _LOCK, "a+b")  # noqa: SIM115 (held open on purpose)
    with stream:
        try:
            _lock(stream.fileno())
        except OSError:
            raise InputError(
                "batch-running",
                f"Another run is at work in {folder.parent}.",
                "Wait for its end, or stop it, or choose another output folder.",
            ) from None
        yield


def _lock(descriptor: int) -> None:
    if os.name == "posix":
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    else:
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
