"""The process that writes the page of a cohort, told on stdin what there is."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ..errors import MissingModalitySegError
from .cohort import cases_of_rows, cohort_title, write_cohort_report


def main() -> int:
    """Write it, and give the exit code."""
    told = json.load(sys.stdin)
    rows = [(one["row"], None if one["folder"] is None else Path(one["folder"])) for one in told["rows"]]
    try:
        title = cohort_title(told["model"], told["version"])
        write_cohort_report(told["folder"], cases_of_rows(rows), title=title)
    except MissingModalitySegError as error:
        print(error, file=sys.stderr)
        return 1
    return 0
