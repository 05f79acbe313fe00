"""Modality dropout: one network for all codes, trained on random subsets of what each sample has.

The baseline of Novosad et al. (MICCAI 2024), eq. 2; with the full view their eq. 5, in which every sample is also seen
with all its modalities. With the network `dynamic_stem` it is another row of their Table 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..data.batch import Batch
from .codes import draw_codes
from .stages import Method, Networks, Products, Setup, Stage, build_network
from .supervision import truth_for

PAPER_LOOP = {"optimiser": "adam", "schedule": "cosine", "learning_rate": 1e-4, "weight_decay": 0.0}
"""Section 3.2; what the paper does not mention (weight decay) is off."""


@dataclass(frozen=True)
class ModalityDropoutOptions:
    """`full_view` adds the view with all modalities (eq. 5); `dice_of_empty` as in `losses.segmentation`."""

    full_view: bool = True
    dice_of_empty: bool = False


class ModalityDropout:
    """Trains a segmentation network that keeps the contract of `MissingModalitySegLib.networks`."""

    def __init__(
        self, network: nn.Module, full_view: bool = True, dice_of_empty: bool = False, cross_entropy: bool = True
    ) -> None:
        """`dice_of_empty` and `cross_entropy` as in `supervision.truth_for`."""
        self.network = network
        self.full_view = full_view
        self.dice_of_empty = dice_of_empty
        self.cross_entropy = cross_entropy

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> Mapping[str, Tensor]:
        code = draw_codes(batch.code, generator)
        parts = {"dropped": self._loss(batch, code)}
        if self.full_view:
            parts["full"] = self._loss(batch, batch.code)
        return {"loss": sum(parts.values()), **parts}

    def _loss(self, batch: Batch, code: Tensor) -> Tensor:
        truth = truth_for(self.network, batch, dice_of_empty=self.dice_of_empty, cross_entropy=self.cross_entropy)
        return truth.compare(self.network(batch.image, code))


def stages(setup: Setup) -> list[Stage]:
    def regime(networks: Networks) -> ModalityDropout:
        return ModalityDropout(build_network(setup), setup.options.full_view, setup.options.dice_of_empty)

    return [Stage("network", regime, defaults=PAPER_LOOP)]


def products(networks: Networks) -> Products:
    return Products(networks["network"])


METHOD = Method("modality_dropout", ModalityDropoutOptions, stages, products)
