"""A `.zip` as somebody sent it: nothing in it is believed until it was checked.

zipfile itself never writes here; its members are opened as streams and copied under names that the manifest lists.
"""

from __future__ import annotations

import copy
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from ..errors import BundleError
from . import names
from .source import Limits, Member

READ_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, struct.error)
"""What zipfile raises on damaged or hostile bytes (RuntimeError for encrypted, ValueError for absurd numbers)."""

_LARGEST_DIRECTORY = 2**20  # bytes; the list of contents is read into memory as a whole
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_REPARSE_POINT = 0x400
_NO_BOMB_BELOW = 10**6  # bytes; a small text may be one letter a thousand times
_GREATEST_RATIO = 200


@contextmanager
def zip_members(path: Path, limits: Limits) -> Iterator[dict[str, Member]]:
    """The files of the archive at `path` by name, without the one folder they may lie in. Raises `BundleError`."""
    with damaged_archive(path):
        stream = open(path, "rb")  # noqa: SIM115 - closed below; the block that uses it must not be inside this one
    with stream:
        with damaged_archive(path):
            _check_directory(path, stream)
            archive = zipfile.ZipFile(stream)
        with archive:
            yield _members(path, archive, limits)


@contextmanager
def damaged_archive(path: Path) -> Iterator[None]:
    """Turn whatever zipfile says about damaged bytes into one sentence."""
    try:
        yield
    except READ_ERRORS as error:
        raise BundleError(
            "bundle-damaged-archive",
            f"{path.name} cannot be read: {error}.",
            "The file is incomplete or was changed: get it again.",
        ) from error


def _members(path: Path, archive: zipfile.ZipFile, limits: Limits) -> dict[str, Member]:
    infos = archive.infolist()
    files = []
    for info in infos:
        _check_place(info)
        if not info.orig_filename.endswith("/"):
            files.append(info)
    if len(infos) > limits.files + 2:  # the manifest and the folder around it
        raise BundleError("bundle-too-many-files", f"The archive lists {len(infos)} files; {limits.files} are allowed.")
    prefix = _prefix([info.orig_filename for info in infos])
    members: dict[str, Member] = {}
    keys: dict[str, str] = {}
    archive_size = os.path.getsize(path)
    for info in files:
        name = info.orig_filename.removeprefix(prefix)
        if names.key_of(name) in keys:
            raise BundleError(
                "bundle-duplicate", f"The archive holds “{name}” twice, also as “{keys[names.key_of(name)]}”."
            )
        keys[names.key_of(name)] = name
        _check_content(info, name, archive_size, limits)
        members[name] = Member(name, info.file_size, partial(_open, path, archive, info), info.CRC)
    return members


def _check_place(info: zipfile.ZipInfo) -> None:
    """Raise `BundleError` if the entry points out of the archive or is no ordinary file."""
    name = info.orig_filename
    if (
        not name
        or "\\" in name
        or name.startswith("/")
        or re.match("[A-Za-z]:", name)
        or ".." in name.split("/")
        or "\0" in name
    ):
        raise BundleError(
            "bundle-path-escape",
            f"The archive holds {name!a}, a path that leads out of it.",
            "This is no archive that the program made: do not trust it.",
        )
    mode = info.external_attr >> 16
    kind = stat.S_IFMT(mode)
    wanted = stat.S_IFDIR if name.endswith("/") else stat.S_IFREG
    if kind not in (0, wanted) or info.external_attr & _REPARSE_POINT:
        raise BundleError(
            "bundle-link",
            f"The archive holds {name!a} as a link or a special file.",
            "A bundle holds ordinary files only.",
        )


def _prefix(paths: list[str]) -> str:
    """The one folder that everything may lie in, with its slash; empty if there is none."""
    depth = max((path.rstrip("/").count("/") + path.endswith("/") for path in paths), default=0)
    first = paths[0].split("/")[0] + "/" if paths else ""
    if depth == 0:
        return ""
    if depth == 1 and all(path.startswith(first) for path in paths):
        return first
    raise BundleError(
        "bundle-nested",
        "The archive holds folders within it; a bundle is one folder of files.",
        "Zip the folder of one model, or use `missing-modality-seg models export`.",
    )


def _check_content(info: zipfile.ZipInfo, name: str, archive_size: int, limits: Limits) -> None:
    """Raise `BundleError` if the entry is encrypted, packed in a way we do not read, too large or a bomb."""
    if info.flag_bits & _ENCRYPTED:
        raise BundleError("bundle-encrypted", f"“{name}” is encrypted.", "Export the model without a password.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BundleError(
            "bundle-compression",
            f"“{name}” is compressed by method {info.compress_type}, which is not read here.",
            "Make an ordinary .zip (stored or deflated).",
        )
    if info.file_size > limits.file:
        raise BundleError("bundle-too-large", f"“{name}” claims {info.file_size} bytes; {limits.file} are allowed.")
    if info.compress_size > archive_size:
        raise BundleError("bundle-damaged-archive", f"“{name}” claims more bytes than the archive has.")
    if info.file_size > max(_NO_BOMB_BELOW, _GREATEST_RATIO * info.compress_size):
        raise BundleError(
            "bundle-bomb",
            f"“{name}” would grow from {info.compress_size} to {info.file_size} bytes, as weights never do.",
            "This is no model: do not trust it.",
        )


@contextmanager
def _open(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[BinaryIO]:
    # zipfile cuts a member at its declared size. One byte more, and a member that goes on can be seen doing so; without
    # the check of a sum over that byte, which would hide it. The bytes have other sums to meet.
    info = copy.copy(info)
    info.file_size += 1
    del info.CRC
    with damaged_archive(path), archive.open(info) as stream:
        yield stream


def _check_directory(path: Path, stream: BinaryIO) -> None:
    """Raise `BundleError` if this is no archive, was cut, or has a list of contents of absurd length."""
    length = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, length - 22 - 2**16))
    tail = stream.read()
    stream.seek(0)
    start = stream.read(4)
    end = tail.rfind(b"PK\5\6")
    if end < 0 or end + 22 > len(tail):
        if start == b"PK\3\4":
            raise BundleError(
                "bundle-truncated", f"{path.name} is cut: the end of the archive is missing.", "Get the file again."
            )
        names.refuse_pickle(path.name, "Import")
        raise BundleError("bundle-not-an-archive", f"{path.name} is no .zip archive.", "A model is a folder or a .zip.")
    (directory,) = struct.unpack_from("<L", tail, end + 12)
    if end >= 20 and tail[end - 20 : end - 16] == b"PK\6\7":  # the longer form, for very large archives
        (offset,) = struct.unpack_from("<Q", tail, end - 12)
        stream.seek(min(offset, length))
        record = stream.read(56)
        if len(record) == 56:
            (directory,) = struct.unpack_from("<Q", record, 40)
    if directory > _LARGEST_DIRECTORY:
        raise BundleError(
            "bundle-too-many-files", f"The archive's list of contents takes {directory} bytes; a bundle has few files."
        )
