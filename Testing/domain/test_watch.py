"""What work tells its watch: shares of progress, warnings once, and the way it is stopped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from MissingModalitySegLib.errors import CancelledError
from MissingModalitySegLib.watch import Notes, Part, Watch, part


class Recorder(Watch):
    """Writes down all it is told; stops the work at the check of this number."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.told: list[tuple] = []
        self.checks, self.stop_at = 0, stop_at

    def stage(self, name: str, index: int, count: int) -> None:
        self.told.append(("stage", name, index, count))

    def progress(self, fraction: float) -> None:
        self.told.append(("progress", fraction))

    def warn(self, code: str, message: str) -> None:
        self.told.append(("warn", code, message))

    def check(self) -> None:
        self.checks += 1
        if self.checks == self.stop_at:
            raise CancelledError("cancelled", "Cancelled.")


def test_a_plain_watch_takes_everything_and_stops_nothing() -> None:
    watch = Watch()
    watch.stage("read", 0, 1)
    watch.progress(0.5)
    watch.warn("a", "b")
    watch.check()


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_share_of_a_share(start: float, end: float, fraction: float) -> None:
    whole = Recorder()
    Part(Part(whole, 0.2, 0.6), start, end).progress(fraction)
    inner = start + fraction * (end - start)
    assert whole.told == [("progress", pytest.approx(0.2 + 0.4 * inner))]


def test_a_part_is_done_at_its_end_and_asks_at_its_start() -> None:
    whole = Recorder()
    with part(whole, 0.25, 0.5) as share:
        assert whole.checks == 1
        share.warn("odd", "It is odd.")
        share.progress(0.5)
    assert whole.told == [("warn", "odd", "It is odd."), ("progress", 0.375), ("progress", 0.5)]


def test_a_part_has_no_stages_of_its_own() -> None:
    whole = Recorder()
    Part(whole, 0, 1).stage("read", 0, 1)
    assert whole.told == []


def test_a_part_that_fails_is_not_done() -> None:
    whole = Recorder()
    with pytest.raises(ZeroDivisionError), part(whole, 0, 0.5):
        raise ZeroDivisionError
    assert whole.told == []


def test_the_stop_reaches_into_parts() -> None:
    whole = Recorder(stop_at=2)
    with pytest.raises(CancelledError), part(whole, 0, 1) as share:
        share.check()
    with pytest.raises(CancelledError), part(Recorder(stop_at=1), 0, 1):
        raise AssertionError("The work must not begin.")


def test_notes_keep_each_warning_once_and_pass_all_else_on() -> None:
    whole = Recorder(stop_at=1)
    notes = Notes(whole)
    notes.stage("read", 0, 2)
    notes.warn("odd", "It is odd.")
    notes.warn("odd", "It is odd.")
    notes.warn("odd", "Another one.")
    notes.progress(1.0)
    assert notes.warnings == [("odd", "It is odd."), ("odd", "Another one.")]
    assert [entry[0] for entry in whole.told] == ["stage", "warn", "warn", "progress"]
    with pytest.raises(CancelledError):
        notes.check()
