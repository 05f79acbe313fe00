"""Schedules against their formulas, optimisers against their update rules written out."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from MissingModalitySegTraining.loop import LoopSettings
from MissingModalitySegTraining.loop.optimisers import build_optimiser
from MissingModalitySegTraining.loop.schedules import learning_rate, progress


@pytest.mark.parametrize("done", [0.2, 0.5, 0.9, 1.0])
def test_schedules(done: float) -> None:
    def rate(schedule: str) -> float:
        return learning_rate(done, LoopSettings(learning_rate=2.0, schedule=schedule, warm_up=0.1))

    assert rate("cosine") == pytest.approx(1 + math.cos(math.pi * done))
    assert rate("poly") == pytest.approx(2 * (1 - done) ** 0.9)
    assert rate("constant") == 2.0


def test_warm_up_rises_in_a_line() -> None:
    chosen = LoopSettings(learning_rate=1.0, schedule="constant", warm_up=0.1)
    assert [round(learning_rate(done, chosen), 6) for done in (0, 0.025, 0.05, 0.1)] == [0.01, 0.2575, 0.505, 1.0]
    assert learning_rate(0.0, LoopSettings(learning_rate=1.0, warm_up=0)) == 1.0


def test_progress_is_that_of_the_budget_further_spent() -> None:
    both = LoopSettings(steps=100, minutes=2.0)
    assert progress(30, 24.0, both) == pytest.approx(0.3)
    assert progress(30, 90.0, both) == pytest.approx(0.75)
    assert progress(30, 1e9, LoopSettings(steps=100)) == pytest.approx(0.3)


def _walk(optimiser: str, decay: float, steps: int = 5) -> float:
    weight = nn.Parameter(torch.tensor([1.0]))
    chosen = build_optimiser([weight], LoopSettings(optimiser=optimiser, learning_rate=0.1, weight_decay=decay))
    for step in range(steps):
        weight.grad = torch.tensor([float(step + 1)])
        chosen.step()
    return weight.item()


def test_sgd_is_nesterovs() -> None:
    """v ← μv + g + λw; w ← w - η(g + λw + μv), as nnU-Net trains."""
    w, v, momentum, rate, decay = 1.0, 0.0, 0.99, 0.1, 0.01
    for step in range(5):
        g = step + 1 + decay * w
        v = momentum * v + g
        w -= rate * (g + momentum * v)
    assert _walk("sgd", decay) == pytest.approx(w, rel=1e-5)


@pytest.mark.parametrize("optimiser", ["adam", "adamw"])
def test_adam_decays_through_the_gradient_and_adamw_beside_it(optimiser: str) -> None:
    w, m, v, rate, decay = 1.0, 0.0, 0.0, 0.1, 0.5
    for step in range(5):
        g = step + 1.0
        if optimiser == "adam":
            g += decay * w
        else:
            w -= rate * decay * w
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        w -= rate * (m / (1 - 0.9 ** (step + 1))) / (math.sqrt(v / (1 - 0.999 ** (step + 1))) + 1e-8)
    assert _walk(optimiser, decay) == pytest.approx(w, rel=1e-5)
