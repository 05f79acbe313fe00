"""What every regime must do: learn, ignore what is not there, draw from its generators only, train what it should."""

import copy

import pytest
import torch

from MissingModalitySegTraining.regimes.stages import find_method
from Testing.regimes.regime_cases import (
    ARCHITECTURES,
    gradient_names,
    mixed_batch,
    regimes_of,
    run_stages,
    seeded_losses,
    tiny_setup,
)

ROWS = {
    # Novosad et al., Table 1
    "moe 1 baseline": ("moe", "unet", {}, {"balance_weight": 0, "distillation_weight": 0}),
    "moe 1 dynamic stem": ("moe", "dynamic_stem", {}, {"balance_weight": 0, "distillation_weight": 0}),
    "moe 1 stem": ("moe", "moe", {"moe_encoder": False}, {"distillation_weight": 0}),
    "moe 1 stem, encoder": ("moe", "moe", {}, {"distillation_weight": 0}),
    "moe 1 without regulariser": ("moe", "moe", {}, {"balance_weight": 0, "distillation_weight": 0}),
    "moe 1 distillation": ("moe", "unet", {}, {"balance_weight": 0}),
    "moe 1 both": ("moe", "moe", {}, {}),
    "moe, eq. 4 to the letter": ("moe", "moe", {}, {"as_printed": True}),
    "moe with a soft target": ("moe", "moe", {}, {"soft_target": True}),
    "modality dropout without full view": ("modality_dropout", "unet", {}, {"full_view": False}),
    "dynamic stem": ("dynamic_stem", "dynamic_stem", {}, {}),
    "dedicated": ("dedicated", "unet", {}, {"code": "T1+FLAIR"}),
    # “All-stage missing modality”, Tables 4 and 5, Fig. 5
    "universal 4.1": (
        "universal",
        "universal",
        {"head": "static"},
        {"distribution_approximation": False, "teacher": "none"},
    ),
    "universal 4.2": ("universal", "universal", {"head": "static"}, {"teacher": "none"}),
    "universal 4.3": ("universal", "universal", {"prompt_encoder": "minilm"}, {"teacher": "none"}),
    "universal 4.4": ("universal", "universal", {"prompt_encoder": "minilm"}, {}),
    "universal fig. 5 binary": ("universal", "universal", {"prompt_encoder": "binary"}, {"teacher": "none"}),
    "universal 5b": ("universal", "universal", {"head": "static"}, {"recovery": "none"}),
    "universal 5c": ("universal", "universal", {"head": "static"}, {"recovery": "fixed"}),
    "universal 5d": ("universal", "universal", {"head": "static"}, {"teacher": "static"}),
    "universal 5e": ("universal", "universal", {"head": "static"}, {}),
    "universal Dice alone": ("universal", "universal", {}, {"cross_entropy": False}),
    "mae_baseline": ("mae_baseline", "universal", {}, {}),
    # Zhang et al., Tables 1 and 3
    "mome full": ("mome", "mome", {}, {}),
    "mome minus curriculum": ("mome", "mome", {}, {"curriculum": False}),
    "mome minus hierarchy": ("mome", "mome", {"hierarchical": False}, {"curriculum": False}),
    "mome random experts": (
        "mome",
        "mome",
        {"hierarchical": False},
        {"curriculum": False, "specialised_start": False},
    ),
    "mome curriculum without hierarchy": ("mome", "mome", {"hierarchical": False}, {}),
    "mome as published": ("mome", "mome", {"activation": "softmax"}, {}),
    "single_unet": ("single_unet", "single_unet", {"activation": "softmax"}, {}),
    "modality_prior": ("modality_prior", "modality_prior", {"activation": "softmax"}, {}),
}


@pytest.mark.parametrize("row", ROWS)
def test_a_step_of_every_row_trains_all_it_should(row: str) -> None:
    """One step per stage: finite, and a gradient for every parameter that is declared trained, but where said."""
    method, architecture, network, options = ROWS[row]
    batch = mixed_batch()

    def step(stage, regime) -> None:
        loss = seeded_losses(regime, batch)["loss"]
        assert torch.isfinite(loss)
        loss.backward()
        trained = {name for name, p in regime.network.named_parameters() if p.requires_grad}
        without = trained - gradient_names(regime)
        if row == "mome curriculum without hierarchy" and stage.name == "joint":
            assert all(".heads.1." in name for name in without)  # experts that were not drawn
        else:
            assert not without
        for parameter in regime.network.parameters():
            assert parameter.grad is None or torch.isfinite(parameter.grad).all()

    networks = run_stages(method, tiny_setup(method, network, architecture, **options), step)
    products = find_method(method).products(networks)
    with torch.no_grad():
        assert torch.isfinite(products.network(batch.image, batch.code)).all()


@pytest.mark.parametrize("method", ARCHITECTURES)
def test_losses_are_a_function_of_weights_batch_and_seed_and_not_of_missing_channels(method: str) -> None:
    clean, poisoned = mixed_batch(), mixed_batch(missing=float("nan"))
    for name, regime in regimes_of(method, tiny_setup(method)).items():
        expected = seeded_losses(regime, clean)["loss"]
        expected.backward()
        gradients = [copy.copy(p.grad) for p in regime.network.parameters()]
        regime.network.zero_grad(set_to_none=True)
        assert torch.equal(seeded_losses(regime, clean)["loss"], expected), name
        found = seeded_losses(regime, poisoned)["loss"]
        found.backward()
        assert torch.equal(found, expected), name
        for before, parameter in zip(gradients, regime.network.parameters(), strict=True):
            assert (before is None) == (parameter.grad is None)
            assert before is None or torch.equal(before, parameter.grad), name


@pytest.mark.parametrize("method", ARCHITECTURES)
def test_a_few_steps_lower_the_loss_of_one_batch(method: str) -> None:
    """Each stage from the networks that the stages before it trained, with the same draws at every step."""
    batch = mixed_batch()

    def train(stage, regime) -> None:
        trained = [p for p in regime.network.parameters() if p.requires_grad]
        optimiser = torch.optim.Adam(trained, lr=5e-3)
        values = []
        for _ in range(8):
            loss = seeded_losses(regime, batch)["loss"]
            values.append(loss.item())
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        assert values[-1] < values[0] - 0.02, (stage.name, values)

    run_stages(method, tiny_setup(method), train)


@pytest.mark.parametrize("method", ARCHITECTURES)
def test_half_precision_and_one_region(method: str) -> None:
    """As for lesion data under autocast: the losses are in float32 and finite."""
    from dataclasses import replace

    from MissingModalitySegTraining.data.batch import Batch

    mixed = mixed_batch()
    batch = Batch(mixed.image, mixed.code, mixed.regions[:, :1], mixed.scored[:, :1], mixed.brain)

    def step(stage, regime) -> None:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = seeded_losses(regime, batch)["loss"]
        assert loss.dtype == torch.float32
        assert torch.isfinite(loss)
        loss.backward()

    run_stages(method, replace(tiny_setup(method), regions=1), step)
