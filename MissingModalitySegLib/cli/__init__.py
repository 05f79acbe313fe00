"""The command line: typer and rich on top of the library, each command importing what it needs when it runs.

`application` lists the commands, `edge` turns what they raise into messages and exit codes, and every other file is one
command or one group of them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave the process with its exit code."""
    from .edge import run

    sys.exit(run(sys.argv[1:] if arguments is None else arguments))
