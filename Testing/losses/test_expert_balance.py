import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from MissingModalitySegLib.modalities import MODALITIES, Code
from MissingModalitySegLib.networks.registry import build
from MissingModalitySegTraining.losses.expert_balance import every_code, expert_balance


def by_loops(gates: list[list[list[float]]], sign: float) -> float:
    """Eq. 4, one number at a time."""

    def cv(values: list[float]) -> float:
        mean = sum(values) / len(values)
        variance = sum((value - mean) ** 2 for value in values) / len(values)
        return math.sqrt(variance + 1e-8) / mean

    total = 0.0
    for layer in gates:
        experts = range(len(layer[0]))
        mean_gate = [sum(row[n] for row in layer) / len(layer) for n in experts]
        total += cv(mean_gate) + sign * sum(cv(row) for row in layer) / len(layer)
    return total


@given(seed=st.integers(0, 10_000), layers=st.integers(1, 4), experts=st.integers(1, 6))
def test_both_signs_against_loops(seed, layers, experts):
    generator = torch.Generator().manual_seed(seed)
    gates = [(3 * torch.randn(31, experts, generator=generator)).softmax(1).double() for _ in range(layers)]
    plain = [layer.tolist() for layer in gates]
    assert expert_balance(gates).item() == pytest.approx(by_loops(plain, -1), abs=1e-6)
    assert expert_balance(gates, as_printed=True).item() == pytest.approx(by_loops(plain, 1), abs=1e-6)


def test_specialised_and_balanced_gates_are_the_best():
    one_hot = torch.eye(4).repeat(8, 1)[:31]
    uniform = torch.full((31, 4), 0.25)
    one_expert = torch.eye(4)[:1].repeat(31, 1)
    assert expert_balance([one_hot]) < expert_balance([uniform])
    assert expert_balance([one_hot]) < expert_balance([one_expert])
    assert expert_balance([uniform], as_printed=True) < expert_balance([one_hot], as_printed=True)


@pytest.mark.parametrize("as_printed", [False, True])
def test_the_gradient_at_uniform_gates_is_finite(as_printed):
    scores = torch.zeros(31, 4, requires_grad=True)
    expert_balance([scores.softmax(1)], as_printed=as_printed).backward()
    assert torch.isfinite(scores.grad).all()


def test_descending_it_specialises_the_gates_of_a_network():
    torch.manual_seed(0)
    network = build({"architecture": "moe", "preset": "tiny"}).train()
    codes = every_code(5)
    gates = [parameter for name, parameter in network.named_parameters() if ".gate." in name]
    optimiser = torch.optim.Adam(gates, lr=0.1)
    assert all(layer.max(1).values.mean() < 0.5 for layer in network.gates(codes).values())
    before = expert_balance(network.gates(codes).values()).item()
    for _ in range(60):
        optimiser.zero_grad()
        expert_balance(network.gates(codes).values()).backward()
        optimiser.step()
    after = network.gates(codes)
    assert expert_balance(after.values()).item() < before - 0.5 * len(after)
    for layer in after.values():
        assert layer.max(1).values.mean() > 0.6  # one expert per code …
        assert layer.mean(0).min() > 0.05  # … and none idle


def test_every_code_is_in_the_order_of_the_domain():
    assert every_code(5).tolist() == [list(code.vector) for code in Code.all(MODALITIES)]
    assert every_code(1).tolist() == [[1]]
