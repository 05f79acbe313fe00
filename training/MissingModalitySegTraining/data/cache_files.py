"""Files of a cache: plain arrays that can be mapped into memory, entries that appear whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from MissingModalitySegLib.disk import disk_errors
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.owners import has_ended, owner

RECORD = "entry.json"
"""Written last into an entry; holds what it is, and the size and checksum of every other file."""

_PART = ".part-"
_ABANDONED = 24 * 3600.0  # s, after which an unfinished entry of another computer is taken for dead


def write_entry(target: Path, record: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Write an entry beside `target`, then move it there in one step.

    A reader never sees half an entry, and a writer that is killed leaves nothing that counts. Where another writer was
    faster with the same key, its entry stays.
    """
    part = target.parent / f"{_PART}{owner()}-{uuid.uuid4().hex}"
    with disk_errors(target.parent):
        try:
            part.mkdir(parents=True)
            files = {}
            for name, array in arrays.items():
                _write_array(part / name, array)
                files[name] = {"size": (part / name).stat().st_size, "sha256": _digest(part / name)}
            (part / RECORD).write_text(json.dumps({**record, "files": files}, indent=1), encoding="utf-8")
            _publish(part, target, record["key"])
        finally:
            shutil.rmtree(part, ignore_errors=True)


def read_record(folder: Path) -> dict[str, Any] | None:
    """The record of an entry; None where there is none or it cannot be read."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and {"key", "files"} <= set(record) else None


def damage(folder: Path) -> str | None:
    """What is wrong with the files of an entry, every byte of them read; None when they are as they were written."""
    record = read_record(folder)
    if record is None:
        return "its record is missing or damaged"
    for name, facts in record["files"].items():
        try:
            if (folder / name).stat().st_size != facts["size"]:
                return f"{name} has another size than when it was written"
            if _digest(folder / name) != facts["sha256"]:
                return f"{name} has another checksum than when it was written"
        except OSError as error:
            return f"{name} cannot be read: {error.strerror}"
    return None


def map_array(path: Path, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    """A read-only array on disk; only the parts that are looked at are read. Raises `InputError` if it is another."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise _damaged(path, str(error)) from None
    if array.dtype != dtype or array.shape != shape:
        raise _damaged(path, f"it holds {array.dtype} {array.shape}, not {dtype} {shape}")
    return array


def remove_entry(folder: Path) -> None:
    """Remove an entry in one step, also under the eyes of readers who have mapped it."""
    with disk_errors(folder.parent):
        trash = folder.parent / f"{_PART}{owner()}-{uuid.uuid4().hex}"
        with suppress(FileNotFoundError):
            os.rename(folder, trash)
    shutil.rmtree(trash, ignore_errors=True)


def sweep(folder: Path) -> int:
    """Remove what killed writers left; how many there were. Writers at work are left alone."""
    removed = 0
    for part in folder.glob(f"{_PART}*"):
        if _abandoned(part):
            shutil.rmtree(part, ignore_errors=True)
            removed += 1
    return removed


def _publish(part: Path, target: Path, key: str) -> None:
    while True:
        try:
            os.rename(part, target)
            return
        except OSError:
            if not target.is_dir():
                raise
        present = read_record(target)
        if present is not None and present["key"] == key and damage(target) is None:
            return
        remove_entry(target)


def _write_array(path: Path, array: np.ndarray) -> None:
    """The npy format. numpy's own writer hides what the system says when the disk is full."""
    array = np.ascontiguousarray(array)
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
        file.write(memoryview(array).cast("B") if array.size else b"")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _abandoned(part: Path) -> bool:
    ended = has_ended(part.name.removeprefix(_PART).rpartition("-")[0])
    if ended is not None:
        return ended
    try:
        return time.time() - part.stat().st_mtime > _ABANDONED
    except OSError:
        return False


def _damaged(path: Path, why: str) -> InputError:
    return InputError(
        "damaged-cache-entry",
        f"{path} is damaged: {why}.",
        "Fill the cache again; it rebuilds what is damaged and keeps the rest.",
    )
