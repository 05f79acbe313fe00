"""Runners of the stand-in worker, and questions about processes, for the tests of jobs."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from MissingModalitySegLib.jobs import Error, Event, Job, Result, Runner

STAND_IN = Path(__file__).with_name("stand_in_worker.py")
PATIENCE_S = 120.0
"""No bound on anything but a test that hangs."""


def stand_in(**options) -> Runner:
    """A runner that waits long for an answer to a cancel: machines are busy. Tests of killing say otherwise."""
    return Runner(sys.executable, **({"script": STAND_IN, "cancel_s": PATIENCE_S} | options))


def job(words: str, output: Path | str = "unused", **options) -> Job:
    return Job({"FLAIR": "flair.nrrd"}, words, output, **options)


def finish(runner: Runner, number: int) -> list[Event]:
    """All events of a job; the last is its end."""
    events = [event for event in runner.events(number) if event.job == number]
    assert isinstance(events[-1], Result | Error)
    assert not any(isinstance(event, Result | Error) for event in events[:-1])
    return events


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that must come about."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "It did not come about."
        time.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and whose code nobody has asked for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in ("Z", "X")


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))
