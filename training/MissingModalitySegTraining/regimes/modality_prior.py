"""The baseline “Hermes” of Zhang et al. (MICCAI 2024): the single U-Net that is told which modality an image shows."""

from __future__ import annotations

from torch import Tensor

from MissingModalitySegLib.networks.mome.prior import ModalityPriorUNet

from .single_image import NNUNET_LOOP, check_network
from .single_unet import SingleImageOptions, SingleImageTraining
from .stages import Method, Networks, Products, Setup, Stage, build_network


class ModalityPriorTraining(SingleImageTraining):
    """The same, with the drawn modality as the prior."""

    def levels(self, image: Tensor, modality: Tensor) -> list[Tensor]:
        return self.network.forward_image(image, modality, levels=True)


def stages(setup: Setup) -> list[Stage]:
    def regime(networks: Networks) -> ModalityPriorTraining:
        network = build_network(setup)
        check_network(network, ModalityPriorUNet)
        return ModalityPriorTraining(network, setup.options)

    return [Stage("network", regime, defaults=NNUNET_LOOP)]


def products(networks: Networks) -> Products:
    return Products(networks["network"])


METHOD = Method("modality_prior", SingleImageOptions, stages, products)
