"""What the file system answers to a writer, told to people."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import InputError, ResourceError

_NO_SPACE = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG)


def ran_out_of_space(error: BaseException) -> bool:
    """Whether `error` says that a disk, or a user's share of it, is full."""
    return isinstance(error, OSError) and error.errno in _NO_SPACE


@contextmanager
def disk_errors(place: Path) -> Iterator[None]:
    """Tell in words that the disk of `place`, a file or folder, is full (`ResourceError`, `disk-full`), or that `place`
    cannot be written (`InputError`, `output-not-writable`)."""
    try:
        yield
    except OSError as error:
        if ran_out_of_space(error):
            hint = "Free some space and start again; what was finished is kept."
            raise ResourceError("disk-full", f"The disk of {place} is full.", hint) from error
        raise InputError(
            "output-not-writable",
            f"{place} cannot be written: {error.strerror or error}.",
            "Choose a folder in which you may write.",
        ) from error
