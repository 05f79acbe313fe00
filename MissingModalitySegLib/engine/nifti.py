"""What ITK hides about a NIfTI file: it fills up what a cut file lacks with zeros, makes NaN zero, and takes the voxels
of another file for those that were asked for."""

from __future__ import annotations

import gzip
import os
import shutil
import struct
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..errors import InputError

SUFFIXES = (".nii", ".nii.gz")

_HEADER = 348  # bytes
_CHUNK = 2**22  # bytes; a multiple of every voxel's size
_FLOATS = {16: "f4", 64: "f8"}  # NIfTI's codes of data types


@dataclass(frozen=True)
class _Voxels:
    """Where the voxels lie in a file, in bytes, and their type where they are floats."""

    start: int
    size: int
    dtype: np.dtype | None


@contextmanager
def readable_name(path: Path) -> Iterator[str]:
    """A name under which ITK reads `path`, and nothing else.

    Asked for NAME.nii.gz it takes the header from there, and the voxels from NAME.nii where that lies beside it
    (github.com/InsightSoftwareConsortium/ITK/issues/2243). And a name that is no UTF-8, as on disks that an older
    system wrote, ends the process. Such a file is read where it lies alone, by another name.
    """
    is_shadowed = path.name.endswith(".nii.gz") and os.path.lexists(path.with_name(path.name.removesuffix(".gz")))
    if _is_utf8(path) and not is_shadowed:
        yield str(path)
        return
    with tempfile.TemporaryDirectory() as folder:
        alone = Path(folder, "volume" + _suffix(path))
        try:
            alone.symlink_to(path.absolute())
        except OSError:  # an account of Windows that may make no links
            shutil.copyfile(path, alone)
        yield str(alone)


@contextmanager
def writable_name(path: Path) -> Iterator[str]:
    """A name under which ITK writes what is `path` afterwards, whatever letters that has."""
    if _is_utf8(path):
        yield str(path)
        return
    with tempfile.TemporaryDirectory() as folder:
        alone = Path(folder, "volume" + _suffix(path))
        yield str(alone)
        shutil.move(alone, path)


def _is_utf8(path: Path) -> bool:
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _suffix(path: Path) -> str:
    suffix = next((one for one in SUFFIXES if path.name.endswith(one)), path.suffix)
    return suffix if suffix.isascii() else ""


def not_finite(path: Path) -> np.ndarray | None:
    """Read every voxel of a NIfTI file as it is stored; a file of another format under this name is passed over.

    Returns:
        Of each voxel in the order of the file whether it is NaN or infinite; None where none is.

    Raises:
        InputError: `damaged-file`, it ends too early or cannot be unpacked.
    """
    try:
        with gzip.open(path) if path.name.endswith(".gz") else path.open("rb") as stream:
            voxels = _header(stream)
            return None if voxels is None else _read_through(path, stream, voxels)
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(path, str(error)) from error


def _header(stream: BinaryIO) -> _Voxels | None:
    """Read from a header of NIfTI-1, the only version that ITK knows; None where there is another."""
    content = stream.read(_HEADER)
    for order in "<>":
        if len(content) == _HEADER and struct.unpack_from(f"{order}i", content)[0] == _HEADER:
            rank, *sizes = struct.unpack_from(f"{order}8h", content, 40)
            kind, bits = struct.unpack_from(f"{order}2h", content, 70)
            (start,) = struct.unpack_from(f"{order}f", content, 108)
            if 1 <= rank <= 7 and start >= _HEADER:
                dtype = np.dtype(f"{order}{_FLOATS[kind]}") if kind in _FLOATS else None
                return _Voxels(int(start), prod(max(size, 1) for size in sizes[:rank]) * bits // 8, dtype)
    return None


def _read_through(path: Path, stream: BinaryIO, voxels: _Voxels) -> np.ndarray | None:
    stream.seek(voxels.start)
    left, found = voxels.size, []
    while left:
        chunk = stream.read(min(left, _CHUNK))
        if not chunk:
            raise _damaged(path, f"{voxels.size - left} of {voxels.size} bytes of voxels are there")
        left -= len(chunk)
        if voxels.dtype is not None:
            found.append(~np.isfinite(np.frombuffer(chunk, voxels.dtype, len(chunk) // voxels.dtype.itemsize)))
    while stream.read(_CHUNK):
        pass  # the checksum of a .gz stands at its end
    return np.concatenate(found) if any(bad.any() for bad in found) else None


def _damaged(path: Path, why: str) -> InputError:
    return InputError("damaged-file", f"{path.name} is damaged or cut off ({why}).", "Get it again, or leave it out.")
