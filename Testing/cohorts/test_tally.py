"""How far a cohort is, by a clock that tests set."""

from __future__ import annotations

import pytest

from MissingModalitySegLib.cohorts.tally import Tally


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_pace_of_two_workers() -> None:
    clock = Clock()
    tally = Tally(10, clock)
    tally.earlier, tally.failed = 3, 1  # looked at, not computed
    assert tally.seconds_left() is None
    clock.now += 500  # workers start
    tally.begin("a")
    tally.begin("b")
    assert tally.seconds_left() is None
    clock.now += 10
    tally.progress("a", 0.75, "predict")
    tally.progress("b", 0.25, "read")
    assert tally.fraction == pytest.approx((4 + 1.0) / 10)
    assert tally.seconds_left() == pytest.approx(10 * 5)  # one case in 10 s, five left
    clock.now += 10
    tally.end("a", done=True)
    tally.end("b", done=False)
    assert (tally.ended, tally.done, tally.failed) == (6, 1, 2)
    assert tally.seconds_left() == pytest.approx(10 * 4)
    assert tally.running == {}


def test_a_case_that_is_begun_again_counts_once() -> None:
    clock = Clock()
    tally = Tally(2, clock)
    tally.begin("a")
    tally.progress("a", 0.9, "write")
    tally.begin("a")
    assert tally.fraction == 0.0
    clock.now += 8
    tally.end("a", done=True)
    tally.progress("a", 0.5, "late")
    assert tally.seconds_left() == pytest.approx(8)
    tally.begin("b")
    tally.drop("b")
    assert tally.fraction == pytest.approx(0.5)
