"""Where the program's own data lie, and where it keeps what belongs to a user."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .errors import InputError


def resources() -> Path:
    """The folder with bundled models, terminology, colours and the demo case.

    In a wheel and in Slicer's install tree it lies inside the package, in the source tree beside it.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "Resources", package.parent / "Resources"):
        if folder.is_dir():
            return folder
    raise InputError(
        "resources-missing",
        f"The program's data folder is missing: neither {package / 'Resources'} nor {package.parent / 'Resources'} is "
        "there.",
        "Install the program again.",
    )


def user_data() -> Path:
    """The folder for what a user adds (imported models); shared by Slicer and the command line. Need not exist yet."""
    if sys.platform == "win32":
        return _from_environment("APPDATA", Path.home() / "AppData" / "Roaming") / "MissingModalitySeg"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "MissingModalitySeg"
    return _from_environment("XDG_DATA_HOME", Path.home() / ".local" / "share") / "missing-modality-seg"


def user_state() -> Path:
    """The folder for what may be deleted at any time (log files). Need not exist yet."""
    if sys.platform == "win32":
        return _from_environment("LOCALAPPDATA", Path.home() / "AppData" / "Local") / "MissingModalitySeg"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Logs" / "MissingModalitySeg"
    return _from_environment("XDG_STATE_HOME", Path.home() / ".local" / "state") / "missing-modality-seg"


def _from_environment(variable: str, default: Path) -> Path:
    """The folder a variable names; a relative one is ignored, as the XDG specification asks."""
    folder = Path(os.environ.get(variable, ""))
    return folder if folder.is_absolute() else default
