"""The loop on a network small enough to watch: y = w·x fitted to 3x."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch
from torch import nn

from MissingModalitySegLib.errors import InputError, ResourceError
from MissingModalitySegTraining.data.batch import Batch
from MissingModalitySegTraining.loop import HISTORY, LoopSettings, fit

TRAINING = Path(__file__).resolve().parents[2] / "training"


class Samples(torch.utils.data.Dataset):
    """Batch i is a pure function of i."""

    def __getitem__(self, index: int) -> Batch:
        x = torch.randn(2, 1, 2, 2, 2, generator=torch.Generator().manual_seed(index))
        ones = torch.ones(2, 1)
        return Batch(x, ones, 3 * x, ones, torch.ones(2, 2, 2, 2, dtype=torch.bool))


class Slope:
    def __init__(self, spoil: range = range(0)) -> None:
        torch.manual_seed(0)
        self.network = nn.Conv3d(1, 1, 1)
        self.calls, self.spoil, self.drawn = 0, spoil, []

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> dict[str, torch.Tensor]:
        noise = torch.randn((), generator=generator)
        self.drawn.append((float(batch.image[0, 0, 0, 0, 0]), float(noise), float(torch.randn(()))))
        loss = (self.network(batch.image) - batch.regions).square().mean() + 0 * noise
        self.calls += 1
        return {"loss": loss * float("nan") if self.calls in self.spoil else loss, "half": loss / 2}


def settings(**changes) -> LoopSettings:
    return LoopSettings(**{"steps": 12, "learning_rate": 0.1, "workers": 0, "checkpoint_minutes": 1e9, **changes})


def rows(folder: Path, column: str = "loss") -> list[float]:
    with (folder / HISTORY).open(newline="") as file:
        return [float(row[column]) for row in csv.DictReader(file)]


def test_it_learns_and_the_rate_ends_at_zero(tmp_path: Path) -> None:
    network = fit(Slope(), Samples(), settings(steps=200), tmp_path)
    assert abs(network.weight.item() - 3) < 0.1
    rates = rows(tmp_path, "rate")
    assert len(rates) == 200
    assert max(rates) == pytest.approx(0.1, rel=0.05)
    assert rates[-1] < 1e-4
    assert rows(tmp_path, "half")[5] == pytest.approx(rows(tmp_path)[5] / 2, rel=1e-4)


class InterruptionError(Exception):
    pass


class StopsAt(Slope):
    def __init__(self, call: int) -> None:
        super().__init__()
        self.call = call

    def losses(self, batch, progress, generator):
        if self.calls == self.call:
            raise InterruptionError
        return super().losses(batch, progress, generator)


def test_resuming_walks_the_same_path(tmp_path: Path) -> None:
    """Same losses, same samples, same noise, same weights as a run that was never interrupted."""
    whole = Slope()
    network = fit(whole, Samples(), settings(), tmp_path / "whole")
    first = StopsAt(call=7)
    with pytest.raises(InterruptionError):
        fit(first, Samples(), settings(checkpoint_minutes=0), tmp_path / "parts")
    second = Slope()
    resumed = fit(second, Samples(), settings(), tmp_path / "parts")
    assert first.drawn + second.drawn == whole.drawn
    assert rows(tmp_path / "parts") == rows(tmp_path / "whole")
    assert torch.equal(resumed.weight, network.weight)


def test_accumulating_is_a_larger_batch(tmp_path: Path) -> None:
    class Pairs(Samples):
        def __getitem__(self, index: int) -> Batch:
            a, b = super().__getitem__(2 * index), super().__getitem__(2 * index + 1)
            return Batch(*(torch.cat(pair) for pair in zip(vars(a).values(), vars(b).values(), strict=True)))

    small = fit(Slope(), Samples(), settings(accumulate=2), tmp_path / "small")
    large = fit(Slope(), Pairs(), settings(), tmp_path / "large")
    assert torch.allclose(small.weight, large.weight, atol=1e-5)
    assert rows(tmp_path / "small") == pytest.approx(rows(tmp_path / "large"), rel=1e-4)


def test_a_bad_step_is_skipped_and_many_are_an_error(tmp_path: Path) -> None:
    network = fit(Slope(spoil=range(3, 5)), Samples(), settings(steps=150), tmp_path / "few")
    assert abs(network.weight.item() - 3) < 0.2
    with pytest.raises(ResourceError) as caught:
        fit(Slope(spoil=range(3, 99)), Samples(), settings(most_bad_steps=4), tmp_path / "many")
    assert caught.value.code == "loss-not-finite"
    assert "4 times in a row" in caught.value.message


def test_a_time_budget_ends_the_schedule(tmp_path: Path) -> None:
    fit(Slope(), Samples(), settings(steps=10**9, minutes=0.01), tmp_path)
    rates = rows(tmp_path, "rate")
    assert 1 < len(rates) < 10**6
    assert rates[-1] < 0.05 * max(rates)


def test_another_seed_is_another_run(tmp_path: Path) -> None:
    fit(Slope(), Samples(), settings(), tmp_path)
    with pytest.raises(InputError, match="seed 0, not 1"):
        fit(Slope(), Samples(), settings(seed=1), tmp_path)


def test_a_full_disk_keeps_the_last_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fit(Slope(), Samples(), settings(steps=5), tmp_path)
    kept = (tmp_path / "checkpoint.pt").read_bytes()

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(ResourceError, match="No space left"):
        fit(Slope(), Samples(), settings(steps=9), tmp_path)
    assert (tmp_path / "checkpoint.pt").read_bytes() == kept


def test_validation_sees_averaged_weights_and_leaves_the_trained_ones(tmp_path: Path) -> None:
    regime, seen = Slope(), []

    def validate(network: nn.Module, step: int) -> dict[str, float]:
        assert not network.training
        seen.append((step, network.weight.item()))
        return {"weight": network.weight.item()}

    plain = fit(Slope(), Samples(), settings(), tmp_path / "plain")
    watched = fit(regime, Samples(), settings(validate_every=4), tmp_path / "watched", validate, report=lambda _: None)
    assert [step for step, _ in seen] == [4, 8, 12]
    assert torch.equal(plain.weight, watched.weight)
    assert seen[-1][1] == watched.weight.item()


def test_sigterm_saves_and_ends(tmp_path: Path) -> None:
    script = textwrap.dedent(
        f"""
        import sys, time
        sys.path[:0] = [{str(TRAINING)!r}, {str(TRAINING.parent)!r}, {str(Path(__file__).parent)!r}]
        from test_loop import Samples, Slope, settings, fit
        from pathlib import Path
        class Slow(Slope):
            def losses(self, *arguments):
                time.sleep(0.05)
                print("step", flush=True)
                return super().losses(*arguments)
        fit(Slow(), Samples(), settings(steps=100000), Path({str(tmp_path)!r}))
        """
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    for _ in range(3):
        assert process.stdout.readline().strip() == "step"
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(60) == 143
    process.stdout.close()
    saved = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert saved["state"]["step"] == len(rows(tmp_path)) >= 3
