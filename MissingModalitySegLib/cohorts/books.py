"""What is known of every case of a run: its row, the journal, the tables on the disk."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..case_results import CHECKSUMS, CaseState, finished_report, summary_row, write_summary
from ..checksums import Checksums
from ..errors import MissingModalitySegError
from . import bids
from .journal import Journal
from .listener import Listener
from .parquet import write_parquet
from .plan import Plan, Planned
from .sources import Source
from .tally import Tally

SUMMARY_S = 60.0
"""Seconds between two summaries while the run goes on."""

HAS_RESULT = (CaseState.DONE, CaseState.EARLIER)


class Books:
    """Cases are known by their folders: names may be there twice."""

    def __init__(self, plan: Plan, listener: Listener) -> None:
        self.plan, self.listener = plan, listener
        self.journal = Journal(plan.records)
        self.checksums = Checksums(plan.records / CHECKSUMS)
        self.tally = Tally(len(plan.cases))
        self._rows: dict[Path, dict[str, Any]] = {}
        self._begun: set[Path] = set()
        self._written_at = time.monotonic()

    def report_of(self, case: Planned) -> dict[str, Any] | None:
        """The report of a case where it is of what is asked for now."""
        plan = self.plan
        return finished_report(case.folder, case.volumes, plan.manifest, case.options, self.checksums, plan.files)

    def has_ended(self, case: Planned) -> bool:
        return case.folder in self._rows

    def is_running(self, case: Planned) -> bool:
        """Whether a worker has said that it is at work on it."""
        return str(case.folder) in self.tally.fractions

    def was_begun(self, case: Planned) -> bool:
        """Whether it was computed in this run, as far as that is known."""
        return case.folder in self._begun

    def earlier(self, case: Planned, report: dict[str, Any]) -> None:
        """A case was found done before anything began: no news for the journal."""
        self.tally.earlier += 1
        self._keep(case, CaseState.EARLIER, report)

    def begin(self, case: Planned, worker: str, attempt: int) -> None:
        """A worker has begun a case, perhaps for the second time."""
        self._begun.add(case.folder)
        self.tally.begin(str(case.folder))
        self.journal.write("begun", case=case.id, worker=worker, attempt=attempt)

    def progress(self, case: Planned, fraction: float, stage: str) -> None:
        self.tally.progress(str(case.folder), fraction, stage)

    def drop(self, case: Planned) -> None:
        """Nobody is at work on it any more, and it has not ended."""
        self.tally.drop(str(case.folder))

    def end(
        self, case: Planned, state: CaseState, report: dict[str, Any] | None = None, problem: str = "", **facts: Any
    ) -> None:
        """A case has ended; `facts` are for the journal."""
        if state is CaseState.EARLIER:
            self.drop(case)
            self.tally.earlier += 1
        else:
            self.tally.end(str(case.folder), state in HAS_RESULT)
        self._keep(case, state, report, problem)
        self.journal.write(str(state), case=case.id, problem=problem, **facts)
        self.listener.ended(case.id, state, problem, float(facts.get("seconds", 0.0)), self.tally)

    def close(self, open_state: CaseState) -> None:
        """The run is over: cases that have not ended get `open_state`, and all tables are written."""
        for case in self.plan.cases:
            if not self.has_ended(case):
                self._keep(case, open_state)
        rows = self.table()
        self._try(lambda: write_summary(self.plan.output, rows))
        self._try(lambda: write_parquet(self.plan.output, rows))
        self._try(self._write_page)

    def summarise(self) -> None:
        """Write the table of what has ended so far, now and then."""
        if time.monotonic() - self._written_at >= SUMMARY_S:
            self._try(lambda: write_summary(self.plan.output, self.table()))
            self._written_at = time.monotonic()

    def table(self) -> list[dict[str, Any]]:
        """The rows that there are, in the order of the plan."""
        return [self._rows[case.folder] for case in self.plan.cases if case.folder in self._rows]

    def _keep(self, case: Planned, state: CaseState, report: dict[str, Any] | None = None, problem: str = "") -> None:
        row = summary_row(case.id, str(state), report, problem, case.choice)
        self._rows[case.folder] = row | {"warnings": [*case.notes, *row["warnings"]]}
        if report is not None and self.plan.source is Source.BIDS:
            self._try(lambda: bids.publish(self.plan, case, report))

    def _write_page(self) -> None:
        from ..reports.cohort import cases_of_rows, cohort_title, write_cohort_report

        cases = cases_of_rows((self._rows[case.folder], case.folder) for case in self.plan.cases)
        title = cohort_title(self.plan.manifest.name, self.plan.manifest.version)
        write_cohort_report(self.plan.output, cases, title=title)

    def _try(self, action: Callable[[], Any]) -> None:
        """A table that cannot be written, as while it is open in a spreadsheet, does not stop the run."""
        try:
            action()
        except MissingModalitySegError as error:
            self.listener.note(str(error))
        except Exception as error:  # nor does a picture of it that cannot be drawn
            log = "".join(traceback.format_exception(error))
            self.journal.write("bug", problem=f"{type(error).__name__}: {error}", log=log)
            self.listener.note(f"{type(error).__name__}: {error}")
