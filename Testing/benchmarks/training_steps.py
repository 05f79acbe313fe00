"""What a training step of each method costs over one of a plain U-Net, and what its arithmetic would let expect.

The plain step shows a batch to the starter U-Net once, under random codes. Expected is the ratio of multiplications in
convolutions and matrix products, forward and backward, as torch counts them; what is beyond is memory traffic: norms,
activations, losses, weights that are mixed or generated. That share differs between machines, so no bar is set.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from reporting import row
from timing import paired_ratio
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from MissingModalitySegLib.networks.registry import build
from MissingModalitySegTraining.configs.reading import read_config, setup_of
from MissingModalitySegTraining.data.batch import Batch
from MissingModalitySegTraining.loop import LoopSettings, Regime
from MissingModalitySegTraining.loop.optimisers import build_optimiser
from MissingModalitySegTraining.loop.regime import place
from MissingModalitySegTraining.regimes.modality_dropout import ModalityDropout
from MissingModalitySegTraining.regimes.stages import find_method

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
SIZE = 48 if DEVICE.type == "cpu" else 96
ROUNDS = 7
METHODS = (
    "modality_dropout",
    "dynamic_stem",
    "moe",
    "universal",
    "mae_baseline",
    "single_unet",
    "modality_prior",
    "mome",
)


def measure() -> list[dict[str, Any]]:
    """Rows for `reporting.report`."""
    torch.manual_seed(0)
    plain = Step(ModalityDropout(build({"architecture": "unet", "preset": "starter"}), full_view=False))
    rows = []
    for name, regime in _regimes():
        step = Step(regime)
        expected = step.multiplications() / plain.multiplications()
        rows.append(
            row(
                f"{name}_step_ratio",
                paired_ratio(step, plain, ROUNDS),
                bar=None,
                better="lower",
                how=f"expected {expected:.2f} from its arithmetic; starter, 2 crops of {SIZE}³, {DEVICE.type} "
                f"({torch.get_num_threads()} threads), median of {ROUNDS} pairs",
            )
        )
    return rows


def _regimes() -> Iterator[tuple[str, Regime]]:
    """The regime of every stage of every method, with the name of its row."""
    for method in METHODS:
        setup = setup_of(read_config(method, preset="starter"))
        stages = find_method(method).stages(setup)
        networks: dict[str, nn.Module] = {}
        for stage in stages:
            regime = stage.regime(networks)
            networks[stage.name] = regime.network
            yield (method if len(stages) == 1 else f"{method}_{stage.name}"), regime


class Step:
    """Losses of a batch, gradients, update; nothing is waited for or written."""

    def __init__(self, regime: Regime) -> None:
        network = place(regime, DEVICE, channels_last=True)
        trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
        self.regime, self.batch = regime, _batch().to(DEVICE)
        self.optimiser = build_optimiser(trained, LoopSettings(learning_rate=1e-5))

    def __call__(self) -> None:
        self.optimiser.zero_grad()
        # Half-way: every term of a curriculum has its weight.
        self.regime.losses(self.batch, 0.5, torch.Generator().manual_seed(1))["loss"].backward()
        self.optimiser.step()

    def multiplications(self) -> float:
        with FlopCounterMode(display=False) as counter:
            self()
        return counter.get_total_flops() / 2


def _batch() -> Batch:
    """Noise; what is in it makes no difference to the time."""
    generator = torch.Generator().manual_seed(0)
    shape = (SIZE, SIZE, SIZE)
    regions = (torch.rand(2, 3, *shape, generator=generator) < 0.1).float()
    ones = torch.ones(2, 5)
    return Batch(torch.randn(2, 5, *shape, generator=generator), ones, regions, ones[:, :3], torch.ones(2, *shape) > 0)
