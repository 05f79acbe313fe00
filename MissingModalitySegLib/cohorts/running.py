"""A run over a cohort: what is done already is found, the rest is handed out, and the books are kept."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ..case_results import CaseState
from . import bids, objects
from .books import Books
from .cluster import crew_of, worker_count
from .conversion import is_converted
from .handing_out import HandingOut
from .journal import alone_in
from .listener import Listener, Stop
from .packages import package
from .plan import Plan, Planned
from .sources import Source

READERS = 4
"""Cases looked at together, to find those that are done."""


@dataclass(frozen=True)
class Finished:
    """The table of all cases, and whether the run was stopped before its end."""

    rows: list[dict[str, Any]]
    stopped: bool


def run_cohort(
    plan: Plan,
    scheduler: str | None = None,
    jobs: int | None = None,
    listener: Listener | None = None,
    stop: Stop | None = None,
) -> Finished:
    """Segment every case of `plan` that has no valid results yet; a case that fails does not stop the others.

    `scheduler` is the address of a Dask cluster, None: `jobs` processes of this machine. Writes the cases' folders, the
    journal, `summary.csv`, `summary.parquet`, `report.html`, and the names of BIDS for a BIDS data set.

    Raises `InputError` before anything is computed: another run is at work in the folder, no scheduler answers, ….
    """
    package("distributed")
    package("pyarrow")
    stop = stop or Stop()
    with alone_in(plan.records):
        books = Books(plan, listener or Listener())
        books.journal.write("run", **plan.settings())
        if plan.source is Source.BIDS:
            bids.describe(plan)
        left: list[Planned] = []
        try:
            left = _look(books, stop)
            if left and not stop.level:
                with crew_of(scheduler, jobs, plan.options, plan.output) as client:
                    books.listener.starts(len(left), worker_count(client))
                    HandingOut(client, books, stop).work(left)
        finally:
            _find_finished(books, left)
            books.close(CaseState.CANCELLED if stop.level else CaseState.FOUND)
            books.journal.write("end", stopped=bool(stop.level), done=books.tally.done)
        return Finished(books.table(), bool(stop.level))


def _look(books: Books, stop: Stop) -> list[Planned]:
    """The cases that are still to be computed."""
    left = []
    with ThreadPoolExecutor(READERS) as pool:
        for count, (case, report) in enumerate(pool.map(_looking(books, stop), books.plan.cases), 1):
            if case.problem:
                books.end(case, CaseState.UNUSABLE, problem=case.problem)
            elif report is not None:
                books.earlier(case, report)
            else:
                left.append(case)
            books.listener.looked(count, len(books.plan.cases))
    return left


def _looking(books: Books, stop: Stop) -> Callable[[Planned], tuple[Planned, dict[str, Any] | None]]:
    return lambda case: (case, None if stop.level else _finished(books, case))


def _finished(books: Books, case: Planned) -> dict[str, Any] | None:
    """The report of a case of which all is there."""
    if case.problem or not objects.are_there(case.folder, case.objects):
        return None
    if case.stacks and not is_converted(case.volumes, case.stacks):
        return None
    return books.report_of(case)


def _find_finished(books: Books, cases: list[Planned]) -> None:
    """Cases that were finished just as they were given up: their results are there, though nobody could say so."""
    for case in cases:
        if not books.has_ended(case) and (report := _finished(books, case)) is not None:
            books.end(case, CaseState.DONE, report)
