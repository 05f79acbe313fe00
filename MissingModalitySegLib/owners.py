"""Whose a folder is that its process will remove: the computer and the process stand in its name.

Computers that share a disk number their processes each for itself, so that a number alone tells nothing there.
"""

from __future__ import annotations

import os
import re
import socket


def owner(process: int | None = None) -> str:
    """What stands in a name for a process of this computer, this one where none is named."""
    return f"{_computer()}-{os.getpid() if process is None else process}"


def has_ended(owner: str) -> bool | None:
    """Whether the process of an `owner` runs no more; None where that cannot be told.

    That is of processes of other computers, and where asking could end a process (Windows).
    """
    computer, _, process = owner.rpartition("-")
    if computer != _computer() or not process.isdecimal() or os.name != "posix":
        return None
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def _computer() -> str:
    """The name of this computer, of characters that every file system takes."""
    return re.sub(r"[^0-9A-Za-z.-]", "_", socket.gethostname())
