"""The baseline “nnU-Net” of Table 1: one U-Net for images of every modality."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from ..unet import check_unet_image
from .plain_unet import PlainUNet
from .single_image import PAPER_WIDTHS, TINY_WIDTHS, SingleImageConfig, SingleImageSegmenter


class SingleUNet(SingleImageSegmenter):
    """One U-Net that takes an image of any modality and is not told which; fused as the mixture is."""

    Config = SingleImageConfig
    PRESETS: ClassVar[dict[str, SingleImageConfig]] = {
        "paper": SingleImageConfig(widths=PAPER_WIDTHS),
        "starter": SingleImageConfig(),
        "tiny": SingleImageConfig(widths=TINY_WIDTHS),
    }

    def __init__(self, config: SingleImageConfig) -> None:
        super().__init__(config)
        self.unet = PlainUNet(1, config.regions, config.widths)

    def forward_image(self, image: Tensor, levels: bool = False) -> Tensor | list[Tensor]:
        """Logits (B, R, D, H, W) of images (B, 1, D, H, W); with `levels` those of every level from the top."""
        check_unet_image(image, self.config.image_shape)
        if levels:
            return self.unet(image)
        return self.unet.outputs(self.unet.first_stage(image), levels=1)[0]

    def image_logits(self, image: Tensor, modality: Tensor) -> Tensor:
        return self.forward_image(image)
