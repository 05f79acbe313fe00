"""A run over a cohort: finished cases are found, the others handed out, gathered and written down one by one."""

from __future__ import annotations

import queue
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from ..case_results import CHECKSUMS, CaseState, finished_report, summary_row, write_summary
from ..checksums import Checksums
from ..errors import MissingModalitySegError, ResourceError
from . import bids, objects
from .cluster import crew_of, worker_count
from .conversion import is_converted
from .journal import Journal, alone_in
from .packages import package
from .parquet import write_parquet
from .plan import Plan, Planned
from .sources import Source
from .tally import Tally

if TYPE_CHECKING:
    from distributed import Client, Future

    from .crew import Outcome

READERS = 4
"""Cases looked at together, to find those that are done."""

POLL_S = 0.2
SUMMARY_S = 60.0
"""Seconds between two summaries while the run goes on."""

ABANDON_S = 15.0
"""How long cancelled cases may take to end before the run ends without them."""

_HAS_RESULT = (CaseState.DONE, CaseState.EARLIER)


class Listener:
    """Told what happens, on the thread of the run; this one does not care."""

    def looked(self, count: int, total: int) -> None:
        """So many cases have been looked at."""

    def starts(self, left: int, workers: int) -> None:
        """So many cases are to be computed by so many workers."""

    def changed(self, tally: Tally) -> None:
        """Something went on."""

    def ended(self, case: str, state: CaseState, problem: str, seconds: float, tally: Tally) -> None:
        """A case has ended in this run."""

    def note(self, sentence: str) -> None:
        """Something to be told that stops nothing."""


class Stop:
    """Asked once: no further case is begun. Asked again: those that run are given up, too."""

    def __init__(self) -> None:
        self.level = 0

    def ask(self, *_: Any) -> None:
        """Also a handler of signals."""
        self.level = min(self.level + 1, 2)

    def ask_at_once(self, *_: Any) -> None:
        self.level = 2


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
    with alone_in(plan.records):
        return _Run(plan, listener or Listener(), stop or Stop()).go(scheduler, jobs)


