"""How much is done and how long the rest takes, by a clock that is set by hand."""

import pytest

from MissingModalitySegLib.jobs.estimate import Estimate

SECONDS = {"read": 2.0, "predict": 16.0, "write": 2.0}


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def run(
    estimate: Estimate, clock: Clock, seconds: dict[str, float], steps: int = 8
) -> list[tuple[float, float | None]]:
    """(fraction, seconds left) after each step of a job whose stages take `seconds`."""
    estimate.begin()
    told = []
    for index, (name, length) in enumerate(seconds.items()):
        estimate.stage(name, index, len(seconds))
        for step in range(steps):
            clock.now += length / steps
            estimate.progress((step + 1) / steps)
            told.append((estimate.fraction(), estimate.seconds_left()))
    estimate.end()
    return told


def test_the_second_job_is_foretold_exactly() -> None:
    clock = Clock()
    estimate = Estimate({}, clock)
    run(estimate, clock, SECONDS)
    told = run(estimate, clock, SECONDS)
    done = [sum(SECONDS.values()) * fraction for fraction, _ in told]
    passed = (
        [0.25 * (i + 1) for i in range(8)]
        + [2 + 2.0 * (i + 1) for i in range(8)]
        + [18 + 0.25 * (i + 1) for i in range(8)]
    )
    assert done == pytest.approx(passed)
    for (_, left), at in zip(told, passed, strict=True):
        assert left is None if at < 1.0 else left == pytest.approx(20.0 - at)


def test_without_experience_stages_count_alike_and_it_never_goes_back() -> None:
    clock = Clock()
    estimate = Estimate({}, clock)
    told = [fraction for fraction, _ in run(estimate, clock, SECONDS)]
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0)


def test_stages_that_come_unannounced() -> None:
    clock = Clock()
    estimate = Estimate({"read": 1.0}, clock)
    assert (estimate.fraction(), estimate.seconds_left()) == (0.0, None)
    estimate.progress(0.5)
    estimate.stage("late", 3, 2)
    estimate.progress(7.0)
    assert 0.0 < estimate.fraction() <= 1.0
    estimate.begin()
    assert estimate.fraction() == 0.0
