"""The baseline “Hermes” of Table 1: one U-Net that is told which modality an image shows, by learned prior tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..configs import require
from ..unet import check_unet_image
from .plain_unet import PlainUNet
from .single_image import PAPER_WIDTHS, TINY_WIDTHS, SingleImageConfig, SingleImageSegmenter


@dataclass(frozen=True)
class ModalityPriorConfig(SingleImageConfig):
    """Sizes, and how many prior `tokens` there are per modality."""

    tokens: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        require(1 <= self.tokens <= 1024, "tokens", "a prior has from 1 to 1024 tokens.")


class ModalityPriorUNet(SingleImageSegmenter):
    """The single U-Net with context prior learning, as we read Hermes (Gao et al., arXiv 2306.02416).

    Hermes keeps a pool of learned tokens, task priors and modality priors, lets the tokens of a case and the image
    features attend to each other at several scales, and segments with the task tokens that result. Zhang et al. adapted
    it with modality priors alone and do not say how. Our reading of that: `tokens` vectors per modality; at the lowest
    stage they first gather from the image, then every voxel gathers from them; the head stays a convolution, since
    there is one task. Deviation: one scale instead of several, which keeps the cost of the plain U-Net.
    """

    Config = ModalityPriorConfig
    PRESETS: ClassVar[dict[str, ModalityPriorConfig]] = {
        "paper": ModalityPriorConfig(widths=PAPER_WIDTHS),
        "starter": ModalityPriorConfig(),
        "tiny": ModalityPriorConfig(widths=TINY_WIDTHS),
    }

    def __init__(self, config: ModalityPriorConfig) -> None:
        super().__init__(config)
        self.unet = PlainUNet(1, config.regions, config.widths)
        size = config.widths[-1]
        self.priors = nn.Parameter(torch.randn(config.channels, config.tokens, size) * size**-0.5)  # K T C
        self.gather = Attention(size)
        self.inject = Attention(size)

    def forward_image(self, image: Tensor, modality: Tensor, levels: bool = False) -> Tensor | list[Tensor]:
        """Logits (B, R, D, H, W) of images (B, 1, D, H, W), which show the channels `modality` (B,), whole numbers.

        With `levels` those of every level from the top.
        """
        check_unet_image(image, self.config.image_shape)
        priors = self.priors[modality]  # B T C

        def with_prior(features: Tensor) -> Tensor:
            voxels = features.flatten(2).transpose(1, 2)  # B V C
            tokens = priors + self.gather(priors, voxels)
            voxels = voxels + self.inject(voxels, tokens)
            return voxels.transpose(1, 2).reshape(features.shape)

        outputs = self.unet.outputs(self.unet.first_stage(image), None if levels else 1, with_prior)
        return outputs if levels else outputs[0]

    def image_logits(self, image: Tensor, modality: Tensor) -> Tensor:
        return self.forward_image(image, modality)


class Attention(nn.Module):
    """What `asking` (B, Q, C) gathers from `asked` (B, S, C): one head of scaled dot-product attention."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.query = nn.Linear(size, size)
        self.key = nn.Linear(size, size, bias=False)  # a bias would change no softmax
        self.value = nn.Linear(size, size)

    def forward(self, asking: Tensor, asked: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(self.query(asking), self.key(asked), self.value(asked))
