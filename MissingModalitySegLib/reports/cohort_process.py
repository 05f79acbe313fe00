"""A script that writes the page of a cohort: started by its path, told on stdin what there is. Nothing imports it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def _find_library() -> None:
    """Make the library importable that this file belongs to, and the files of this folder only through it."""
    folder = os.path.dirname(os.path.abspath(__file__))
    elsewhere = [entry for entry in sys.path if os.path.abspath(entry) != folder]
    sys.path[:] = [os.path.dirname(os.path.dirname(folder)), *elsewhere]


def main() -> int:
    from MissingModalitySegLib.errors import MissingModalitySegError
    from MissingModalitySegLib.reports.cohort import cases_of_rows, cohort_title, write_cohort_report

    told = json.load(sys.stdin)
    rows = [(one["row"], None if one["folder"] is None else Path(one["folder"])) for one in told["rows"]]
    try:
        title = cohort_title(told["model"], told["version"])
        write_cohort_report(told["folder"], cases_of_rows(rows), title=title)
    except MissingModalitySegError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    _find_library()
    sys.exit(main())
