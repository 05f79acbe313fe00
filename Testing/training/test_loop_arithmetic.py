"""Precision and layout: what was said is done, what was left open is measured once, a training keeps what it had."""

from __future__ import annotations

import json
import platform
from pathlib import Path

import pytest
import torch
from torch.profiler import profile

from MissingModalitySegTraining.loop import LoopSettings, fit
from MissingModalitySegTraining.loop import arithmetic as room
from MissingModalitySegTraining.loop.arithmetic import Arithmetic, arithmetic_of, measure

from .slopes import InterruptionError, Samples, Slope, StopsAt, rows, settings

CPU = torch.device("cpu")
PLAIN, LAST = Arithmetic("32-true", False), Arithmetic("32-true", True)
HALF, HALF_LAST = Arithmetic("bf16-mixed", False), Arithmetic("bf16-mixed", True)


def remember(folder: Path, times: dict[Arithmetic, float]) -> None:
    """Put other seconds into the file that a measurement left in `folder`."""
    (path,) = folder.iterdir()
    document = json.loads(path.read_text(encoding="utf-8"))
    for entry in document["measured"]:
        entry["seconds"] = times[Arithmetic(**entry["arithmetic"])]
    path.write_text(json.dumps(document), encoding="utf-8")


def open_settings(**changes: object) -> LoopSettings:
    return LoopSettings(**{"precision": "auto", "channels_last": None, **changes})


def test_every_candidate_is_measured_and_leaves_the_random_numbers_alone() -> None:
    state = torch.random.get_rng_state()
    times = measure(CPU)
    assert set(times) == {PLAIN, LAST, HALF, HALF_LAST}
    assert all(0 < seconds < float("inf") for seconds in times.values())
    assert torch.equal(torch.random.get_rng_state(), state)


def test_the_fastest_is_chosen_where_it_is_worth_it_within_what_the_settings_leave_open(tmp_path: Path) -> None:
    arithmetic_of(open_settings(), CPU, tmp_path)
    remember(tmp_path, {PLAIN: 1.0, LAST: 0.95, HALF: 0.5, HALF_LAST: 0.2})
    assert arithmetic_of(open_settings(), CPU, tmp_path) == HALF_LAST
    assert arithmetic_of(open_settings(channels_last=False), CPU, tmp_path) == HALF
    remember(tmp_path, {PLAIN: 1.0, LAST: 0.95, HALF: 0.91, HALF_LAST: float("inf")})
    assert arithmetic_of(open_settings(), CPU, tmp_path) == PLAIN
    assert arithmetic_of(open_settings(channels_last=True), CPU, tmp_path) == LAST


def test_what_is_said_is_not_measured(tmp_path: Path) -> None:
    assert arithmetic_of(LoopSettings(precision="16-mixed", channels_last=True), CPU, tmp_path).channels_last
    assert arithmetic_of(LoopSettings(channels_last=None), CPU, tmp_path) == PLAIN
    assert not list(tmp_path.iterdir())


def test_a_damaged_file_is_measured_again(tmp_path: Path) -> None:
    arithmetic_of(open_settings(), CPU, tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_text('{"machine": ', encoding="utf-8")
    arithmetic_of(open_settings(), CPU, tmp_path)
    assert len(json.loads(path.read_text(encoding="utf-8"))["measured"]) == 4


def test_a_training_keeps_the_arithmetic_that_it_was_begun_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same losses as an uninterrupted one, though the machine that goes on with it would choose another."""
    memory = tmp_path / "memory"
    monkeypatch.setattr(room, "user_state", lambda: memory)
    chosen = {"precision": "auto", "channels_last": None}
    arithmetic_of(open_settings(), CPU)
    remember(memory, {PLAIN: 1.0, LAST: 1.0, HALF: 0.1, HALF_LAST: 1.0})
    fit(Slope(), Samples(), settings(**chosen), tmp_path / "whole")
    with pytest.raises(InterruptionError):
        fit(StopsAt(call=7), Samples(), settings(**chosen, checkpoint_minutes=0), tmp_path / "parts")
    remember(memory, {PLAIN: 0.1, LAST: 1.0, HALF: 1.0, HALF_LAST: 1.0})
    fit(Slope(), Samples(), settings(**chosen, checkpoint_minutes=0), tmp_path / "parts")
    fit(Slope(), Samples(), settings(**chosen), tmp_path / "other")
    assert rows(tmp_path / "parts") == rows(tmp_path / "whole") != rows(tmp_path / "other")
    stored = torch.load(tmp_path / "parts" / "checkpoint.pt", weights_only=True)
    assert stored["arithmetic"] == {"precision": "bf16-mixed", "channels_last": False}


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="torch has one way there")
def test_single_images_do_not_leave_the_fast_way(tmp_path: Path) -> None:
    recorded = profile()

    class OneByOne(Slope):
        def losses(self, batch, progress, generator):
            if progress == 0:  # only now: a device is tried with convolutions of its own
                recorded.start()
            answers = torch.cat([self.network(sample) for sample in batch.image.split(1)])
            return {"loss": (answers - batch.regions).square().mean()}

    regime = OneByOne()
    regime.network = torch.nn.Conv3d(1, 1, 3, padding=1)
    fit(regime, Samples(), settings(steps=3), tmp_path)
    recorded.stop()
    names = {event.key for event in recorded.key_averages()}
    assert "aten::convolution_backward" in names
    assert not any("slow_conv3d" in name for name in names)
