"""The one exception family for everything a user can cause or mend.

An error is raised where the fact is known and shown once, at the edge: a message box in Slicer, an `error` event of the
worker, two lines on stderr and an exit code on the command line.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager


class MissingModalitySegError(Exception):
    """A problem with a name for programs (`code`), a sentence for people (`message`) and a way out (`hint`)."""

    exit_code = 1

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()

    def as_dict(self) -> dict[str, str]:
        return {"code": self.code, "message": self.message, "hint": self.hint}

    def __reduce__(self):  # exceptions cross process borders; the default would call __init__ with the message alone
        return type(self), (self.code, self.message, self.hint)


class InputError(MissingModalitySegError):
    """Something handed in cannot be used as it is: a volume, a name, an option, a manifest, a configuration."""

    exit_code = 2


class BundleError(InputError):
    """A model bundle is damaged, hostile, incomplete or of an unknown kind."""


class CancelledError(MissingModalitySegError):
    """The user stopped the work; nothing is broken."""

    exit_code = 3


class ResourceError(MissingModalitySegError):
    """Memory, disk or device gave out, and every cheaper way was tried."""

    exit_code = 4


OUT_OF_MEMORY = "out-of-memory"

_NO_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "cannot allocate memory",
    "not enough memory",
    "unable to allocate",
    "failed to allocate",
    "alloc_failed",
    "bad allocation",
    "bad_alloc",
    "can't start new thread",
    "failed to map segment",  # a library that finds no room to be loaded
    "paging file is too small",  # the same on Windows
    "memory allocation still failed",  # OpenBLAS
    "memoryerror",
)
"""How Python and libraries in C and C++ tell of a lack of memory."""


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether `error` is how this program, Python, torch or a library's loader says that memory is exhausted."""
    if isinstance(error, MissingModalitySegError):
        return error.code == OUT_OF_MEMORY
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM or getattr(error, "winerror", None) == 1455
    return isinstance(error, RuntimeError | ImportError) and tells_of_no_memory(str(error))


def too_long_a_name(error: BaseException) -> InputError | None:
    """What to tell of a path that no system takes, wherever it was first looked for; None for other errors."""
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        return InputError("name-too-long", f"No file can be called “{str(error.filename)[:60]}…”.", "Check the path.")
    return None


def tells_of_no_memory(text: str) -> bool:
    """Whether `text`, a message or the last words of a process, says that memory is exhausted."""
    return any(sign in text.casefold() for sign in _NO_MEMORY)


@contextmanager
def located(where: str) -> Iterator[None]:
    """Prefix the message of an error raised inside with the place it belongs to, as in `cases[3]: …`."""
    try:
        yield
    except MissingModalitySegError as error:
        error.message = f"{where}: {error.message}"
        error.args = (error.message,)
        raise
