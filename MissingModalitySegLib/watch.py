"""What long work tells whoever waits for it, and how it learns that nobody waits any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Watch:
    """Told of stages, progress and warnings; this one listens to nothing. Subclasses override what they care about.

    `check` is called often, also from within a network's pass: a subclass stops the work by raising `CancelledError`
    there.
    """

    def stage(self, name: str, index: int, count: int) -> None:
        """Stage `index` (from 0) of `count` begins."""

    def progress(self, fraction: float) -> None:
        """How much of the present stage is done, 0 to 1."""

    def warn(self, code: str, message: str) -> None:
        """Something the user should know and that does not stop the work."""

    def check(self) -> None:
        """Raises `CancelledError` when the work is to stop."""


class Part(Watch):
    """A share of another watch's progress, from `start` to `end`; everything else is passed on."""

    def __init__(self, whole: Watch, start: float, end: float) -> None:
        self._whole, self._start, self._end = whole, start, end

    def progress(self, fraction: float) -> None:
        self._whole.progress(self._start + fraction * (self._end - self._start))

    def warn(self, code: str, message: str) -> None:
        self._whole.warn(code, message)

    def check(self) -> None:
        self._whole.check()


class Notes(Watch):
    """Keeps the warnings, each once, and passes everything on."""

    def __init__(self, whole: Watch) -> None:
        self._whole = whole
        self.warnings: list[tuple[str, str]] = []

    def stage(self, name: str, index: int, count: int) -> None:
        self._whole.stage(name, index, count)

    def progress(self, fraction: float) -> None:
        self._whole.progress(fraction)

    def warn(self, code: str, message: str) -> None:
        if (code, message) not in self.warnings:
            self.warnings.append((code, message))
            self._whole.warn(code, message)

    def check(self) -> None:
        self._whole.check()


@contextmanager
def part(watch: Watch, start: float, end: float) -> Iterator[Watch]:
    """`watch` for a share of a stage; at its end that share is done."""
    watch.check()
    yield Part(watch, start, end)
    watch.progress(end)
