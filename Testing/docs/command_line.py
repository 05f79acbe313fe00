"""docs/reference/command-line.md, as the command line itself knows its commands and options.

    python Testing/docs/command_line.py

A test compares page and program, so give this again when an option has changed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "command-line.md"

HEAD = """# The command line

`missing-modality-seg COMMAND`, or `python -m MissingModalitySegLib COMMAND`. Every command knows `--help`. This page is
written by `Testing/docs/command_line.py` from the program itself.

Exit codes: 0 done, 2 bad usage or input, 3 cancelled, 4 memory or disk exhausted, 1 a bug. Problems go to the standard
error output as a sentence, a hint and a [code](error-codes.md); with `--json` the standard output has JSON and nothing
else.
"""


def page() -> str:
    """The page as it should be."""
    from typer.main import get_command

    from MissingModalitySegLib.cli.application import application

    return "\n".join(
        [HEAD, *(part for name, one in _commands(get_command(application)) for part in _command(name, one))]
    )


def _commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    for name, one in sorted(group.commands.items()):
        if hasattr(one, "commands"):
            yield from _commands(one, f"{before}{name} ")
        else:
            yield before + name, one


def _command(name: str, command: Any) -> Iterator[str]:
    yield f"## `{name}`\n"
    for paragraph in (command.help or "").strip().split("\n\n"):
        yield " ".join(paragraph.split()) + "\n"
    rows = [_row(one) for one in command.params if not getattr(one, "hidden", False)]
    if rows:
        yield "| | | default |\n|---|---|---|"
        yield "\n".join(rows) + "\n"


def _row(parameter: Any) -> str:
    is_option = parameter.opts[0].startswith("-")
    names = [*parameter.opts, *parameter.secondary_opts] if is_option else [parameter.name.upper()]
    shown = ", ".join(f"`{one}`" for one in names)
    if isinstance(parameter.default, Enum):
        shown += " " + " ".join(f"`{one.value}`" for one in type(parameter.default))
    words = " ".join((getattr(parameter, "help", None) or "").split())
    words = "".join("\\" + character if character in "|[" else character for character in words)
    return f"| {shown} | {words} | {_default(parameter)} |"


def _default(parameter: Any) -> str:
    value = parameter.default.value if isinstance(parameter.default, Enum) else parameter.default
    if parameter.required:
        return "required"
    if value is True:
        return "on"
    return f"`{value}`" if isinstance(value, str | int | float | Path) and value is not False and value != "" else ""


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "training")]
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
