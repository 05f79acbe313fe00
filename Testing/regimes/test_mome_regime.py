"""Eq. 2 to 4 of Zhang et al. sample by sample, and who learns from whom."""

from collections import Counter

import pytest
import torch

from MissingModalitySegTraining.data.batch import select
from MissingModalitySegTraining.regimes.single_image import draw_modalities
from Testing.regimes.regime_cases import (
    CODES,
    gradient_names,
    mixed_batch,
    plain_region_loss,
    regimes_of,
    seeded_losses,
    tiny_setup,
)


def drawn() -> list[int]:
    """The modalities that the regimes draw for the mixed batch under seed 3."""
    return draw_modalities(torch.tensor(CODES), torch.Generator().manual_seed(3)).tolist()


def sample_loss(levels, batch, b: int) -> float:
    """Of two decoder levels the lower has no weight."""
    return plain_region_loss(levels[0], batch.regions[b : b + 1], batch.scored[b : b + 1])


def shown(batch, b: int, channel: int):
    return batch.image[b : b + 1, channel : channel + 1]


def scored_batch():
    """All samples score as many regions, so that the mean over samples is that over (sample, region) pairs."""
    return select(mixed_batch(8), torch.tensor([True, False, True]))


def test_modalities_are_drawn_evenly_from_what_a_sample_has() -> None:
    counts = Counter(draw_modalities(torch.tensor([[0, 1, 1, 0, 1]] * 3000), torch.Generator().manual_seed(0)).tolist())
    assert set(counts) == {1, 2, 4}
    assert all(abs(count - 1000) < 110 for count in counts.values())  # about four standard deviations


def test_every_expert_learns_from_its_modality_as_if_alone() -> None:
    regime = regimes_of("mome", tiny_setup("mome"))["experts"]
    batch = mixed_batch(8)
    loss = seeded_losses(regime, batch)["loss"]
    expected = 0.0
    for i, expert in enumerate(regime.network.experts):
        own = [b for b in range(3) if CODES[b][i]]
        levels = expert(torch.cat([shown(batch, b, i) for b in own]))
        expected += plain_region_loss(levels[0], batch.regions[own], batch.scored[own])
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    loss.backward()
    assert gradient_names(regime) == {n for n, _ in regime.network.named_parameters() if n.startswith("experts.")}


def test_an_expert_without_samples_rests() -> None:
    regime = regimes_of("mome", tiny_setup("mome"))["experts"]
    seeded_losses(regime, select(mixed_batch(8), torch.tensor([False, True, True])))["loss"].backward()
    assert {name.split(".")[1] for name in gradient_names(regime)} == {"0", "2", "3"}


def test_curriculum() -> None:
    regime = regimes_of("mome", tiny_setup("mome"))["joint"]
    batch = scored_batch()
    network, f = regime.network, (1 - 0.4) ** 2
    modality = draw_modalities(batch.code, torch.Generator().manual_seed(3)).tolist()
    expected = 0.0
    with torch.no_grad():
        for b, i in enumerate(modality):
            image = shown(batch, b, i)
            own = sample_loss(network.experts[i](image), batch, b)
            together = sample_loss(network.forward_image(image, levels=True).mixture(), batch, b)
            expected += (f * own + (1 - f) * together) / len(modality)
    assert seeded_losses(regime, batch, progress=0.4)["loss"].item() == pytest.approx(expected, rel=1e-5)


def test_without_curriculum_the_mixture_alone_counts() -> None:
    regime = regimes_of("mome", tiny_setup("mome", curriculum=False))["joint"]
    batch = mixed_batch(8)
    image = torch.cat([shown(batch, b, i) for b, i in enumerate(drawn())])
    with torch.no_grad():
        logits = regime.network(  # eq. 1 as inference runs it, each image alone
            torch.cat([image] * 5, dim=1), torch.tensor([[1, 0, 0, 0, 0]] * 3)
        )
    expected = plain_region_loss(logits, batch.regions, batch.scored)
    assert seeded_losses(regime, batch, progress=0.0)["loss"].item() == pytest.approx(expected, rel=1e-4)


def test_at_the_start_the_gate_has_a_gradient_of_zero_and_later_another() -> None:
    regime = regimes_of("mome", tiny_setup("mome"))["joint"]
    for progress, moves in ((0.0, False), (0.5, True)):
        regime.network.zero_grad(set_to_none=True)
        seeded_losses(regime, mixed_batch(8), progress)["loss"].backward()
        gate = [p.grad for p in regime.network.gate.parameters()]
        assert all(gradient is not None for gradient in gate)
        assert any(bool(gradient.any()) for gradient in gate) == moves


def test_heads_that_nothing_asks_are_not_trained() -> None:
    setup = tiny_setup("mome", {"hierarchical": False}, curriculum=False)
    network = regimes_of("mome", setup)["joint"].network
    still = {name for name, parameter in network.named_parameters() if not parameter.requires_grad}
    assert still == {f"experts.{i}.heads.1.{kind}" for i in range(5) for kind in ("weight", "bias")}


def test_the_team_starts_from_the_specialists_or_from_chance() -> None:
    regimes = regimes_of("mome", tiny_setup("mome"))
    ours = regimes["joint"].network.state_dict()
    assert all(torch.equal(value, ours[name]) for name, value in regimes["experts"].network.state_dict().items())
    assert all(parameter.requires_grad for parameter in regimes["joint"].network.parameters())
    assert list(regimes_of("mome", tiny_setup("mome", specialised_start=False))) == ["joint"]


@pytest.mark.parametrize("method", ["single_unet", "modality_prior"])
def test_baselines_see_one_image_per_sample(method: str) -> None:
    regime = regimes_of(method, tiny_setup(method))["network"]
    batch = mixed_batch(8)
    code = torch.nn.functional.one_hot(torch.tensor(drawn()), 5)
    with torch.no_grad():
        logits = regime.network(batch.image, code)
    expected = plain_region_loss(logits, batch.regions, batch.scored)
    loss = seeded_losses(regime, batch)["loss"]
    assert loss.item() == pytest.approx(expected, rel=1e-5)


def test_experts_are_clipped_one_by_one() -> None:
    regime = regimes_of("mome", tiny_setup("mome"))["experts"]
    assert list(regime.clipped_apart()) == list(regime.network.experts)
