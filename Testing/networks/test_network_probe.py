"""The choice for a network: right, the fastest of what was measured, remembered, and blind to weights and code."""

from __future__ import annotations

import math

import pytest
import torch

from MissingModalitySegLib.networks import network_probe as probing
from MissingModalitySegLib.networks import probe as layer_probe
from MissingModalitySegLib.networks.network_probe import latest_choice, measure_network, probe_network
from MissingModalitySegLib.networks.probe import Choice, prepare
from MissingModalitySegLib.networks.registry import build

CPU = torch.device("cpu")


@pytest.fixture
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has not probed yet, and on small images."""
    monkeypatch.setattr(probing, "_known", {})
    monkeypatch.setattr(probing, "LARGE", 32)
    monkeypatch.setattr(probing, "BUDGET", 0.1)


def folded(seed: int = 0, code: tuple[float, ...] = (1, 1, 0, 1, 0), **config) -> torch.nn.Module:
    torch.manual_seed(seed)
    return build({"architecture": "unet", "preset": "tiny", "config": config}).fold(torch.tensor(code))


@pytest.mark.usefixtures("forgotten")
def test_the_choice_is_the_best_of_what_was_measured() -> None:
    network = folded()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    choice = measure_network(network, 5, CPU)
    assert choice.layout in choice.measured
    assert choice.measured[choice.layout] <= choice.measured["float32, contiguous"]
    assert {"float32, contiguous", "float32, channels_last"} <= set(choice.measured)
    assert all(math.isfinite(took) and took > 0 for took in choice.measured.values())
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


@pytest.mark.usefixtures("forgotten")
def test_a_wrong_or_failing_candidate_is_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def ready(network, candidate, device):
        made = prepare(network, Choice())
        if candidate.dtype == torch.bfloat16:
            return lambda image: made(image) * torch.nan
        if candidate.dtype == torch.float16:
            raise RuntimeError("not implemented for 'Half'")
        if candidate.memory_format == torch.channels_last_3d:
            return lambda image: made(image).roll(3, 2)
        return made

    monkeypatch.setattr(probing, "_ready", ready)
    choice = measure_network(folded(), 5, CPU)
    assert list(choice.measured) == ["float32, contiguous"]
    assert choice == Choice(norm=choice.norm, narrow_norm=choice.narrow_norm)


@pytest.mark.usefixtures("forgotten")
def test_a_type_that_is_only_emulated_never_meets_the_network(forgotten, monkeypatch: pytest.MonkeyPatch) -> None:
    """One small layer tells; a whole network would take a minute."""
    tried = []
    monkeypatch.setattr(layer_probe, "_promising", lambda candidate, *rest: candidate.dtype == torch.bfloat16)
    monkeypatch.setattr(probing, "prepare", lambda network, choice: tried.append(choice) or prepare(network, choice))
    measure_network(folded(), 5, CPU)
    assert {choice.dtype for choice in tried} == {torch.float32, torch.bfloat16}


def test_measured_once_for_a_configuration(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured = []

    def measure(network, channels, device):
        measured.append(network)
        return Choice(torch.bfloat16)

    monkeypatch.setattr(probing, "measure_network", measure)
    first = probe_network(folded(), 5, CPU, tmp_path)
    assert probe_network(folded(seed=1, code=(1, 0, 0, 0, 0)), 5, "cpu", tmp_path) is first
    probing._known.clear()
    assert probe_network(folded(), 5, CPU, tmp_path) == first  # from the file
    assert len(measured) == 1
    assert latest_choice("cpu", tmp_path) == first
    assert latest_choice("cpu", tmp_path / "elsewhere") is None
    probe_network(folded(widths=[4, 8]), 5, CPU, tmp_path)
    assert len(measured) == 2
