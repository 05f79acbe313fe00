"""`missing-modality-seg report`: the pages of finished runs, made again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError
from ..output_folder import REPORT
from .output import console


def report(
    folder: Annotated[Path, typer.Argument(help="The output folder of a run, or a folder of such folders.")],
    inputs: Annotated[
        list[Path] | None,
        typer.Option("--inputs", help="Folder below which the volumes of the run lie, for pictures. May be repeated."),
    ] = None,
    case: Annotated[
        str, typer.Option("--case", help="What the case is called in the title. Without it, nothing is.")
    ] = "",
    changes: Annotated[
        Path | None,
        typer.Option("--changes", help="Output folder of `longitudinal` whose later visit this run is."),
    ] = None,
) -> None:
    """Write report.html: of one finished run, or of all runs below a folder with links to their own.

    Every run writes its page by itself; this is for runs that did not, and after a title or an older version.
    """
    from ..reports.cohort import cases_in, write_cohort_report

    if not folder.is_dir():
        raise InputError("no-such-folder", f"There is no folder {folder}.", "Name the output folder of a run.")
    if (folder / REPORT).is_file():
        from ..reports.from_folder import write_case_report

        path = write_case_report(folder, inputs or (), case, changes)
    elif changes is not None:
        raise InputError("no-report", f"There is no {REPORT} in {folder}.", "--changes is for the report of one run.")
    else:
        cases = cases_in(folder)
        if not cases:
            raise InputError(
                "no-report",
                f"There is no {REPORT} in {folder} or below it.",
                "Name the output folder of a run, or a folder of such folders.",
            )
        path = write_cohort_report(folder, cases, title=case or "Cohort")
    console().print(path, soft_wrap=True)
