"""What a process that was killed could not clear away itself."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ..output_folder import recover
from ..owners import has_ended, owner

PREFIX = "missing-modality-seg-"


def make_scratch() -> Path | None:
    """A folder for the temporary files of one worker; None where none can be made."""
    try:
        return make_temporary(Path(tempfile.gettempdir()))
    except OSError:
        return None


def make_temporary(place: Path) -> Path:
    """A folder in `place` that this process will remove; what processes of this computer left there that were killed
    goes now.

    Its name tells whose it is. Raises `OSError`.
    """
    place.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(place)
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{owner()}-", dir=place))


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
    for path in folder.glob(f"{PREFIX}*-*"):
        if has_ended(path.name.removeprefix(PREFIX).rpartition("-")[0]):
            shutil.rmtree(path, ignore_errors=True)
