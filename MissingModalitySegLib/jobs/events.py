"""What the worker tells: one JSON object per line of its output, read into one of these."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from ..errors import CancelledError, InputError, MissingModalitySegError, ResourceError

PROTOCOL = 1
"""Raised when a worker of one version could no longer serve a parent of another."""


@dataclass(frozen=True)
class Event:
    """Something that happened; `job` is the number the job got when it was handed in, None where it concerns none."""

    NAME: ClassVar[str] = ""
    job: int | None = field(default=None, kw_only=True)

    def to_dict(self) -> dict[str, Any]:
        """The JSON object that stands for the event."""
        return {"event": self.NAME} | asdict(self)

    def to_json(self) -> str:
        """One line of ASCII."""
        return json.dumps(self.to_dict(), default=str)


@dataclass(frozen=True)
class Hello(Event):
    """The worker is ready, and what it found when it tried the device: once per worker, before its first job."""

    NAME: ClassVar[str] = "hello"
    protocol: int
    device: str  # cpu, cuda:0, mps
    precision: str  # what is fastest there and right
    torch: str  # version
    device_name: str = ""
    device_ok: bool = True  # whether the device wished for passed its test
    message: str = ""  # what was found, for people
    memory_bytes: int | None = None
    program: str = ""  # version
    pid: int | None = None  # of the worker itself; what was launched may be only a launcher


@dataclass(frozen=True)
class Stage(Event):
    """Stage `index` (from 0) of `count` begins."""

    NAME: ClassVar[str] = "stage"
    name: str
    index: int
    count: int


@dataclass(frozen=True)
class Progress(Event):
    """How much of the whole job is done, 0 to 1, and the seconds left as far as known."""

    NAME: ClassVar[str] = "progress"
    fraction: float
    eta_s: float | None = None


@dataclass(frozen=True)
class Warning(Event):
    """Something the user should know and that does not stop the work."""

    NAME: ClassVar[str] = "warning"
    code: str
    message: str


@dataclass(frozen=True)
class Result(Event):
    """The job is done: its files by name, and the report. The last event of a job."""

    NAME: ClassVar[str] = "result"
    files: Mapping[str, str]
    report: Mapping[str, Any]


KINDS: dict[str, type[MissingModalitySegError]] = {
    "input": InputError,
    "cancelled": CancelledError,
    "resource": ResourceError,
    "bug": MissingModalitySegError,
}


@dataclass(frozen=True)
class Error(Event):
    """The job ended without a result; its last event. `log` holds the end of the worker's log where that helps."""

    NAME: ClassVar[str] = "error"
    code: str
    message: str
    hint: str = ""
    kind: str = "bug"  # input, cancelled, resource, bug
    log: str = ""

    @classmethod
    def of(cls, error: MissingModalitySegError, job: int | None = None, log: str = "") -> Error:
        """The event that tells of `error`."""
        kind = next((kind for kind, family in KINDS.items() if isinstance(error, family)), "bug")
        return cls(error.code, error.message, error.hint, kind, log, job=job)

    @property
    def cancelled(self) -> bool:
        return self.kind == "cancelled"

    def exception(self) -> MissingModalitySegError:
        """The exception of the family, with the exit code that belongs to it."""
        return KINDS.get(self.kind, MissingModalitySegError)(self.code, self.message, self.hint)


_EVENTS = {event.NAME: event for event in (Hello, Stage, Progress, Warning, Result, Error)}


def parse(line: str | bytes) -> Event | None:
    """The event on a line; None where the line holds something else. Fields that are not known are left out."""
    try:
        values = json.loads(line)
        kind = _EVENTS[values["event"]]
        known = {name: value for name, value in values.items() if name in kind.__dataclass_fields__}
        event = kind(**known)
    except (ValueError, RecursionError, TypeError, KeyError):
        return None
    return event if _plausible(event) else None


def _plausible(event: Event) -> bool:
    """Whether what the parent computes with has the right type; texts are shown as they come."""
    number = int | float
    if not isinstance(event.job, int | None):
        return False
    match event:
        case Hello():
            return isinstance(event.protocol, int) and isinstance(event.pid, int | None)
        case Stage():
            return isinstance(event.index, int) and isinstance(event.count, int)
        case Progress():
            return isinstance(event.fraction, number) and isinstance(event.eta_s, number | None)
        case Result():
            return isinstance(event.files, Mapping) and isinstance(event.report, Mapping)
        case Error():
            return all(isinstance(text, str) for text in (event.code, event.message, event.hint, event.kind, event.log))
        case _:
            return True
