"""What an exception in the worker means to the user."""

from __future__ import annotations

import errno
import shutil
import traceback
from contextlib import suppress
from pathlib import Path

from ..disk import ran_out_of_space
from ..errors import (
    OUT_OF_MEMORY,
    InputError,
    MissingModalitySegError,
    ResourceError,
    ran_out_of_memory,
    too_long_a_name,
)
from .events import Error

NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)

_NEARLY_NOTHING = 100_000
"""Bytes: a disk with less left is full."""


def error_event(error: BaseException, job: int | None, output: Path | None = None) -> Error:
    """The event that tells of `error`, raised while files were written into `output`."""
    if isinstance(error, MissingModalitySegError):
        return Error.of(error, job)
    if ran_out_of_memory(error):
        return Error.of(
            ResourceError(
                OUT_OF_MEMORY,
                "The memory is exhausted.",
                "Close other programs, or choose inference by sliding window.",
            ),
            job,
        )
    if isinstance(error, OSError) and error.errno in NOT_WRITABLE:
        where = error.filename or output
        message = f"{where} cannot be used: {error.strerror}."
        return Error.of(InputError("not-permitted", message, "Check the permissions of files and folders."), job)
    if _is_full_disk(error, output):
        return Error.of(ResourceError("disk-full", "The disk is full.", "Free some space and try again."), job)
    if told := too_long_a_name(error):
        return Error.of(told, job)
    log = "".join(traceback.format_exception(error))
    return Error("bug", f"{type(error).__name__}: {error}", "This is a bug in the program.", "bug", log, job=job)


def _is_full_disk(error: BaseException, output: Path | None) -> bool:
    """SimpleITK tells of a failed write without its reason, so where it failed is looked at."""
    if isinstance(error, OSError):
        return ran_out_of_space(error)
    if not isinstance(error, RuntimeError) or output is None:
        return False
    for folder in (output, *output.parents):
        with suppress(OSError):
            return shutil.disk_usage(folder).free < _NEARLY_NOTHING
    return False
