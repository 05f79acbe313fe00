"""The baseline “nnU-Net” of Zhang et al. (MICCAI 2024): one U-Net for single images of every modality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from MissingModalitySegLib.networks.mome.single import SingleUNet

from ..data.batch import Batch
from ..losses.deep_supervision import deep_supervision_loss
from .single_image import NNUNET_LOOP, check_network, draw_modalities, image_of
from .stages import Method, Networks, Products, Setup, Stage, build_network
from .supervision import truth_for


@dataclass(frozen=True)
class SingleImageOptions:
    """`dice_of_empty` as in `losses.segmentation`."""

    dice_of_empty: bool = False


class SingleImageTraining:
    """Deep supervision of one image per sample, of a modality drawn from those it has; the network is not told which.

    D: the paper trains on images; a sample with several is several images, and one of them is seen per step.
    """

    def __init__(self, network: nn.Module, options: SingleImageOptions) -> None:
        self.network = network
        self.options = options

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> Mapping[str, Tensor]:
        modality = draw_modalities(batch.code, generator)
        truth = truth_for(self.network, batch, dice_of_empty=self.options.dice_of_empty)
        levels = self.levels(image_of(batch, modality), modality)
        return {"loss": deep_supervision_loss(levels, truth.target, truth.loss)}

    def levels(self, image: Tensor, modality: Tensor) -> list[Tensor]:
        """The network's logits of every level for images (B, 1, X, Y, Z) that show the channels `modality` (B,)."""
        return self.network.forward_image(image, levels=True)


def stages(setup: Setup) -> list[Stage]:
    def regime(networks: Networks) -> SingleImageTraining:
        network = build_network(setup)
        check_network(network, SingleUNet)
        return SingleImageTraining(network, setup.options)

    return [Stage("network", regime, defaults=NNUNET_LOOP)]


def products(networks: Networks) -> Products:
    return Products(networks["network"])


METHOD = Method("single_unet", SingleImageOptions, stages, products)
