"""The path of a training: what it learns from, how fast, what it skips, what it returns."""

from __future__ import annotations

import copy
import itertools
import math
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from MissingModalitySegLib.errors import InputError, ResourceError
from MissingModalitySegTraining.data.batch import Batch
from MissingModalitySegTraining.loop import LoopSettings, fit, fitting
from Testing.training.slopes import Samples, Slope, batch_of, counters, rows, settings


def test_it_learns_and_the_rate_ends_at_zero(tmp_path: Path) -> None:
    network = fit(Slope(), Samples(), settings(steps=200), tmp_path)
    assert abs(network.weight.item() - 3) < 0.1
    assert not network.training
    rates = rows(tmp_path, "rate")
    assert len(rates) == 200
    assert max(rates) == pytest.approx(0.1, rel=0.05)
    assert rates[-1] < 1e-4
    assert rows(tmp_path, "half")[5] == pytest.approx(rows(tmp_path)[5] / 2, rel=1e-4)


def test_accumulating_is_a_larger_batch(tmp_path: Path) -> None:
    class Pairs(Samples):
        def __getitem__(self, index: int) -> Batch:
            a, b = super().__getitem__(2 * index), super().__getitem__(2 * index + 1)
            return Batch(*(torch.cat(pair) for pair in zip(vars(a).values(), vars(b).values(), strict=True)))

    small = fit(Slope(), Samples(), settings(accumulate=2), tmp_path / "small")
    large = fit(Slope(), Pairs(), settings(), tmp_path / "large")
    assert torch.allclose(small.weight, large.weight, atol=1e-5)
    assert rows(tmp_path / "small") == pytest.approx(rows(tmp_path / "large"), rel=1e-4)


def test_workers_prepare_the_same_batches(tmp_path: Path) -> None:
    alone, helped = Slope(), Slope()
    fit(alone, Samples(), settings(), tmp_path / "alone")
    fit(helped, Samples(), settings(workers=2), tmp_path / "helped")
    assert helped.drawn == alone.drawn


def test_an_error_in_the_samples_arrives_as_it_is(tmp_path: Path) -> None:
    class Broken(Samples):
        def __getitem__(self, index: int) -> Batch:
            if index == 2:
                raise InputError("no-image", "case 7 has no image", "Look there.")
            return super().__getitem__(index)

    with pytest.raises(InputError) as caught:
        fit(Slope(), Broken(), settings(workers=1), tmp_path)
    assert (caught.value.code, caught.value.hint) == ("no-image", "Look there.")


def test_a_bad_step_is_skipped(tmp_path: Path) -> None:
    network = fit(Slope(spoil=range(3, 5)), Samples(), settings(steps=150), tmp_path)
    assert abs(network.weight.item() - 3) < 0.2
    assert rows(tmp_path, "taken")[:6] == [1, 1, 0, 0, 1, 1]
    assert counters(tmp_path)["bad"] == 2


def test_many_bad_steps_are_an_error_that_says_which_loss(tmp_path: Path) -> None:
    with pytest.raises(ResourceError) as caught:
        fit(Slope(spoil=range(3, 99)), Samples(), settings(most_bad_steps=4), tmp_path)
    assert caught.value.code == "loss-not-finite"
    assert "4 times in a row" in caught.value.message
    assert "loss nan, half " in caught.value.message
    assert "learning rate 0.0" in caught.value.message
    assert "Batch 5: its samples finite, the network's outputs finite" in caught.value.message
    assert caught.value.message.endswith("not finite among the losses: loss.")


def test_the_diagnosis_names_bad_samples_and_the_first_bad_output(tmp_path: Path) -> None:
    class Infinite(Samples):
        def __getitem__(self, index: int) -> Batch:
            batch = super().__getitem__(index)
            return batch_of(batch.image / 0) if index >= 6 else batch

    class Explodes(Slope):
        def __init__(self) -> None:
            super().__init__()
            self.network = nn.Sequential(nn.Conv3d(1, 1, 1), nn.Identity(), nn.ReLU())
            self.network[1].forward = lambda x: x / 0 if self.calls >= 6 else x

    for regime, samples, words in (
        (Slope(), Infinite(), "Batch 6: its image, regions not finite, the output of network the first that is not"),
        (Explodes(), Samples(), "Batch 6: its samples finite, the output of network.1 the first that is not"),
    ):
        with pytest.raises(ResourceError, match=words):
            fit(regime, samples, settings(most_bad_steps=1), tmp_path / type(regime).__name__)


