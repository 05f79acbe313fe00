"""The baseline “Hermes” of Zhang et al. (MICCAI 2024): the single U-Net that is told which modality an image shows."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from MissingModalitySegLib.networks.mome.prior import ModalityPriorUNet

from ..data.batch import Batch
from ..losses.deep_supervision import deep_supervision_loss
from .single_image import NNUNET_LOOP, check_network, draw_modalities, image_of
from .single_unet import SingleImageOptions
from .stages import Method, Networks, Products, Setup, Stage, build_network
from .supervision import truth_for


class ModalityPriorTraining:
    """As `single_unet.SingleImageTraining`, with the drawn modality as the prior."""

    def __init__(self, network: ModalityPriorUNet, options: SingleImageOptions) -> None:
        self.network = network
        self.options = options

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> Mapping[str, Tensor]:
        modality = draw_modalities(batch.code, generator)
        truth = truth_for(self.network, batch, dice_of_empty=self.options.dice_of_empty)
        levels = self.network.forward_image(image_of(batch, modality), modality, levels=True)
        return {"loss": deep_supervision_loss(levels, truth.target, truth.loss)}


def stages(setup: Setup) -> list[Stage]:
    def regime(networks: Networks) -> ModalityPriorTraining:
        network = build_network(setup)
        check_network(network, ModalityPriorUNet)
        return ModalityPriorTraining(network, setup.options)

    return [Stage("network", regime, defaults=NNUNET_LOOP)]


def products(networks: Networks) -> Products:
    return Products(networks["network"])


METHOD = Method("modality_prior", SingleImageOptions, stages, products)
