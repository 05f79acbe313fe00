"""The folder that a run writes: the whole set of its files takes the place of an older set, or nothing changes.

New files are written into a hidden folder inside the output folder. At the end the older set is set aside, the new one
is moved in, and only then the older one is deleted. Every step is a rename, and the name of the hidden folder tells how
far it came: `recover` brings a folder whose process was killed back to a complete set. Files that no run writes are
never touched.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from .disk import disk_errors
from .errors import InputError
from .modalities import MODALITIES
from .options import CHOICES
from .owners import has_ended, owner

REPORT = "report.json"
PAGE = "report.html"
"""The report with pictures, for a browser."""

_INCOMING = re.compile(r"\.incoming-(.+)-[0-9a-f]{16}")
_LEAVING = ".leaving"  # the older set is being set aside: what is still outside belongs to it
_PREVIOUS = ".previous"  # all of the older set is here: what is outside belongs to the new one
_DONE = ".replaced"  # the new set is complete


def volume_names(format: str) -> tuple[str, ...]:
    """The names of all volumes that a run may write in `format`."""
    stems = ["segmentation", "uncertainty"]
    stems += [f"{kind}_{modality}" for kind in ("synthetic", "reconstructed") for modality in MODALITIES]
    return tuple(f"{stem}.{format}" for stem in stems)


SEGMENTATION_OBJECT, MEASUREMENT_REPORT = "segmentation.dcm", "report.dcm"
"""The labels as DICOM SEG, and the measurements as a structured report."""

NAMES = frozenset(
    {
        REPORT,
        PAGE,
        SEGMENTATION_OBJECT,
        MEASUREMENT_REPORT,
        *(name for format in CHOICES["format"] for name in volume_names(format)),
    }
)
"""Every file that a run may write, and so may replace."""


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """A hidden folder to fill with files named as in `NAMES`; they become the set in `folder` when the block ends well.

    `folder` need not exist. On any exception, Ctrl-C included, the older set stays and nothing else is left, nor a
    folder that was not there before. Raises `InputError` (`output-not-writable`) and `ResourceError` (`disk-full`).
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise InputError("output-not-writable", f"The output folder {folder} is a file.", "Name a folder.")
    with disk_errors(folder):
        made = _make(folder)
    try:
        with disk_errors(folder):
            recover(folder)
        with incoming(folder) as fresh:
            yield fresh
            with disk_errors(folder):
                _exchange(fresh, folder)
    except BaseException:
        for one in reversed(made):
            with suppress(OSError):  # somebody else's files are in it by now
                one.rmdir()
        raise


@contextmanager
def incoming(folder: Path) -> Iterator[Path]:
    """A hidden folder in `folder`, to write in and to move files from; gone at the end. `recover` removes it where its
    process was killed."""
    fresh = folder / f".incoming-{owner()}-{token_hex(8)}"
    with disk_errors(folder):
        fresh.mkdir()
    try:
        yield fresh
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def recover(folder: Path, dead: int | None = None) -> None:
    """Bring `folder` to one complete set where a process was killed, and remove what it left.

    What process `dead` was writing goes too, and what processes of this computer left that no longer run. Nothing
    happens where `folder` is missing.
    """
    folder = Path(folder)
    if (folder / _LEAVING).is_dir():
        _move_all(folder / _LEAVING, folder)
    if (folder / _PREVIOUS).is_dir():
        for name in NAMES:
            (folder / name).unlink(missing_ok=True)
        _move_all(folder / _PREVIOUS, folder)
    shutil.rmtree(folder / _DONE, ignore_errors=True)
    with suppress(FileNotFoundError, NotADirectoryError):
        for name in os.listdir(folder):
            writer = _INCOMING.fullmatch(name)
            if writer and ((dead is not None and writer[1] == owner(dead)) or has_ended(writer[1])):
                shutil.rmtree(folder / name, ignore_errors=True)


def _make(folder: Path) -> list[Path]:
    """Make `folder` and what is missing above it; what was made, from the top."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()][::-1]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _exchange(fresh: Path, folder: Path) -> None:
    """Put the files of `fresh` in the place of the set in `folder`; back to that set if anything fails."""
    foreign = sorted(set(os.listdir(fresh)) - NAMES)
    assert not foreign, foreign
    for path in fresh.iterdir():
        _to_disk(path)
    try:
        leaving = folder / _LEAVING
        leaving.mkdir()
        for name in NAMES & set(os.listdir(folder)):
            os.replace(folder / name, leaving / name)
        os.rename(leaving, folder / _PREVIOUS)
        for path in sorted(fresh.iterdir(), key=lambda path: path.name == REPORT):  # the report when all else is there
            os.replace(path, folder / path.name)
        os.rename(folder / _PREVIOUS, folder / _DONE)
    except BaseException:
        recover(folder)
        raise
    shutil.rmtree(folder / _DONE, ignore_errors=True)


def _to_disk(path: Path) -> None:
    """What is renamed before it is on the disk may be empty after a power cut."""
    with open(path, "rb+") as stream:
        os.fsync(stream.fileno())


def _move_all(source: Path, target: Path) -> None:
    for path in list(source.iterdir()):
        os.replace(path, target / path.name)
    source.rmdir()
