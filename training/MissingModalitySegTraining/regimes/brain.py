"""Brain extraction: one U-Net that finds the brain in an image of a whole head, whatever the sequence.

Not from the papers. The network is the mixture's `single_unet` with one region: it sees one image and is not told
which. Each sample shows one of its sequences, drawn anew at every use; together with the random contrasts of the
phantoms that leaves it nothing to rely on but shape (Hoopes et al., SynthStrip, NeuroImage 260:119474, 2022).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from MissingModalitySegLib.errors import InputError

from ..data.batch import Batch
from ..losses.deep_supervision import deep_supervision_loss
from ..losses.segmentation import region_loss
from .stages import Method, Networks, Products, Setup, Stage, build_network

LOOP = {"learning_rate": 2e-3}
"""D: the network is small and the task easy; as high as stays stable."""


@dataclass(frozen=True)
class BrainOptions:
    """`deep_supervision`: outputs of the lower levels are compared too, as when experts of the mixture are trained."""

    deep_supervision: bool = True


class BrainExtraction:
    """Trains a `single_unet` with one sequence per sample."""

    def __init__(self, network: nn.Module, deep_supervision: bool = True) -> None:
        self.network = network
        self.deep_supervision = deep_supervision

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> Mapping[str, Tensor]:
        shown = draw_one(batch.code, generator).to(batch.image.device)
        image = batch.image[torch.arange(len(shown), device=shown.device), shown].unsqueeze(1)
        if not self.deep_supervision:
            return {"loss": region_loss(self.network.forward_image(image), batch.regions)}
        levels = self.network.forward_image(image, levels=True)
        return {"loss": deep_supervision_loss(levels, batch.regions, region_loss)}


def draw_one(available: Tensor, generator: torch.Generator) -> Tensor:
    """For each row of `available` (B, K) one of its channels, all equally likely; (B,) int64 on the CPU."""
    return torch.multinomial(available.float().cpu(), 1, generator=generator)[:, 0]


def stages(setup: Setup) -> list[Stage]:
    def regime(networks: Networks) -> BrainExtraction:
        network = build_network(setup)
        if setup.regions != 1 or not hasattr(network, "forward_image"):
            raise InputError(
                "network-does-not-fit",
                "Brain extraction needs one region and a network that takes a single image.",
                "Use the architecture single_unet and data of heads.",
            )
        return BrainExtraction(network, setup.options.deep_supervision)

    return [Stage("network", regime, defaults=LOOP)]


def products(networks: Networks) -> Products:
    return Products(networks["network"])


METHOD = Method("brain", BrainOptions, stages, products)
