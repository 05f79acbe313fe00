"""What a worker says besides events: kept in a file for a bug report, and its end in memory for an error."""

from __future__ import annotations

import os
import tempfile
import threading
from collections import deque
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from ..resources import user_state

LINES, LONGEST = 200, 2000
"""Lines kept in memory, and characters of each."""

LARGEST = 10_000_000
"""Bytes of a file; what comes later is only kept in memory."""

KEPT = 20
"""Files of earlier workers that are not yet removed."""


class Log:
    """The log of one runner; the file comes with the first line. Where no file can be written there is none."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: deque[str] = deque(maxlen=LINES)
        self._file: BinaryIO | None = None
        self._written = 0
        self._closed = False
        self.path: Path | None = None

    def write(self, line: str | bytes) -> None:
        """Add a line. Never fails: a full disk must not end the work."""
        data = line if isinstance(line, bytes) else line.encode("utf-8", "backslashreplace")
        data = data.rstrip(b"\r\n")
        with self._lock:
            self._lines.append(data[:LONGEST].decode("utf-8", "backslashreplace"))
            if self._file is None and not self._closed and self.path is None:
                self._open()
            if self._file is not None and self._written < LARGEST:
                with suppress(OSError, ValueError):
                    self._written += self._file.write(data + b"\n")

    def tail(self) -> str:
        """The last lines."""
        with self._lock:
            return "\n".join(self._lines)

    def clear(self) -> None:
        """Forget the lines in memory: what follows belongs to another worker or job."""
        with self._lock:
            self._lines.clear()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._file is not None:
                with suppress(OSError):
                    self._file.close()
                self._file = None

    def _open(self) -> None:
        for folder in (user_state() / "logs", Path(tempfile.gettempdir() if _has_temporary() else os.curdir)):
            with suppress(OSError):
                folder.mkdir(parents=True, exist_ok=True)
                path = folder / f"worker-{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}-{id(self):x}.log"
                self._file = open(path, "xb", buffering=0)  # noqa: SIM115  closed by `close`
                self.path = path
                _remove_old(folder)
                return


def _has_temporary() -> bool:
    with suppress(OSError):
        return bool(tempfile.gettempdir())
    return False


def _remove_old(folder: Path) -> None:
    with suppress(OSError):
        for path in sorted(folder.glob("worker-*.log"), key=lambda path: path.stat().st_mtime)[:-KEPT]:
            path.unlink()
