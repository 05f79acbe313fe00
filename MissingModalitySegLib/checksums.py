"""Checksums of files, each computed once as long as its file stays as it is."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from contextlib import suppress
from pathlib import Path

Signature = tuple[int, ...]
"""What changes when a file does: size, times of change in ns, number on its disk."""


def sha256_of(path: Path | str) -> str:
    """The SHA-256 checksum of a file. Raises `OSError`."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def signature_of(path: Path | str) -> Signature:
    """What tells without reading a file whether it is as it was. Raises `OSError`.

    The time of change is set by the system alone: a file that was written to and then given its old date is noticed.
    """
    told = os.stat(path)
    return (told.st_size, told.st_mtime_ns, told.st_ctime_ns, told.st_ino)


class Checksums:
    """Checksums that are remembered in `file`, one JSON object per line; None: only as long as this object lives.

    A file that changes while it is read is not remembered. Memory that cannot be read or written is no error: then more
    is computed. Safe to use from threads.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file, self._lock = file, threading.Lock()
        self._known: dict[str, tuple[Signature, str]] = {}
        with suppress(OSError):
            lines = [] if file is None else file.read_text(encoding="utf-8", errors="replace").splitlines()
            for line in lines:
                self._recall(line)

    def __call__(self, path: Path | str) -> str:
        """The checksum of a file. Raises `OSError`."""
        before = signature_of(path)
        known = self._known.get(os.path.abspath(path))
        if known is not None and known[0] == before:
            return known[1]
        checksum = sha256_of(path)
        if signature_of(path) == before:
            self.learn(path, before, checksum)
        return checksum

    def learn(self, path: Path | str, signature: Signature, checksum: str) -> None:
        """Remember what somebody else computed of a file while it had this signature."""
        entry = {"file": os.path.abspath(path), "signature": list(signature), "sha256": checksum}
        with self._lock:
            self._known[entry["file"]] = (tuple(signature), checksum)
            if self._file is not None:
                with suppress(OSError):
                    self._file.parent.mkdir(parents=True, exist_ok=True)
                    with open(self._file, "a", encoding="ascii") as stream:
                        stream.write(json.dumps(entry) + "\n")

    def _recall(self, line: str) -> None:
        """A line whose writing was interrupted is passed over."""
        with suppress(ValueError, KeyError, TypeError, RecursionError):
            entry = json.loads(line)
            file, checksum = entry["file"], entry["sha256"]
            if isinstance(file, str) and isinstance(checksum, str):
                self._known[file] = (tuple(entry["signature"]), checksum)