def test_a_time_budget_ends_the_schedule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock on which every look takes 10 ms."""
    looks = itertools.count()
    monkeypatch.setattr(fitting, "time", SimpleNamespace(monotonic=lambda: next(looks) / 100))
    fit(Slope(), Samples(), settings(steps=10**9, minutes=0.01), tmp_path)
    rates = rows(tmp_path, "rate")
    assert 20 <= len(rates) <= 60
    assert rates[-1] < 0.05 * max(rates)


def test_validation_sees_averaged_weights_and_leaves_the_trained_ones(tmp_path: Path) -> None:
    regime, seen = Slope(), []

    def validate(network: nn.Module, step: int) -> dict[str, float]:
        assert not network.training
        seen.append((step, network.weight.item()))
        torch.randn(7)  # whatever is drawn here must not reach the training
        return {"weight": network.weight.item()}

    plain = fit(Slope(), Samples(), settings(), tmp_path / "plain")
    watched = fit(regime, Samples(), settings(validate_every=5), tmp_path / "watched", validate)
    assert [step for step, _ in seen] == [5, 10, 12]
    assert torch.equal(plain.weight, watched.weight)
    assert seen[-1][1] == watched.weight.item()


def test_the_best_weights_return_and_patience_ends(tmp_path: Path) -> None:
    scores, weights = iter([0.1, 0.5, math.nan, 0.4, 0.5, 0.9]), []

    def validate(network: nn.Module, step: int) -> dict[str, float]:
        weights.append(network.weight.item())
        return {"dice": next(scores), "other": 1.0}

    chosen = settings(steps=100, validate_every=3, best_score="dice", patience=3)
    network = fit(Slope(), Samples(), chosen, tmp_path, validate)
    assert len(rows(tmp_path)) == 15  # three validations after the best of step 6
    assert network.weight.item() == weights[1]
    again = fit(Slope(), Samples(), chosen, tmp_path, validate)  # finished: nothing is trained or validated
    assert again.weight.item() == weights[1]
    assert len(weights) == 5


def test_a_score_that_is_not_given_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="best_score is dice, but the validation gives hd95"):
        fit(Slope(), Samples(), settings(best_score="dice"), tmp_path, lambda *_: {"hd95": 1.0})


def test_only_what_requires_gradients_is_trained(tmp_path: Path) -> None:
    class Distilled(Slope):
        """A frozen teacher beside the network, a frozen layer in it, and modules of either in their own modes."""

        def __init__(self) -> None:
            super().__init__()
            self.network = nn.Sequential(nn.Conv3d(1, 2, 1), nn.Conv3d(2, 1, 1))
            self.network[0].requires_grad_(False)
            self.network.eval()  # as another training returned it
            self.teacher = nn.Conv3d(1, 1, 1).requires_grad_(False).eval()

        def losses(self, batch, progress, generator):
            assert self.network.training
            assert not self.teacher.training
            return {"loss": (self.network(batch.image) - 3 * self.teacher(batch.image)).square().mean()}

    regime = Distilled()
    before = copy.deepcopy([regime.network, regime.teacher])
    fit(regime, Samples(), settings(weight_decay=0.1, optimiser="adam"), tmp_path)
    assert torch.equal(regime.network[0].weight, before[0][0].weight)
    assert torch.equal(regime.teacher.weight, before[1].weight)
    assert not torch.equal(regime.network[1].weight, before[0][1].weight)


def test_buffers_are_copied_not_averaged(tmp_path: Path) -> None:
    class Counts(Slope):
        def __init__(self) -> None:
            super().__init__()
            self.network.register_buffer("seen", torch.zeros(()))

        def losses(self, batch, progress, generator):
            self.network.seen += 1
            return super().losses(batch, progress, generator)

    assert fit(Counts(), Samples(), settings(), tmp_path).seen.item() == 12


@pytest.mark.parametrize("precision", ["bf16-mixed", "16-mixed"])
def test_mixed_precision_learns(tmp_path: Path, precision: str) -> None:
    network = fit(Slope(), Samples(), settings(steps=150, precision=precision), tmp_path)
    assert network.weight.dtype == torch.float32
    assert abs(network.weight.item() - 3) < 0.2


def test_a_gradient_scaled_too_much_is_no_bad_step(tmp_path: Path) -> None:
    """In float16 2¹⁶ · 3000 is infinite, 2⁴ · 3000 is not: the scale comes down, and nobody gives up."""

    class Steep(Slope):
        def losses(self, batch, progress, generator):
            assert torch.is_autocast_enabled("cpu")
            steep = self.network(batch.image).half().mean() * 3000
            return {"loss": steep.float()}

    chosen = settings(steps=20, precision="16-mixed", most_bad_steps=2)
    network = fit(Steep(), Samples(), chosen, tmp_path)
    taken = rows(tmp_path, "taken")
    skipped = taken.index(1)
    assert 3 < skipped < 17
    assert set(taken[skipped:]) == {1}
    assert counters(tmp_path)["bad"] == 0
    assert math.isfinite(network.weight.item())
    stored = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["precision"]
    assert stored["scale"] == 2.0 ** (16 - skipped)


def test_float16_gives_up_when_the_loss_itself_is_not_finite(tmp_path: Path) -> None:
    chosen = settings(precision="16-mixed", most_bad_steps=4)
    with pytest.raises(ResourceError, match="4 times in a row"):
        fit(Slope(spoil=range(3, 99)), Samples(), chosen, tmp_path)


def test_samples_made_on_a_gpu_need_no_workers(tmp_path: Path) -> None:
    """A worker would fail to pickle or share them; here, it would count in a process of its own."""

    class Counted(Samples):
        def __init__(self, device: str) -> None:
            self.device, self.made = torch.device(device), 0

        def __getitem__(self, index: int) -> Batch:
            self.made += 1
            return super().__getitem__(index)

    on_gpu, on_cpu = Counted("cuda"), Counted("cpu")
    fit(Slope(), on_gpu, settings(workers=1), tmp_path / "gpu")
    fit(Slope(), on_cpu, settings(workers=1), tmp_path / "cpu")
    assert (on_gpu.made, on_cpu.made) == (12, 0)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("optimiser", "lion", "one of adamw, adam, sgd"),
        ("precision", "16-true", "32-true, bf16-mixed, 16-mixed"),
        ("steps", 0, "at least 1"),
        ("minutes", 0.0, "more than 0"),
        ("warm_up", 1.0, "below 1"),
        ("patience", 3, "best_score"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(name: str, value: object, words: str) -> None:
    with pytest.raises(InputError, match=f"^{name} is {value!r}") as caught:
        LoopSettings(**{name: value})
    assert words in caught.value.message


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is one")
def test_a_device_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="“cuda” was asked for"):
        fit(Slope(), Samples(), settings(device="cuda"), tmp_path)


class Pair:
    """Two numbers in independent networks; the gradient of the first is `steepness`, that of the second 1."""

    def __init__(self, steepness: float, apart: bool) -> None:
        self.network = nn.ModuleList(nn.Linear(1, 1, bias=False) for _ in range(2))
        for part in self.network:
            nn.init.zeros_(part.weight)
        self.steepness = steepness
        if apart:
            self.clipped_apart = lambda: self.network[:1]

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        first, second = (part.weight.sum() for part in self.network)
        return {"loss": self.steepness * first + second}


def test_networks_that_are_trained_side_by_side_are_clipped_apart(tmp_path: Path) -> None:
    chosen = {
        "steps": 1,
        "optimiser": "sgd",
        "clip_norm": 2.0,
        "warm_up": 0.0,
        "weight_decay": 0.0,
        "average_decay": 0.0,
    }
    moved = {}
    for steepness, apart in ((1.0, True), (1000.0, True), (1000.0, False)):
        place = tmp_path / f"{steepness}-{apart}"
        network = fit(Pair(steepness, apart), Samples(), settings(**chosen), place)
        moved[steepness, apart] = [float(part.weight.detach()) for part in network]
        assert rows(place, "norm")[0] == pytest.approx(math.hypot(steepness, 1.0), rel=1e-5)
    assert moved[1000.0, True][1] == moved[1.0, True][1]
    assert moved[1000.0, True][0] == pytest.approx(2 * moved[1.0, True][0])
    assert abs(moved[1000.0, False][1]) < 0.01 * abs(moved[1.0, True][1])
