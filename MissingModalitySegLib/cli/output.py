"""What all commands share: how they print."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ..errors import InputError

PROGRAM = "missing-modality-seg"

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text for people.")]


def console(stderr: bool = False) -> Console:
    """Where text for people goes. Nothing is interpreted: a manifest may hold what looks like markup."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else 160  # a file or a pipe has no width, and rich would assume 80
    return Console(width=width, stderr=stderr, markup=False, emoji=False, highlight=False)


def table(*columns: str) -> Table:
    """An empty table that stays readable when it is copied or piped."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def print_json(value: Any) -> None:
    """One JSON document on stdout, in ASCII: any terminal and any pipe takes it."""
    print(json.dumps(value, indent=2))


@contextmanager
def training_packages(what: str) -> Iterator[None]:
    """Inside, what belongs to the training package is imported; `InputError` where a package for that is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise InputError(
            "training-missing",
            f"{what} needs the package {error.name}, which is not installed.",
            'Install it, in a clone of the repository, with: pip install ".[training]"',
        ) from error


def readable_time(seconds: float) -> str:
    """As in “3 h 05 min”, “2 min 10 s”, “8 s”."""
    total = max(round(seconds), 0)
    hours, minutes, rest = total // 3600, total // 60 % 60, total % 60
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def readable_size(size: int) -> str:
    """Bytes as people read them: `12.3 MB`."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"
