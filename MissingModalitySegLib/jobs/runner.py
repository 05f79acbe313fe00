"""Jobs, one after the other, in a worker that stays warm: the parent's side, without Qt, safe to use from threads."""

from __future__ import annotations

import atexit
import math
import os
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..errors import OUT_OF_MEMORY, CancelledError, MissingModalitySegError, ResourceError, tells_of_no_memory
from . import processes
from .connection import WORKER, Connection
from .events import PROTOCOL, Error, Event, Hello, Progress, Result
from .job import Job
from .leftovers import clear_output, missing_folders
from .log import Log

CANCEL_S = 1.0
"""How long a worker may take to answer a cancel before it is killed."""

QUIT_S = 1.0
"""How long it may take to end by itself."""

START_S = 300.0
"""How long it may take to say hello: a first import of torch from a slow disk is long."""

IDLE_S = 600.0
"""How long it stays warm without a job."""

_POLL_S = 0.2
"""How often a blocked iteration looks up, so that Ctrl-C is noticed on every system."""

OnEvent = Callable[[Event], None]


@dataclass(frozen=True)
class _Entry:
    number: int
    job: Job


@dataclass
class _Worker:
    """A connection and what is going on there."""

    connection: Connection
    deadline: float  # by when it must have said hello, must have answered, or may end for want of work
    running: _Entry | None = None
    made: list[Path] = field(default_factory=list)  # folders that were not there before the job
    cancelling: bool = False
    doomed: bool = False  # about to be killed: whatever it may still say, it gets no other job
    kills: int = field(default_factory=processes.out_of_memory_kills)

    @property
    def is_free(self) -> bool:
        return self.running is None and self.connection.hello is not None and not self.doomed


