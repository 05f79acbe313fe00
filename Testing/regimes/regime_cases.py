"""What the tests of the regimes share: a batch of mixed availability, tiny set-ups, and losses by plain arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from MissingModalitySegLib.modalities import MODALITIES
from MissingModalitySegTraining.data.batch import Batch
from MissingModalitySegTraining.regimes.stages import Setup, Stage, find_method

CODES = ((1, 1, 1, 1, 1), (1, 0, 0, 1, 0), (0, 0, 1, 0, 0))
"""A complete sample, one of two modalities, one of a single one."""

ARCHITECTURES = {
    "modality_dropout": "unet",
    "dedicated": "unet",
    "dynamic_stem": "dynamic_stem",
    "moe": "moe",
    "universal": "universal",
    "mae_baseline": "universal",
    "mome": "mome",
    "single_unet": "single_unet",
    "modality_prior": "modality_prior",
}


def mixed_batch(size: int = 16, missing: float = 0.0) -> Batch:
    """Three samples; absent channels hold `missing`, the second sample's truth tells the lesion only."""
    generator = torch.Generator().manual_seed(1)
    image = torch.randn(3, 5, size, size, size, generator=generator)
    code = torch.tensor(CODES, dtype=torch.float32)
    blob = torch.nn.functional.avg_pool3d(image.sum(1, keepdim=True), 5, 1, 2)
    image = image + 2 * (blob > 0)  # something to be found in every modality
    regions = (blob > torch.tensor([0.0, 0.1, 0.25]).view(1, 3, 1, 1, 1)).float()
    scored = torch.tensor([[1.0, 1, 1], [1, 0, 0], [1, 1, 1]])
    regions[1, 1:] = 0
    image = torch.where(code.bool()[..., None, None, None], image, missing)
    return Batch(image, code, regions, scored, torch.ones(3, size, size, size, dtype=torch.bool))


def tiny_setup(method: str, network: dict[str, Any] | None = None, architecture: str | None = None, **options) -> Setup:
    section = {
        "architecture": architecture or ARCHITECTURES[method],
        "preset": "tiny",
        "config": network or {},
    }
    return Setup(section, find_method(method).options(**options), MODALITIES, 3, seed=4)


def run_stages(method: str, setup: Setup, visit) -> dict[str, nn.Module]:
    """Go through the stages without training; `visit(stage, regime)` sees each."""
    networks: dict[str, nn.Module] = {}
    for stage in find_method(method).stages(setup):
        regime = stage.regime(networks)
        visit(stage, regime)
        networks[stage.name] = regime.network
    return networks


def regimes_of(method: str, setup: Setup) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def keep(stage: Stage, regime: Any) -> None:
        found[stage.name] = regime

    run_stages(method, setup, keep)
    return found


def seeded_losses(regime: Any, batch: Batch, progress: float = 0.2, seed: int = 3) -> dict[str, Tensor]:
    """As the loop asks: both generators seeded."""
    torch.manual_seed(seed)
    return dict(regime.losses(batch, progress, torch.Generator().manual_seed(seed)))


def plain_region_loss(logits: Tensor, regions: Tensor, scored: Tensor, cross_entropy: bool = True) -> float:
    """Mean over scored (sample, region) pairs of 1 - Dice plus binary cross-entropy, in double precision."""
    terms = []
    for b in range(len(logits)):
        for r in range(logits.shape[1]):
            if scored[b, r]:
                z, q = (value[b, r].detach().double().numpy().ravel() for value in (logits, regions))
                p = 1 / (1 + np.exp(-z))
                dice = (2 * np.sum(p * q) + 1e-5) / (np.sum(p) + np.sum(q) + 1e-5)
                entropy = -np.mean(q * np.log(p) + (1 - q) * np.log(1 - p))
                terms.append(1 - dice + (entropy if cross_entropy else 0))
    return float(np.mean(terms))


def plain_levels_loss(levels: list[Tensor], regions: Tensor, scored: Tensor) -> float:
    """nnU-Net's weights by hand, for the two decoder levels of a tiny network: all on the top one."""
    assert len(levels) in (1, 2)
    return plain_region_loss(levels[0], regions, scored)


def masked(batch: Batch, code: Tensor) -> Tensor:
    return torch.where(code.bool()[..., None, None, None], batch.image, 0.0)


def gradient_names(regime: Any) -> set[str]:
    """Parameters of the trained network that one step gave a gradient; absent where it stayed `None`."""
    return {name for name, parameter in regime.network.named_parameters() if parameter.grad is not None}
