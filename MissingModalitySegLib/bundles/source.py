"""What an import reads from: members by name, whether they lie in a folder or in an archive."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from ..errors import BundleError
from .manifest import LARGEST_FILE, MOST_FILES
from .staging import open_regular, read_errors


@dataclass(frozen=True)
class Limits:
    """How much an import takes in: bytes per file and in all, and the number of files beside the manifest."""

    file: int = LARGEST_FILE
    total: int = 2 * LARGEST_FILE
    files: int = MOST_FILES


@dataclass(frozen=True)
class Member:
    """A file to import; `size` in bytes and `crc` (CRC-32, None in a folder) are what its container claims."""

    name: str
    size: int
    open: Callable[[], AbstractContextManager[BinaryIO]]
    crc: int | None = None


def folder_members(folder: Path, limits: Limits) -> dict[str, Member]:
    """The files of a folder by name. Raises `BundleError` if there is anything but ordinary files, or too many."""
    members = {}
    with read_errors(folder), os.scandir(folder) as entries:
        for entry in entries:
            if not entry.is_file(follow_symlinks=False):
                what = "a link" if entry.is_symlink() else "a folder" if entry.is_dir() else "a special file"
                raise BundleError(
                    "bundle-link",
                    f"{entry.name!a} in {folder} is {what}.",
                    "A bundle is one folder of ordinary files.",
                )
            size = entry.stat(follow_symlinks=False).st_size
            if size > limits.file:
                raise BundleError("bundle-too-large", f"{entry.name!a} has {size} bytes; {limits.file} are allowed.")
            if len(members) > limits.files:
                raise BundleError(
                    "bundle-too-many-files",
                    f"{folder} holds more than {limits.files} files: no model's folder.",
                )
            members[entry.name] = Member(entry.name, size, partial(open_regular, folder / entry.name))
    return members