class Runner:
    """Runs jobs in a worker process; nothing is started before the first job or `start`.

    Events are taken up in one of three ways, from any thread: `poll` returns what has come and never waits (for a
    timer of a window), `events` waits for those of one job, `run` does all for one job. A job's callback is called by
    whichever of them takes the event up, in that thread. A job's last event is a `Result` or an `Error`.

    `python` is the interpreter or its launcher, `environment` is added to that of this process, `script` another
    worker. Times in seconds.
    """

    def __init__(
        self,
        python: str | os.PathLike[str] | None = None,
        *,
        script: Path = WORKER,
        environment: Mapping[str, str] | None = None,
        cancel_s: float = CANCEL_S,
        idle_s: float = IDLE_S,
        start_s: float = START_S,
    ) -> None:
        self._python = os.fspath(python) if python is not None else sys.executable
        self._script, self._environment = script, dict(environment or {})
        self._cancel_s, self._idle_s, self._start_s = cancel_s, idle_s, start_s
        self._changed = threading.Condition()
        self._queue: deque[_Entry] = deque()
        self._events: deque[Event] = deque()
        self._callbacks: dict[int, OnEvent] = {}
        self._worker: _Worker | None = None
        self._parting: set[Connection] = set()
        self._next = 1
        self._open: set[int] = set()  # jobs whose last event has not been taken up
        self._closed = False
        self._supervisor: threading.Thread | None = None
        self.owner = os.getpid()
        self.log = Log()
        _LIVE.add(self)

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self.quit()

    @property
    def busy(self) -> bool:
        """Whether a job is running or waiting."""
        with self._changed:
            return bool(self._queue) or (self._worker is not None and self._worker.running is not None)

    @property
    def hello(self) -> Hello | None:
        """What the present worker said when it was ready; None where there is none or not yet."""
        with self._changed:
            return None if self._worker is None else self._worker.connection.hello

    def start(self) -> None:
        """Start a worker now, so that the first job need not wait for it."""
        with self._changed:
            self._refuse_closed()
            if self._worker is None:
                self._start_worker()

    def submit(self, job: Job, on_event: OnEvent | None = None) -> int:
        """Hand in a job; its number. Jobs run in the order in which they come."""
        with self._changed:
            self._refuse_closed()
            number, self._next = self._next, self._next + 1
            self._open.add(number)
            if on_event is not None:
                self._callbacks[number] = on_event
            self._queue.append(_Entry(number, job))
            self._go_on()
        return number

    def cancel(self, number: int | None = None) -> None:
        """Stop a job, waiting or running; all of them without a number. Its last event tells when that is done."""
        with self._changed:
            for entry in [entry for entry in self._queue if number in (None, entry.number)]:
                self._queue.remove(entry)
                self._tell(_cancelled(entry.number))
            worker = self._worker
            if worker is None or worker.running is None or number not in (None, worker.running.number):
                return
            if not worker.cancelling:
                worker.cancelling, worker.deadline = True, time.monotonic() + self._cancel_s
                worker.connection.send(cmd="cancel", number=worker.running.number)
                self._changed.notify_all()

    def poll(self) -> list[Event]:
        """All events that have come since, without waiting for any."""
        with self._changed:
            events = list(self._events)
            self._events.clear()
        for event in events:
            self._take_up(event)
        return events

    def events(self, number: int) -> Iterator[Event]:
        """The events of a job as they come, its `Result` or `Error` last; a worker's `Hello` is among them."""
        while True:
            event = self._wait_for(number)
            if event is None:
                return
            self._take_up(event)
            yield event
            if event.job == number and isinstance(event, Result | Error):
                return

    def run(self, job: Job, on_event: OnEvent | None = None) -> Result:
        """Hand in a job and wait for its result. Raises what its error means; Ctrl-C cancels the job and goes on up."""
        number = self.submit(job, on_event)
        try:
            last = self._last(number)
        except BaseException:
            self.cancel(number)
            with suppress(KeyboardInterrupt):
                self._last(number)
            raise
        if isinstance(last, Error):
            raise last.exception()
        return last

    def quit(self) -> None:
        """Cancel everything and end the worker, at the latest after a second by force. Nothing is left running."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            for entry in self._queue:
                self._tell(_cancelled(entry.number))
            self._queue.clear()
            worker = self._worker
            connections = [*self._parting, *([worker.connection] if worker is not None else [])]
            self._changed.notify_all()
        for connection in connections:
            connection.end(QUIT_S)
        if worker is not None:
            with self._changed:
                self._retire(worker, _cancelled)
        self.log.close()

    # Everything below holds the lock, or is called on a thread of a connection or of the supervisor.

    def _refuse_closed(self) -> None:
        if self._closed:
            raise RuntimeError("The runner has been told to quit.")

    def _last(self, number: int) -> Event:
        last = None
        for event in self.events(number):
            last = event
        if last is None:
            raise RuntimeError(f"The events of job {number} were taken up elsewhere.")
        return last

    def _wait_for(self, number: int) -> Event | None:
        with self._changed:
            while True:
                for event in self._events:
                    if event.job in (number, None):
                        self._events.remove(event)
                        return event
                if number not in self._open:
                    return None
                self._changed.wait(_POLL_S)

    def _take_up(self, event: Event) -> None:
        callback = self._callbacks.get(event.job)
        if isinstance(event, Result | Error) and event.job is not None:
            with self._changed:
                self._open.discard(event.job)
                self._callbacks.pop(event.job, None)
        if callback is not None:
            callback(event)

    def _tell(self, event: Event) -> None:
        """Add an event; progress that nobody has looked at yet is replaced by what is true now."""
        last = self._events[-1] if self._events else None
        if isinstance(event, Progress) and isinstance(last, Progress) and last.job == event.job:
            self._events.pop()
        self._events.append(event)
        self._changed.notify_all()

    def _start_worker(self) -> None:
        self.log.clear()
        try:
            connection = Connection(
                self._python, self._script, self._environment, self.log, self._on_event, self._on_end
            )
        except OSError as error:
            self._fail_first(
                "worker-not-started",
                f"The worker's Python could not be started: {self._python}: {error.strerror or error}.",
                "Check the installation; in Slicer the launcher is called PythonSlicer.",
            )
            return
        self._worker = _Worker(connection, time.monotonic() + self._start_s)
        if self._supervisor is None:
            self._supervisor = threading.Thread(target=self._supervise, name="worker supervisor", daemon=True)
            self._supervisor.start()
        self._changed.notify_all()

    def _fail_first(self, code: str, message: str, hint: str, log: str = "", kind: str = "bug") -> None:
        """The first waiting job fails because no worker can be had; the next one tries again."""
        number = self._queue.popleft().number if self._queue else None
        self._tell(Error(code, message, hint, kind, log, job=number))

    def _go_on(self) -> None:
        """Give the next job to a worker that is ready, or see that there is one."""
        while self._queue and not self._closed:
            if self._worker is None:
                self._start_worker()
                continue
            if self._worker.is_free:
                entry = self._worker.running = self._queue.popleft()
                self._worker.made = missing_folders(entry.job.output)
                self._worker.deadline, self._worker.kills = math.inf, processes.out_of_memory_kills()
                self._worker.connection.send(cmd="run", number=entry.number, job=entry.job.to_dict())
                self._changed.notify_all()
            return

    def _on_event(self, connection: Connection, event: Event) -> None:
        with self._changed:
            worker = self._worker
            if worker is None or worker.connection is not connection:
                return
            if isinstance(event, Hello):
                self._greeted(worker, event)
            elif event.job is None:
                self._not_ready(worker, event)
            elif worker.running is not None and event.job == worker.running.number:
                self._tell(event)
                if isinstance(event, Result | Error):
                    worker.running, worker.cancelling = None, False
                    worker.deadline = time.monotonic() + self._idle_s
                    self.log.clear()
                    self._go_on()

    def _greeted(self, worker: _Worker, hello: Hello) -> None:
        if hello.protocol != PROTOCOL:
            self._fail_first(
                "worker-protocol",
                f"The worker speaks version {hello.protocol} of the protocol, this program version {PROTOCOL}.",
                "Install the program again.",
            )
            self._part_with(worker)
            return
        worker.deadline = time.monotonic() + self._idle_s
        self._tell(replace(hello, job=None))
        self._go_on()

    def _not_ready(self, worker: _Worker, event: Event) -> None:
        """What a worker says before it is ready, or of no job: an error is the reason why it will never be."""
        if isinstance(event, Error) and worker.connection.hello is None:
            self._fail_first(event.code, event.message, event.hint, event.log or self.log.tail(), event.kind)
            self._part_with(worker)

    def _on_end(self, connection: Connection) -> None:
        worker = self._worker
        if worker is not None and worker.connection is connection and worker.running is not None:
            clear_output(worker.running.job.output, worker.made, connection.pid)
        with self._changed:
            if self._worker is not None and self._worker.connection is connection:
                worker = self._worker
                if connection.hello is None:
                    why = _post_mortem(connection, worker.kills, None)
                    self._fail_first(why.code, why.message, why.hint, why.log, why.kind)
                self._retire(worker, lambda number: _post_mortem(connection, worker.kills, number))
                self._go_on()
            self._parting.discard(connection)

    def _part_with(self, worker: _Worker) -> None:
        """Let a worker go that has no job, and go on with another where there is something to do."""
        self._worker = None
        self._parting.add(worker.connection)
        threading.Thread(target=worker.connection.end, args=(QUIT_S,), name="worker end", daemon=True).start()
        self._go_on()

    def _retire(self, worker: _Worker, why: Callable[[int], Error]) -> None:
        """Part with a worker that has ended; the job it had ends too."""
        if self._worker is not worker:
            return
        self._worker = None
        if worker.running is not None:
            number = worker.running.number
            self._tell(_cancelled(number) if worker.cancelling or self._closed else why(number))
        self._changed.notify_all()

    def _supervise(self) -> None:
        """Sees to it that nothing takes longer than it may."""
        with self._changed:
            while not self._closed:
                worker = self._worker
                left = math.inf if worker is None else worker.deadline - time.monotonic()
                if left > 0:
                    self._changed.wait(None if left == math.inf else left)
                    continue
                worker.deadline = math.inf
                if worker.running is None:
                    self._let_go(worker)
                    continue
                worker.doomed = True
                self._changed.release()
                try:
                    self._replace_stubborn(worker)
                finally:
                    self._changed.acquire()

    def _let_go(self, worker: _Worker) -> None:
        """Part with a worker that has had nothing to do for long, or that has not got ready."""
        if worker.connection.hello is None:
            self._fail_first(
                "worker-not-ready",
                f"The worker did not get ready within {self._start_s:.0f} s.",
                "Try again; a slow disk is faster the second time.",
                self.log.tail(),
            )
        self._part_with(worker)

    def _replace_stubborn(self, worker: _Worker) -> None:
        """Kill a worker that does not answer a cancel and start afresh, so that the next job need not wait."""
        worker.connection.kill()
        with self._changed:
            self._retire(worker, _cancelled)
            self._go_on()
            if self._worker is None and not self._closed:
                self._start_worker()


def _post_mortem(connection: Connection, kills_before: int, number: int | None) -> Error:
    """Why a worker ended of which no end was expected."""
    code, log = connection.code, connection.log.tail()
    if processes.no_memory(code) or (processes.was_killed(code) and processes.out_of_memory_kills() > kills_before):
        reason = ResourceError(
            OUT_OF_MEMORY,
            "The system ended the worker because the memory was exhausted.",
            "Close other programs, or choose inference by sliding window.",
        )
    elif processes.was_killed(code):
        reason = ResourceError(
            "worker-killed",
            "The worker was ended from outside.",
            "Systems do that when the memory is exhausted: close other programs and try again.",
        )
    elif tells_of_no_memory(log):  # libraries in C end the process where they get none
        reason = ResourceError(
            OUT_OF_MEMORY,
            f"The worker ended for want of memory ({processes.ending(code)}).",
            "Close other programs, or choose inference by sliding window.",
        )
    else:
        reason = MissingModalitySegError(
            "worker-crashed",
            f"The worker ended unexpectedly ({processes.ending(code)}).",
            f"Its last words are in {connection.log.path}." if connection.log.path else "",
        )
    return Error.of(reason, number, log)


def _cancelled(number: int) -> Error:
    return Error.of(CancelledError("cancelled", "Cancelled."), number)


_LIVE: weakref.WeakSet[Runner] = weakref.WeakSet()


@atexit.register
def _quit_all() -> None:
    """A program that ends without `quit` leaves no worker behind either."""
    for runner in list(_LIVE):
        if runner.owner == os.getpid():  # not in a copy of this process made by fork
            runner.quit()
