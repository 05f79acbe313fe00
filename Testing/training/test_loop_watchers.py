"""What is seen of a training: tables, curves, a line."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from MissingModalitySegTraining.loop import Curves, Progress, StepRecord, fit
from MissingModalitySegTraining.loop.watchers.history import Table
from MissingModalitySegTraining.loop.watchers.progress import describe
from Testing.training.slopes import InterruptionError, Samples, Slope, StopsAt, rows, settings

RECORD = StepRecord(
    step=1, progress=0.01, elapsed=2.0, rate=1e-3, norm=1.0, waited=0.1, samples=4, taken=True, losses={"loss": 1.0}
)


class Notes:
    """A watcher that keeps what it is told."""

    def __init__(self) -> None:
        self.steps, self.scores, self.closed = [], [], 0

    def step(self, record: StepRecord) -> None:
        self.steps.append(record)

    def validated(self, step: int, scores) -> None:
        self.scores.append((step, dict(scores)))

    def close(self) -> None:
        self.closed += 1


def test_watchers_are_told_of_every_step_and_closed(tmp_path: Path) -> None:
    notes = Notes()
    fit(Slope(), Samples(), settings(validate_every=8), tmp_path, lambda *_: {"dice": 0.5}, [notes])
    assert [record.step for record in notes.steps] == list(range(1, 13))
    assert [record.samples for record in notes.steps] == [2] * 12
    assert [record.losses["loss"] for record in notes.steps] == pytest.approx(rows(tmp_path), rel=1e-5)
    assert notes.steps[-1].progress == 1
    assert notes.scores == [(8, {"dice": 0.5}), (12, {"dice": 0.5})]
    interrupted = Notes()
    with pytest.raises(InterruptionError):
        fit(StopsAt(2), Samples(), settings(), tmp_path / "interrupted", watchers=[interrupted])
    assert (len(interrupted.steps), interrupted.closed, notes.closed) == (2, 1, 1)


def test_a_table_has_no_loops_and_takes_new_columns(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    first = Table(path)
    for step in range(1, 6):
        first.add({"step": step, "loss": step / 3})
    first.close()
    with path.open("a") as file:
        file.write("6,0.")  # the machine went off here
    second = Table(path)
    second.add({"step": 4, "loss": 40.0})
    second.add({"step": 5, "loss": 50.0, "distillation": 1.0})
    second.add({"step": 6, "loss": 60.0})
    second.close()
    with path.open(newline="") as file:
        found = [tuple(row.values()) for row in csv.DictReader(file)]
    assert found == [
        ("1", "0.333333", ""),
        ("2", "0.666667", ""),
        ("3", "1", ""),
        ("4", "40", ""),
        ("5", "50", "1"),
        ("6", "60", ""),
    ]


def test_curves_can_be_read_by_tensorboard(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    def train(regime: Slope, folder: str) -> None:
        watchers = [Curves(tmp_path / folder / "curves", every=3)]
        fit(regime, Samples(), settings(checkpoint_minutes=0), tmp_path / folder, lambda *_: {"dice": 0.5}, watchers)

    with pytest.raises(InterruptionError):
        train(StopsAt(7), "run")
    train(Slope(), "run")
    curves = EventAccumulator(str(tmp_path / "run" / "curves")).Reload()
    assert set(curves.Tags()["scalars"]) >= {"losses/loss", "losses/half", "step/learning rate", "step/gradient norm"}
    found = {event.step: event.value for event in curves.Scalars("losses/loss")}
    losses = rows(tmp_path / "run")
    assert found[3] == pytest.approx(sum(losses[:3]) / 3, rel=1e-5)
    assert found[12] == pytest.approx(sum(losses[9:]) / 3, rel=1e-5)
    assert [(event.step, event.value) for event in curves.Scalars("validation/dice")] == [(12, 0.5)]


def test_a_line_tells_speed_waiting_and_what_is_left() -> None:
    later = replace(RECORD, step=21, progress=0.21, elapsed=12.0, waited=2.0, losses={"loss": 0.5}, taken=False)
    line = describe([RECORD, later])
    assert line.split("  ") == [
        "step 21",
        "loss 0.750",
        "rate 1.0e-03",
        "0.4 samples/s",  # 4 in 10 s
        "data wait 20 %",
        "0:00:40 left",  # 0.79 at 0.2 in 10 s: 39.5 s
        "1 of 2 steps skipped",
    ]
    assert describe([RECORD]) == "step 1  loss 1.000  rate 1.0e-03"


def test_without_a_terminal_plain_lines_are_printed(tmp_path: Path) -> None:
    text = io.StringIO()
    progress = Progress("stem", Console(file=text, width=40), interval=0)
    fit(Slope(), Samples(), settings(steps=3), tmp_path, lambda *_: {"dice": 0.25}, [progress])
    lines = text.getvalue().splitlines()
    assert len(lines) == 4
    assert lines[1].startswith("stem  67 %  step 2  loss ")
    assert "GiB" in lines[1]
    assert lines[3] == "stem validated after step 3:  dice 0.250"


def test_on_a_terminal_the_line_moves(tmp_path: Path) -> None:
    text = io.StringIO()
    progress = Progress("stem", Console(file=text, width=200, force_terminal=True))
    fit(Slope(), Samples(), settings(steps=3), tmp_path, lambda *_: {"dice": 0.25}, [progress])
    assert "stem validated after step 3:  dice 0.250" in text.getvalue()
    assert "100 %" in text.getvalue()
    assert "step 3" in text.getvalue()
