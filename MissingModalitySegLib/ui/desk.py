"""Where jobs are handed in and results come back, all on the main thread: a timer looks whether something has come.

Nothing here waits, but `wait`, which keeps the application alive with an event loop of its own.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import qt
import slicer

from ..errors import CancelledError, InputError, MissingModalitySegError
from ..jobs import Error, Event, Hello, Job, Progress, Result, Runner, Stage, Warning
from .background import Background

TICK_MS = 40
_GIVEN_S = 0.002
"""What the threads that listen to the worker get at each look: see `background`."""


class State(StrEnum):
    """Where a piece of work is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(eq=False)
class Work:
    """One job on its way: how far it is, and what came of it.

    `outcome` is what `arrive` made of the result, `error` why there is none. `listeners` are called after every change.
    """

    title: str
    arrive: Callable[[Result], Any]
    state: State = State.WAITING
    stage: str = ""
    index: int = 0
    count: int = 0
    fraction: float = 0.0
    eta_s: float | None = None
    told_at: float = 0.0
    warnings: list[str] = field(default_factory=list)
    outcome: Any = None
    error: MissingModalitySegError | None = None
    log: str = ""
    number: int | None = None
    listeners: list[Callable[[Work], None]] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return self.state in (State.DONE, State.FAILED, State.CANCELLED)

    def seconds_left(self) -> float | None:
        """By the last estimate and what has passed since, below 0 where that is over; None where nothing is known."""
        if self.eta_s is None or self.state is not State.RUNNING:
            return None
        return self.eta_s - (time.monotonic() - self.told_at)


