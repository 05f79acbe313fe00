"""The edge of the command line: the one place where errors become messages and exit codes."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from ..errors import (
    OUT_OF_MEMORY,
    CancelledError,
    InputError,
    MissingModalitySegError,
    ResourceError,
    ran_out_of_memory,
    too_long_a_name,
)
from ..resources import user_state

DONE, BUG = 0, 1
_CANCELLED_BY_TYPER = (1, 130)
"""What typer exits with on Ctrl-C, on end of input at a question, and when the reader of a pipe has gone."""


def run(arguments: Sequence[str]) -> int:
    """Run one command; the exit code. Prints errors to stderr, without traceback unless it is a bug."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):  # a terminal that cannot show a letter must not stop the work
            stream.reconfigure(errors="backslashreplace")
    try:
        _call(list(arguments))
    except MissingModalitySegError as error:
        return _tell(error)
    except KeyboardInterrupt:
        return _tell(CancelledError("cancelled", "Cancelled."))
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else DONE if leaving.code is None else BUG
        return CancelledError.exit_code if code in _CANCELLED_BY_TYPER else code
    except Exception as error:
        if ran_out_of_memory(error):
            return _tell(ResourceError(OUT_OF_MEMORY, "The memory is exhausted.", "Close other programs."))
        told = too_long_a_name(error)
        return _tell_bug(error, arguments) if told is None else _tell(told)
    finally:
        _flush()
    return DONE


def _call(arguments: list[str]) -> None:
    try:
        import typer
    except ModuleNotFoundError as error:
        raise InputError(
            "command-line-missing",
            f"The command line needs the package {error.name}, which is not installed.",
            'Install it, in a clone of the repository, with: pip install ".[cli]"',
        ) from error
    from .application import application
    from .output import PROGRAM

    typer.main.get_command(application).main(arguments, prog_name=PROGRAM)


def _tell(error: MissingModalitySegError) -> int:
    with suppress(OSError):
        print(f"Error: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"Hint: {error.hint}", file=sys.stderr)
        print(f"Code: {error.code}", file=sys.stderr)  # docs/reference/error-codes.md explains each
    return error.exit_code


def _tell_bug(error: Exception, arguments: Sequence[str]) -> int:
    text = f"Arguments: {list(arguments)}\n\n" + "".join(traceback.format_exception(error))
    with suppress(OSError):
        print(f"Error: {type(error).__name__}: {error}", file=sys.stderr)
        log = _write_log(text)
        print(f"Hint: This is a bug. Details are in {log}" if log else text, file=sys.stderr)
    return BUG


def _write_log(text: str) -> Path | None:
    """Write a log file into the user's folder, or where temporary files go; None if neither can be written."""
    name = f"error-{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}.log"
    for folder in (user_state() / "logs", Path(tempfile.gettempdir())):
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8", errors="backslashreplace")
            return folder / name
    return None


def _flush() -> None:
    """Write what is buffered; where the reader of a pipe has gone, let Python not complain about it at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
