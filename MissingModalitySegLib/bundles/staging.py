"""Making a folder appear at once and whole, or not at all."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from ..disk import disk_errors
from ..errors import BundleError

_CHUNK = 2**20  # bytes


@contextmanager
def staged(target: Path, replace: bool) -> Iterator[Path]:
    """A fresh folder beside `target` to fill; it takes the place of `target` when the block ends well.

    On any exception, Ctrl-C included, the fresh folder is removed and `target` stays as it was. A folder that `target`
    replaces is set aside until the new one stands, and put back if that fails. Raises `bundle-exists` when `target` is
    there and `replace` is false, and as `disk_errors`.
    """
    aside = target.with_name(f".{target.name}.previous")
    with disk_errors(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        _settle(target, aside)
        refuse_existing(target, replace)
        fresh = target.with_name(f".{target.name}.incoming-{token_hex(8)}")
        fresh.mkdir()
    try:
        yield fresh
        with disk_errors(target.parent):
            _exchange(fresh, target, aside, replace)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def refuse_existing(target: Path, replace: bool) -> None:
    """Raise `bundle-exists` if `target` is there and must not be replaced."""
    if not replace and os.path.lexists(target):
        raise BundleError(
            "bundle-exists",
            f"There is a model “{target.name}” already, in {target.parent}.",
            "Replace it (`--replace`), or import into another folder.",
        )


def write_and_hash(source: BinaryIO, target: Path, size: int) -> tuple[str, int]:
    """Copy at most `size` + 1 bytes of `source` into the new file `target`; the SHA-256 and number of bytes copied."""
    digest, copied = sha256(), 0
    with disk_errors(target.parent):
        stream = open(target, "xb")  # noqa: SIM115 - closed below; errors of reading must not pass as errors of writing
    with stream:
        while copied <= size and (chunk := source.read(min(_CHUNK, size + 1 - copied))):
            copied += len(chunk)
            digest.update(chunk)
            with disk_errors(target.parent):
                stream.write(chunk)
        with disk_errors(target.parent):
            stream.flush()
    return digest.hexdigest(), copied


@contextmanager
def open_regular(path: Path) -> Iterator[BinaryIO]:
    """Open a file that is a file: no link, no pipe, no device. Raises `bundle-link` or `bundle-missing-file`."""
    with read_errors(path):
        mode = os.lstat(path).st_mode
        if not stat.S_ISREG(mode):
            what = "a link" if stat.S_ISLNK(mode) else "a folder" if stat.S_ISDIR(mode) else "no ordinary file"
            raise BundleError(
                "bundle-link", f"“{path.name}” in {path.parent} is {what}.", "A bundle holds ordinary files only."
            )
        # O_NOFOLLOW: what was a file a moment ago may be a link now.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(descriptor, "rb") as stream:
            yield stream


@contextmanager
def read_errors(path: Path) -> Iterator[None]:
    """Tell in words why `path` cannot be read: `bundle-missing-file`, `bundle-not-readable`."""
    try:
        yield
    except FileNotFoundError:
        raise BundleError(
            "bundle-missing-file", f"“{path.name}” is missing from {path.parent}.", "Get the model again."
        ) from None
    except OSError as error:
        raise BundleError(
            "bundle-not-readable",
            f"“{path.name}” in {path.parent} cannot be read: {error.strerror or error}.",
            "Check who may read it.",
        ) from error


def _exchange(fresh: Path, target: Path, aside: Path, replace: bool) -> None:
    refuse_existing(target, replace)  # it may have appeared meanwhile
    replaced = os.path.lexists(target)
    if replaced:
        os.rename(target, aside)
    try:
        os.rename(fresh, target)
    except BaseException:
        if replaced:
            os.rename(aside, target)
        raise
    _remove(aside)


def _settle(target: Path, aside: Path) -> None:
    """Finish what a process that was killed between the two renames of `_exchange` left."""
    if not os.path.lexists(aside):
        return
    if os.path.lexists(target):
        _remove(aside)
    else:
        os.rename(aside, target)


def _remove(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink()
    else:
        shutil.rmtree(folder, ignore_errors=True)
