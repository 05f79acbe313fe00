"""φ: the multimodal masked autoencoder, and the synthesiser that users see."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from ..inputs import check_code, mask_channels
from ..unet import STARTER_WIDTHS, check_unet_image
from .backbone import STARTER_BLOCKS, Backbone, BackboneShape, NormReluConv, available_channels


@dataclass(frozen=True)
class AutoencoderConfig:
    """The segmentation network's backbone; the head has as many channels as there are modalities."""

    channels: int = 5
    widths: tuple[int, ...] = (16, 32, 64, 128)
    blocks: tuple[int, ...] = (1, 2, 2, 4)
    groups: int = 8

    def __post_init__(self) -> None:
        self.backbone_shape  # noqa: B018 (checks the values)

    @property
    def backbone_shape(self) -> BackboneShape:
        return BackboneShape(self.channels, self.widths, self.blocks, self.groups)

    @property
    def multiple(self) -> int:
        """What the spatial sizes of an image must be divisible by."""
        return self.backbone_shape.multiple


class MaskedAutoencoder(nn.Module):
    """All modalities from some of them: the backbone with an M-channel 1x1x1 head (section 3.1).

    In training its input went through `masking.mask_tokens`; for synthesis it is shown whole modalities.
    """

    Config = AutoencoderConfig
    PRESETS: ClassVar[dict[str, AutoencoderConfig]] = {
        "paper": AutoencoderConfig(),
        "starter": AutoencoderConfig(widths=STARTER_WIDTHS, blocks=STARTER_BLOCKS),
        "tiny": AutoencoderConfig(widths=(4, 8, 8), blocks=(1, 1, 1), groups=2),
    }

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = Backbone(config.backbone_shape)
        self.head = NormReluConv(config.widths[0], config.channels, 1, config.groups)

    @property
    def multiple(self) -> int:
        """What the spatial sizes of an image must be divisible by."""
        return self.config.multiple

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """Reconstruct all modalities (B, M, D, H, W) from those of `x` (same shape) that `code` (B, M) marks.

        Raises InputError if a shape or the code does not fit.
        """
        check_unet_image(x, self.config)
        check_code(code, len(x), self.config.channels)
        return self.head(self.backbone.decode(self.backbone.encode(mask_channels(x, code))))

    def fold(self, code: Tensor) -> FoldedAutoencoder:
        """The synthesiser for one code (M,), in evaluation mode: x (B, M, D, H, W) to what `forward` gives."""
        check_code(code[None], 1, self.config.channels)
        return FoldedAutoencoder(self, available_channels(code))


class FoldedAutoencoder(nn.Module):
    """`MaskedAutoencoder` for one code; the missing channels are not even read."""

    def __init__(self, network: MaskedAutoencoder, available: Tensor) -> None:
        super().__init__()
        self.config = network.config
        self.register_buffer("available", available.to(network.backbone.stem.weight.device), persistent=False)
        self.backbone = network.backbone.fold(available)
        self.head = copy.deepcopy(network.head)
        self.requires_grad_(False).eval()

    @property
    def multiple(self) -> int:
        """What the spatial sizes of an image must be divisible by."""
        return self.config.multiple

    def forward(self, x: Tensor) -> Tensor:
        check_unet_image(x, self.config)
        return self.head(self.backbone.decode(self.backbone.encode(x[:, self.available])))
