"""Synthesis: all sequences from any of them, by a network that is trained for nothing else.

Not from the papers. The masked autoencoder of Zhao et al. (2024) learns to fill in tokens, and what it makes of a whole
sequence that is missing is a by-product. Here that network, with a straight line beside it (`networks.synthesiser`),
sees whole sequences, as users have them, and is compared in the brain alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.networks.synthesiser import Synthesiser
from MissingModalitySegLib.networks.universal.autoencoder import MaskedAutoencoder

from ..data.batch import Batch
from .codes import draw_codes
from .stages import Method, Networks, Products, Setup, Stage, build_network, nothing


@dataclass(frozen=True)
class SynthesisOptions:
    """How much the errors of sequences that were shown weigh, and absolute errors beside squared ones.

    The first keep what is shown in the network; the second keep edges sharp.
    """

    shown: float = 0.2
    absolute: float = 0.5


class Synthesis:
    """Trains a network on random subsets of whole sequences."""

    def __init__(self, network: nn.Module, options: SynthesisOptions) -> None:
        self.network = network
        self.options = options

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> Mapping[str, Tensor]:
        code = draw_codes(batch.code, generator)
        error = (self.network(batch.image, code).float() - batch.image.float()).nan_to_num()
        brain = batch.brain[:, None].to(error.dtype)
        voxels = brain.sum(dim=(2, 3, 4)).clamp(min=1)
        squared = (error.square() * brain).sum(dim=(2, 3, 4)) / voxels  # (B, K)
        absolute = (error.abs() * brain).sum(dim=(2, 3, 4)) / voxels
        weight = batch.code * (1 - code) + self.options.shown * code
        loss = (weight * (squared + self.options.absolute * absolute)).sum() / weight.sum()
        hidden = batch.code * (1 - code)
        return {"loss": loss, "hidden": (hidden * squared).sum().detach() / hidden.sum().clamp(min=1)}


def stages(setup: Setup) -> list[Stage]:
    def regime(networks: Networks) -> Synthesis:
        network = build_network(setup)
        if not isinstance(network, Synthesiser | MaskedAutoencoder):
            raise InputError(
                "network-does-not-fit",
                "Synthesis needs a network that answers with sequences.",
                "Use the architecture synthesiser, or masked_autoencoder.",
            )
        return Synthesis(network, setup.options)

    return [Stage("network", regime, segmenter=nothing)]


def products(networks: Networks) -> Products:
    return Products(networks["network"])


METHOD = Method("synthesis", SynthesisOptions, stages, products)
