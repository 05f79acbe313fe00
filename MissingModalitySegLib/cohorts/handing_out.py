"""Cases go to the workers of a cluster and come back as outcomes; whatever happens to a worker, none is lost."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from ..case_results import CaseState
from ..errors import ResourceError
from .books import HAS_RESULT, Books
from .listener import Stop
from .plan import Planned

if TYPE_CHECKING:
    from distributed import Client, Future

    from .computing import Outcome

POLL_S = 0.2
ABANDON_S = 15.0
"""How long cancelled cases may take to end before the run ends without them."""


class HandingOut:
    """The cases that are with the workers of `client`.

    Dask calls from threads of its own; what it tells is put into a queue and done on the thread of `work`.
    """

    def __init__(self, client: Client, books: Books, stop: Stop) -> None:
        self._client, self._books, self._stop = client, books, stop
        self._topic = f"missing-modality-seg-{token_hex(8)}"
        self._happened: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._cases: dict[str, Planned] = {}
        self._out: dict[Future, Planned] = {}

    def work(self, cases: Iterable[Planned]) -> None:
        """Return when all have ended, or the run was stopped. Raises `ResourceError` when the scheduler is lost."""
        self._client.subscribe_topic(self._topic, lambda event: self._happened.put(lambda: self._hear(event[1])))
        for number, case in enumerate(cases):
            self._hand_out(case, -number)
        stopping, until = 0, float("inf")
        while (self._out or self._books.tally.fractions) and time.monotonic() < until:
            with suppress(queue.Empty):
                self._happened.get(timeout=POLL_S)()
            if self._stop.level > stopping:
                stopping = self._stop.level
                self._give_up(stopping)
            if not self._out and until == float("inf"):  # what was given up is being cleared away
                until = time.monotonic() + ABANDON_S
            self._books.summarise()
            self._books.listener.changed(self._books.tally)
        self._client.unsubscribe_topic(self._topic)

    def _hand_out(self, case: Planned, priority: int) -> None:
        from .computing import Task, compute

        plan = self._books.plan
        task = Task(
            case=str(case.folder),
            folder=case.folder,
            volumes=case.volumes,
            stacks=case.stacks,
            model=plan.model,
            model_folder=plan.model_folder,
            checksums=plan.files,
            options=case.options,
            objects=case.objects,
            topic=self._topic,
        )
        self._cases[task.case] = case
        future = self._client.submit(compute, task, key=f"case-{token_hex(8)}", pure=False, priority=priority)
        self._out[future] = case
        future.add_done_callback(self._fetch)

    def _fetch(self, future: Future) -> None:
        """Get the answer on a thread of its own, as long as it takes: who holds it may have gone, and then the case is
        done again elsewhere (that is, found done). A time limit would not do: under load Dask's own fails."""

        def fetch() -> None:
            try:
                answer = future.result()
            except BaseException as error:
                answer = error
            self._happened.put(lambda: self._gather(future, answer))

        threading.Thread(target=fetch, name="outcome", daemon=True).start()

    def _hear(self, told: dict[str, Any]) -> None:
        """What a worker tells on its way."""
        case = self._cases.get(told.get("case", ""))
        if case is None:
            return
        match told.get("event"):
            case "begun" if not self._books.has_ended(case):
                self._books.begin(case, told["on"], told["attempt"])
            case "progress":
                self._books.progress(case, float(told["fraction"]), str(told["stage"]))
            case "left" if told.get("state") == CaseState.CANCELLED:
                self._books.drop(case)

    def _gather(self, future: Future, answer: Outcome | BaseException) -> None:
        """Something has come of a case."""
        case = self._out.get(future)
        if case is None:
            return
        if future.cancelled():
            raise ResourceError(
                "scheduler-lost",
                "The connection to the scheduler of Dask was lost.",
                "Give the same command again: it goes on where it stopped.",
            )
        del self._out[future]
        if isinstance(answer, BaseException):
            self._books.end(case, CaseState.FAILED, problem=_words_of(answer), code="worker-lost")
        elif answer.state is not CaseState.CANCELLED:
            self._take(case, answer)
        elif not self._stop.level:
            self._books.drop(case)
            self._hand_out(case, priority=1)  # its worker was closed under it

    def _take(self, case: Planned, outcome: Outcome) -> None:
        books = self._books
        for path, (signature, checksum) in outcome.checksums.items():
            books.checksums.learn(path, signature, checksum)
        state, problem, report = outcome.state, outcome.problem, None
        if state in HAS_RESULT:
            # A worker that died after its work was done leaves a case that the next one finds done.
            state = CaseState.DONE if books.was_begun(case) else CaseState.EARLIER
            report = books.report_of(case)
            if report is None:
                state, problem = CaseState.FAILED, "The volumes changed while they were segmented. Run it again."
        facts = {"worker": outcome.worker, "seconds": outcome.seconds}
        facts |= {name: value for name in ("code", "log") if (value := getattr(outcome, name))}
        books.end(case, state, report, problem, **facts)

    def _give_up(self, level: int) -> None:
        """Take back what has not been begun; all of it at the second level."""
        dropped = [one for one, case in self._out.items() if level == 2 or not self._books.is_running(case)]
        for future in dropped:
            del self._out[future]
        self._client.cancel(dropped, reason="stopped")
        running = len(self._out)
        cases = "1 case is" if running == 1 else f"{running} cases are"
        finishing = f": {cases} being finished. Once more gives up what runs" if running else ""
        self._books.listener.note(f"Stopping{finishing}.")


def _words_of(error: BaseException) -> str:
    """Why the cluster gave a case up."""
    if type(error).__name__ == "KilledWorker":
        return "Every worker that began this study was lost. It may need more memory than they have."
    return f"{type(error).__name__}: {error}"
