"""The page of a finished batch, written by a process of its own: what draws reports is never loaded by the parent."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..errors import ResourceError
from ..output_folder import PAGE
from .connection import worker_environment

LIBRARY = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
sys.path[:] = [sys.argv[1], *filter(None, sys.path)]
from MissingModalitySegLib.reports.cohort_process import main
sys.exit(main())
"""
"""Of the folder in which Slicer happens to be nothing is imported."""

PATIENCE_S = 600.0
"""Thousands of reports on a slow network drive take minutes to read."""

_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)


def write_cohort_page(
    python: str, folder: Path, model: str, version: str, rows: Iterable[tuple[Mapping[str, Any], Path | None]]
) -> Path:
    """Have `python` write `report.html` into `folder`, and wait for it; `rows` are those of the summary, each with the
    folder of its case. Raises `ResourceError` where that is not possible."""
    told = {
        "folder": str(folder),
        "model": model,
        "version": version,
        "rows": [{"row": dict(row), "folder": None if place is None else str(place)} for row, place in rows],
    }
    try:
        done = subprocess.run(
            [python, "-c", PROGRAM, str(LIBRARY)],
            input=json.dumps(told).encode("ascii"),
            capture_output=True,
            timeout=PATIENCE_S,
            env=worker_environment(),
            creationflags=_NO_WINDOW if sys.platform == "win32" else 0,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failure(folder, str(error)) from error
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise _failure(folder, lines[-1] if lines else f"exit code {done.returncode}")
    return folder / PAGE


def _failure(folder: Path, why: str) -> ResourceError:
    return ResourceError(
        "no-page",
        f"“{folder / PAGE}” could not be written: {why}.",
        "The results and the table are there all the same.",
    )