class Desk:
    """Hands work to one worker process and takes up what it tells. There is one desk for the window and the console."""

    def __init__(self) -> None:
        self._runner: Runner | None = None
        self._works: list[Work] = []
        self._preparing: list[tuple[Generator[Job | None], list[Work]]] = []  # works whose jobs are still to come
        self.hello: Hello | None = None
        self.lines: list[str] = []
        self.on_line: list[Callable[[str], None]] = []
        self.on_change: list[Callable[[], None]] = []
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.interval = TICK_MS
        self._timer.connect("timeout()", self._tick)

    @property
    def works(self) -> tuple[Work, ...]:
        """All work that is not over, in the order in which it came."""
        return tuple(work for work in self._works if not work.is_over)

    def hand_in(self, works: tuple[Work, ...], prepare: Generator[Job | None]) -> None:
        """Take on work. `prepare` gives one job per work; it is advanced bit by bit, None in between, so that writing
        volumes does not hold up the window. What it raises ends all of the works."""
        if not self._works:
            self.lines.clear()
        self._works += works
        self._preparing.append((prepare, list(works)))
        self._changed()
        self._timer.start()

    def try_worker(self) -> None:
        """Start a worker, so that `hello` tells what it found; an error comes as a line of the log."""
        self._ask_runner().start()
        self._timer.start()

    def renew_worker(self) -> bool:
        """Let the worker go, and forget what it found, so that the next one begins with what is installed now. Not
        while there is work: then False."""
        if self.works:
            return False
        if self._runner is not None:
            Background(self._runner.quit, lambda result, error: None)
            self._runner = None
        self.hello = None
        self._changed()
        return True

    def cancel(self, *works: Work) -> None:
        """Stop pieces of work, all of them where none is named. Each ends as cancelled when that is done."""
        for work in works or self.works:
            if work.is_over:
                continue
            if work.number is None:
                self._end(work, State.CANCELLED, error=CancelledError("cancelled", "Cancelled."))
            else:
                self._runner.cancel(work.number)

    def wait(self, *works: Work) -> list[Any]:
        """The outcomes of `works`; the application stays alive meanwhile. Raises the error of the first that failed.

        Where the application ends meanwhile, the work is cancelled.
        """
        loop = qt.QEventLoop()

        def look(_: Work) -> None:
            if all(work.is_over for work in works):
                loop.quit()

        for work in works:
            work.listeners.append(look)
        try:
            if not all(work.is_over for work in works):
                loop.exec_()
        finally:
            for work in works:
                work.listeners.remove(look)
        if not all(work.is_over for work in works):
            self.cancel(*works)
            raise CancelledError("cancelled", "The application was closed before the work was done.")
        for work in works:
            if work.error is not None:
                raise work.error
        return [work.outcome for work in works]

    def close(self) -> None:
        """Cancel everything, and leave no process behind."""
        self._timer.stop()
        for work in self.works:
            self._end(work, State.CANCELLED, error=CancelledError("cancelled", "Cancelled."))
        if self._runner is not None:
            self._runner.quit()
            self._runner = None

    def say(self, line: str) -> None:
        """Add a line to what the log panel shows."""
        self.lines.append(line)
        for listener in list(self.on_line):
            _call(listener, line)

    # The rest runs on the timer.

    def _ask_runner(self) -> Runner:
        if self._runner is None:
            self._runner = Runner(interpreter())
        return self._runner

    def _tick(self) -> None:
        self._timer.start()  # first of all: whatever happens below, and whoever waits there, the desk goes on looking
        self._prepare_a_bit()
        if self._runner is not None:
            time.sleep(_GIVEN_S)
            for event in self._runner.poll():
                if isinstance(event, Hello):
                    self.hello = event
                    self.say(f"{event.device}: {event.device_name}. {event.message} {event.precision}".rstrip())
                    self._changed()
                elif event.job is None and isinstance(event, Error):
                    self.say(f"{event.message} {event.hint}")
                    self._changed()
        if not self._works and (self._runner is None or self.hello is not None):
            self._timer.stop()

    def _prepare_a_bit(self) -> None:
        if not self._preparing:
            return
        prepare, works = self._preparing[0]
        if all(work.is_over for work in works):
            self._preparing.pop(0)
            prepare.close()
            return
        try:
            job = next(prepare, None)
            if job is not None:
                work = works[0]
                if not work.is_over:
                    work.number = self._ask_runner().submit(job, self._taker(work))
                del works[0]
                self._tell(work)
        except MissingModalitySegError as error:
            self._fail(works, error)
        except Exception as error:  # the work ends in any case, or everybody who waits for it would wait for ever
            logging.exception("The volumes could not be written.")
            self._fail(works, MissingModalitySegError("bug", f"{type(error).__name__}: {error}"))

    def _fail(self, works: list[Work], error: MissingModalitySegError) -> None:
        for work in [work for work in works if not work.is_over]:
            self._end(work, State.FAILED, error=error)

    def _taker(self, work: Work) -> Callable[[Event], None]:
        return lambda event: self._take(work, event)

    def _take(self, work: Work, event: Event) -> None:
        if work.is_over:
            return
        match event:
            case Stage():
                work.state = State.RUNNING
                work.stage, work.index, work.count = event.name, event.index, event.count
                self.say(f"{work.title}: {event.name}")
            case Progress():
                work.state = State.RUNNING
                work.fraction, work.eta_s, work.told_at = event.fraction, event.eta_s, time.monotonic()
            case Warning():
                work.warnings.append(event.message)
                self.say(f"{work.title}: {event.message}")
            case Error():
                work.log = event.log
                self._end(work, State.CANCELLED if event.cancelled else State.FAILED, error=event.exception())
                return
            case Result():
                self._arrive(work, event)
                return
        self._tell(work)

    def _arrive(self, work: Work, result: Result) -> None:
        try:
            outcome = work.arrive(result)
        except MissingModalitySegError as error:
            self._end(work, State.FAILED, error=error)
        except Exception as error:  # the work ends in any case, or everybody who waits for it would wait for ever
            logging.exception("The results could not be taken up.")
            self._end(work, State.FAILED, error=MissingModalitySegError("bug", f"{type(error).__name__}: {error}"))
        else:
            work.fraction, work.eta_s = 1.0, 0.0
            self._end(work, State.DONE, outcome=outcome)

    def _end(self, work: Work, state: State, outcome: Any = None, error: MissingModalitySegError | None = None) -> None:
        work.state, work.outcome, work.error = state, outcome, error
        self._works.remove(work)
        self.say(f"{work.title}: {state}" + ("" if error is None or state is State.CANCELLED else f". {error}"))
        self._tell(work)
        self._changed()

    def _tell(self, work: Work) -> None:
        for listener in list(work.listeners):
            _call(listener, work)

    def _changed(self) -> None:
        for listener in list(self.on_change):
            _call(listener)


def _call(listener: Callable[..., None], *values: Any) -> None:
    """A listener that fails must not keep others, or the work itself, from going on."""
    try:
        listener(*values)
    except Exception:
        logging.exception("A listener failed.")


_DESK: Desk | None = None


def desk() -> Desk:
    """The desk of this application; closed when the application ends."""
    global _DESK
    if _DESK is None:
        _DESK = Desk()
        slicer.app.connect("aboutToQuit()", _close)
    return _DESK


def _close() -> None:
    global _DESK
    if _DESK is not None:
        _DESK.close()
        _DESK = None


def interpreter() -> str:
    """Slicer's launcher of Python. Raises `InputError` where it is missing."""
    found = shutil.which("PythonSlicer")
    if found is None:
        raise InputError(
            "worker-missing",
            "PythonSlicer, with which Slicer starts Python programs, was not found.",
            "It belongs to every installation of Slicer: install Slicer again.",
        )
    return found
