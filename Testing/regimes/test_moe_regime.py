"""Eq. 4 to 7 of Novosad et al., term by term, from the network's outputs."""

import math

import numpy as np
import pytest
import torch

from MissingModalitySegTraining.regimes.codes import draw_codes
from Testing.regimes.regime_cases import masked, mixed_batch, plain_region_loss, regimes_of, seeded_losses, tiny_setup

QUIET = {"code_noise": 0.0}


def outputs(regime, batch):
    """f(x) and f(x̃) with the codes the regime draws."""
    code = draw_codes(batch.code, torch.Generator().manual_seed(3))
    with torch.no_grad():
        return regime.network(masked(batch, batch.code), batch.code), regime.network(masked(batch, code), code)


@pytest.mark.parametrize("as_printed", [False, True])
def test_terms_and_total(as_printed: bool) -> None:
    regime = regimes_of("moe", tiny_setup("moe", QUIET, as_printed=as_printed, balance_weight=0.3))["network"]
    batch = mixed_batch(8)
    parts = seeded_losses(regime, batch, progress=0.1)
    full, dropped = outputs(regime, batch)
    assert parts["full"].item() == pytest.approx(plain_region_loss(full, batch.regions, batch.scored), rel=1e-5)
    assert parts["dropped"].item() == pytest.approx(plain_region_loss(dropped, batch.regions, batch.scored), rel=1e-5)

    balance = 0.0
    for module in regime.network.modules():
        if hasattr(module, "gate"):
            phi = []
            for mask in range(1, 32):
                m = np.array([mask >> k & 1 for k in range(5)], dtype=float)
                z = module.gate.weight.detach().double().numpy() @ m + module.gate.bias.detach().double().numpy()
                phi.append(np.exp(z) / np.exp(z).sum())
            mean = np.mean(phi, axis=0)
            inequality = np.std(mean) / np.mean(mean)
            specialisation = np.mean([np.std(p) / np.mean(p) for p in phi])
            balance += inequality + specialisation if as_printed else inequality - specialisation
    assert parts["balance"].item() == pytest.approx(balance, rel=1e-3, abs=1e-3)

    terms = []
    for b in range(3):
        for r in range(3):  # every region counts: the target is the network's own
            q, p = (1 / (1 + np.exp(-z[b, r].double().numpy().ravel() / 2)) for z in (full, dropped))
            dice = (2 * (p * q).sum() + 1e-5) / (p.sum() + q.sum() + 1e-5)
            terms.append(1 - dice - np.mean(q * np.log(p) + (1 - q) * np.log(1 - p)))
    assert parts["distillation"].item() == pytest.approx(np.mean(terms), rel=1e-5)

    ramp = math.exp(-5 * (1 - 0.1 / (1 / 3)) ** 2)
    total = parts["full"] + parts["dropped"] + 0.3 * parts["balance"] + ramp * parts["distillation"]
    assert parts["loss"].item() == pytest.approx(total.item(), rel=1e-6)


def test_the_full_view_teaches_and_is_not_taught() -> None:
    """The gradient of L_sd is that of the dropped view against a constant."""
    regime = regimes_of("moe", tiny_setup("moe", QUIET))["network"]
    batch = mixed_batch(8)
    seeded_losses(regime, batch)["distillation"].backward()
    found = regime.network.head.weight.grad.clone()
    regime.network.zero_grad()
    full, _ = outputs(regime, batch)
    code = draw_codes(batch.code, torch.Generator().manual_seed(3))
    p = (regime.network(masked(batch, code), code) / 2).sigmoid().flatten(2)
    q = (full / 2).sigmoid().flatten(2)
    dice = 1 - (2 * (p * q).sum(2) + 1e-5) / (p.sum(2) + q.sum(2) + 1e-5)
    entropy = -(q * p.log() + (1 - q) * (1 - p).log()).mean(2)
    (dice.mean() + entropy.mean()).backward()
    torch.testing.assert_close(regime.network.head.weight.grad, found, rtol=1e-4, atol=1e-6)


def test_switched_off_terms_are_not_computed() -> None:
    regime = regimes_of("moe", tiny_setup("moe", balance_weight=0, distillation_weight=0))["network"]
    parts = seeded_losses(regime, mixed_batch(8))
    assert set(parts) == {"loss", "full", "dropped"}
    assert parts["loss"] == parts["full"] + parts["dropped"]


def test_noise_on_the_code_comes_from_torchs_generator() -> None:
    regime = regimes_of("moe", tiny_setup("moe"))["network"]
    batch, drawing = mixed_batch(8), torch.Generator
    torch.manual_seed(0)
    first = regime.losses(batch, 0.2, drawing().manual_seed(3))["full"]
    second = regime.losses(batch, 0.2, drawing().manual_seed(3))["full"]
    assert first != second
