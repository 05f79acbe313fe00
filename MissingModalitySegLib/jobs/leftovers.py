"""What a worker that was killed could not clear away itself."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ..output_folder import recover

PREFIX = "missing-modality-seg-"


def make_scratch() -> Path | None:
    """A folder for the temporary files of one worker; None where none can be made.

    Its name tells which process has to remove it; what processes left that were killed goes now.
    """
    try:
        _remove_abandoned(Path(tempfile.gettempdir()))
        return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    except OSError:
        return None


def missing_folders(folder: Path) -> list[Path]:
    """Which of `folder` and those above it are not there, from the top."""
    return [one for one in (folder, *folder.parents) if not one.exists()][::-1]


def clear_output(folder: Path, made: Sequence[Path], worker: int) -> None:
    """Bring an output folder back to its complete older set, and remove those `made` for a new one if empty."""
    with suppress(OSError):
        recover(folder, worker)
    for one in reversed(made):
        with suppress(OSError):
            one.rmdir()


def _remove_abandoned(folder: Path) -> None:
    if os.name != "posix":  # where asking for a process could end it
        return
    for path in folder.glob(f"{PREFIX}*-*"):
        owner = path.name.removeprefix(PREFIX).split("-")[0]
        if owner.isdecimal() and not _is_running(int(owner)):
            shutil.rmtree(path, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