class _Run:
    def __init__(self, plan: Plan, listener: Listener, stop: Stop) -> None:
        self._plan, self._listener, self._stop = plan, listener, stop
        self._journal = Journal(plan.records)
        self._checksums = Checksums(plan.records / CHECKSUMS)
        self._tally = Tally(len(plan.cases))
        self._rows: dict[str, dict[str, Any]] = {}
        self._begun: set[str] = set()
        self._summary_at = time.monotonic()

    def go(self, scheduler: str | None, jobs: int | None) -> Finished:
        self._journal.write("run", **self._plan.settings())
        if self._plan.source is Source.BIDS:
            bids.describe(self._plan)
        left = self._look()
        try:
            if left and not self._stop.level:
                with crew_of(scheduler, jobs, self._plan.options, self._plan.output) as client:
                    self._listener.starts(len(left), worker_count(client))
                    self._compute(client, left)
        finally:
            for case in self._plan.cases:
                if case.folder.as_posix() not in self._rows:
                    self._keep(case, CaseState.CANCELLED if self._stop.level else CaseState.FOUND)
            self._summarise(last=True)
            self._journal.write("end", stopped=bool(self._stop.level), done=self._tally.done)
        return Finished(self._table(), bool(self._stop.level))

    # What is done already.

    def _look(self) -> list[Planned]:
        """Those that are still to be computed."""
        left = []
        with ThreadPoolExecutor(READERS) as pool:
            for count, (case, report) in enumerate(pool.map(self._earlier, self._plan.cases), 1):
                if case.problem:
                    self._end(case, CaseState.UNUSABLE, problem=case.problem)
                elif report is not None:
                    self._tally.earlier += 1
                    self._keep(case, CaseState.EARLIER, report)
                else:
                    left.append(case)
                self._listener.looked(count, len(self._plan.cases))
        return left

    def _earlier(self, case: Planned) -> tuple[Planned, dict[str, Any] | None]:
        if case.problem or self._stop.level or not objects.are_there(case.folder, case.objects):
            return case, None
        if case.stacks and not is_converted(case.volumes, case.stacks):
            return case, None
        return case, self._report_of(case)

    def _report_of(self, case: Planned) -> dict[str, Any] | None:
        return finished_report(case.folder, case.volumes, self._plan.manifest, case.options, self._checksums)

    # Handing out and gathering.

    def _compute(self, client: Client, left: list[Planned]) -> None:
        from .crew import Task, compute

        happened: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        topic = f"missing-modality-seg-{token_hex(8)}"
        by_name = {case.folder.as_posix(): case for case in left}
        open_: dict[Future, Planned] = {}

        def hear(event: tuple[Any, dict[str, Any]]) -> None:
            happened.put(lambda: self._hear(by_name, event[1]))

        def hand_out(case: Planned, priority: int) -> None:
            task = Task(
                case=case.folder.as_posix(),
                folder=case.folder,
                volumes=case.volumes,
                stacks=case.stacks,
                model=self._plan.model,
                model_folder=self._plan.model_folder,
                checksums={entry.name: entry.sha256 for entry in self._plan.manifest.files},
                options=case.options,
                objects=case.objects,
                topic=topic,
            )
            future = client.submit(compute, task, key=f"case-{token_hex(8)}", pure=False, priority=priority)
            open_[future] = case
            future.add_done_callback(lambda future: happened.put(lambda: gather(future)))

        def gather(future: Future) -> None:
            if future not in open_:
                return
            if future.cancelled():
                raise ResourceError(
                    "scheduler-lost",
                    "The connection to the scheduler of Dask was lost.",
                    "Give the same command again: it goes on where it stopped.",
                )
            case = open_[future]
            try:
                outcome = future.result(timeout=POLL_S)
            except TimeoutError:  # what held the answer has gone; another worker finds the case done
                happened.put(lambda: gather(future))
                return
            except Exception as error:
                del open_[future]
                self._lost(case, error)
                return
            del open_[future]
            if outcome.state is CaseState.CANCELLED and not self._stop.level:
                self._tally.drop(case.folder.as_posix())
                hand_out(case, priority=1)  # its worker was closed under it
            else:
                self._gathered(case, outcome)

        client.subscribe_topic(topic, hear)
        for number, case in enumerate(left):
            hand_out(case, -number)
        stopping, until = 0, float("inf")
        while (open_ or self._tally.fractions) and time.monotonic() < until:
            with suppress(queue.Empty):
                happened.get(timeout=POLL_S)()
            if self._stop.level > stopping:
                stopping = self._stop.level
                dropped = [one for one, case in open_.items() if stopping == 2 or not self._is_running(case)]
                for future in dropped:
                    del open_[future]
                client.cancel(dropped, reason="stopped")
                self._listener.note(_words_of_stopping(stopping, len(open_)))
            if not open_ and until == float("inf"):  # what was given up is being cleared away
                until = time.monotonic() + ABANDON_S
            self._summarise()
            self._listener.changed(self._tally)
        client.unsubscribe_topic(topic)

    def _is_running(self, case: Planned) -> bool:
        return case.folder.as_posix() in self._tally.fractions

    def _hear(self, by_name: dict[str, Planned], told: dict[str, Any]) -> None:
        """What a worker tells on its way."""
        name = told.get("case", "")
        case = by_name.get(name)
        if case is None:
            return
        match told.get("event"):
            case "begun":
                if name not in self._rows:
                    self._begun.add(name)
                    self._tally.begin(name)
                    self._journal.write("begun", case=case.id, worker=told["on"], attempt=told["attempt"])
            case "progress" | "stage":
                self._tally.progress(name, float(told["fraction"]), str(told["stage"]))
            case "left":
                if told.get("state") == CaseState.CANCELLED:
                    self._tally.drop(name)

    def _gathered(self, case: Planned, outcome: Outcome) -> None:
        for path, (signature, checksum) in outcome.checksums.items():
            self._checksums.learn(path, signature, checksum)
        state, problem = outcome.state, outcome.problem
        report = None
        if state in _HAS_RESULT:
            state = CaseState.DONE if case.folder.as_posix() in self._begun else CaseState.EARLIER
            report = self._report_of(case)
            if report is None:
                state, problem = CaseState.FAILED, "The volumes changed while they were segmented. Run it again."
        facts = {"worker": outcome.worker, "seconds": outcome.seconds}
        facts |= {name: value for name in ("code", "log") if (value := getattr(outcome, name))}
        self._end(case, state, report, problem, **facts)

    def _lost(self, case: Planned, error: Exception) -> None:
        """The cluster gave a case up: its workers ended, one after the other."""
        if type(error).__name__ == "KilledWorker":
            problem = "Every worker that began this study was lost. It may need more memory than they have."
        else:
            problem = f"{type(error).__name__}: {error}"
        self._end(case, CaseState.FAILED, problem=problem, code="worker-lost")

    def _end(
        self,
        case: Planned,
        state: CaseState,
        report: dict[str, Any] | None = None,
        problem: str = "",
        **facts: Any,
    ) -> None:
        name = case.folder.as_posix()
        if state is CaseState.EARLIER:
            self._tally.drop(name)
            self._tally.earlier += 1
        elif state is CaseState.CANCELLED:
            self._tally.drop(name)
        else:
            self._tally.end(name, state in _HAS_RESULT)
        self._keep(case, state, report, problem)
        self._journal.write(str(state), case=case.id, problem=problem, **facts)
        self._listener.ended(case.id, state, problem, float(facts.get("seconds", 0.0)), self._tally)

    # What is left behind.

    def _keep(self, case: Planned, state: CaseState, report: dict[str, Any] | None = None, problem: str = "") -> None:
        row = summary_row(case.id, str(state), report, problem, case.choice)
        if case.notes:
            row["warnings"] = [*case.notes, *row["warnings"]]
        self._rows[case.folder.as_posix()] = row
        if report is not None and self._plan.source is Source.BIDS:
            self._try(lambda: bids.publish(self._plan, case, report))

    def _table(self) -> list[dict[str, Any]]:
        names = (case.folder.as_posix() for case in self._plan.cases)
        return [self._rows[name] for name in names if name in self._rows]

    def _summarise(self, last: bool = False) -> None:
        if not last and time.monotonic() - self._summary_at < SUMMARY_S:
            return
        rows = self._table()
        self._try(lambda: write_summary(self._plan.output, rows))
        if last:
            self._try(lambda: write_parquet(self._plan.output, rows))
            self._try(lambda: _write_page(self._plan, self._rows))
        self._summary_at = time.monotonic()

    def _try(self, action: Callable[[], Any]) -> None:
        """A table that cannot be written, as while it is open in a spreadsheet, does not stop the run."""
        try:
            action()
        except MissingModalitySegError as error:
            self._listener.note(str(error))
        except Exception as error:  # nor does a picture of it that cannot be drawn
            log = "".join(traceback.format_exception(error))
            self._journal.write("bug", problem=f"{type(error).__name__}: {error}", log=log)
            self._listener.note(f"{type(error).__name__}: {error}")


def _words_of_stopping(level: int, running: int) -> str:
    if level == 1 and running:
        cases = "1 case is" if running == 1 else f"{running} cases are"
        return f"Stopping: {cases} being finished. Once more gives up what runs."
    return "Stopping."


def _write_page(plan: Plan, rows: dict[str, dict[str, Any]]) -> Path:
    from ..reports.cohort import CohortCase, write_cohort_report

    cases = []
    for case in plan.cases:
        row = rows.get(case.folder.as_posix())
        if row is not None:
            folder = case.folder if row["state"] in _HAS_RESULT else None
            facts = {"skipped": len(row["skipped"])} if any(one["skipped"] for one in rows.values()) else {}
            cases.append(CohortCase(case.id, row["state"], folder, row["problem"], facts))
    return write_cohort_report(plan.output, cases, title=f"Cohort, by {plan.manifest.name} {plan.manifest.version}")
