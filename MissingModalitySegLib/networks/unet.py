"""The 3D U-Net of Novosad et al. (MICCAI 2024), Fig. 1 A: alone a baseline, with other convolutions in it the `moe`.

The baselines *modality dropout* and *dedicated model* of their Table 2 are this network with different training.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn

from ..errors import InputError
from .blocks import Downsample, PlainConv3d, ResidualBlock, Upsample, instance_norm, norm_relu_convolution
from .conditional import ConditionalConv3d
from .configs import require
from .inputs import check_code, check_image, mask_channels


@dataclass(frozen=True)
class UNetConfig:
    """The shape of a U-Net: input `channels` (modalities), output `regions`, channels per level from the top."""

    channels: int = 5
    regions: int = 3
    widths: tuple[int, ...] = (16, 32, 48, 64, 96)
    blocks_per_level: int = 1

    def __post_init__(self) -> None:
        # The upper bounds keep a damaged or hostile manifest from asking for all the memory there is.
        require(1 <= self.channels <= 16, "channels", "from 1 to 16 modalities can be used.")
        require(1 <= self.regions <= 256, "regions", "from 1 to 256 regions can be segmented.")
        require(2 <= len(self.widths) <= 8, "widths", "a U-Net has from 2 to 8 levels.")
        require(all(1 <= width <= 1024 for width in self.widths), "widths", "a level has from 1 to 1024 channels.")
        require(1 <= self.blocks_per_level <= 16, "blocks_per_level", "a level has from 1 to 16 blocks.")

    @property
    def multiple(self) -> int:
        """What the spatial sizes of an image must be divisible by."""
        return 2 ** (len(self.widths) - 1)


PAPER_WIDTHS = (32, 64, 128, 256)
"""D: the text of the paper gives no widths; these start where most published 3D U-Nets do and double."""

STARTER_WIDTHS = (16, 32, 48, 64, 96)
"""D: small enough to ship and for a laptop without a GPU. Multiples of 16, which processors with bfloat16 compute about
twice as fast as in float32; five levels, since the lowest ones cost little and see the most."""

TINY_WIDTHS = (4, 6)
"""D: for tests."""


class ConditionalUNet(nn.Module):
    """The U-Net around a stem and encoder convolutions that may depend on the code.

    Encoder: stem, then residual blocks with a strided convolution between levels. Decoder: transposed convolution,
    concatenation with the encoder's features of the same size (as in the U-Net the paper builds on), residual blocks.
    All kernels are 3x3x3. D: activation ReLU; one more norm and ReLU before the head, since pre-activation blocks end
    without.

    `encoder_convolution(in, out)` makes the *second* convolution of every encoder block (Fig. 1 C).
    """

    def __init__(
        self, config: UNetConfig, stem: nn.Module, encoder_convolution: Callable[[int, int], nn.Module]
    ) -> None:
        super().__init__()
        self.config = config
        widths, blocks = config.widths, range(config.blocks_per_level)
        self.stem = stem
        self.encoder = nn.ModuleList(
            nn.ModuleList(ResidualBlock(PlainConv3d(width, width), encoder_convolution(width, width)) for _ in blocks)
            for width in widths
        )
        self.down = nn.ModuleList(Downsample(above, below) for above, below in pairwise(widths))
        self.up = nn.ModuleList(Upsample(below, above) for above, below in pairwise(widths))
        self.decoder = nn.ModuleList(
            nn.ModuleList(
                ResidualBlock(PlainConv3d(width if block else 2 * width, width), PlainConv3d(width, width))
                for block in blocks
            )
            for width in widths[:-1]
        )
        self.head_norm = instance_norm(widths[0])
        self.head = PlainConv3d(widths[0], config.regions)

    @property
    def multiple(self) -> int:
        """What the spatial sizes of an image must be divisible by."""
        return self.config.multiple

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """Logits (B, R, D, H, W) of the images `x` (B, K, D, H, W), of which `code` (B, K) says what is there.

        Raises `InputError` for a wrong number of channels, sizes that `multiple` does not divide, or a bad code.
        """
        check_unet_image(x, self.config)
        check_code(code, len(x), self.config.channels)
        return self.logits(mask_channels(x, code), code)

    def logits(self, x: Tensor, code: Tensor | None) -> Tensor:
        """The same without checks and masking, for whoever has done both."""
        x = self.stem(x, code)
        skips = []
        for level, blocks in enumerate(self.encoder):
            if level:
                skips.append(x)
                x = self.down[level - 1](x)
            for block in blocks:
                x = block(x, code)
        for level in reversed(range(len(self.decoder))):
            x = torch.cat((self.up[level](x), skips.pop()), dim=1)
            for block in self.decoder[level]:
                x = block(x, code)
        return norm_relu_convolution(x, self.head_norm, self.head)

    @torch.no_grad()
    def fold(self, code: Tensor) -> FoldedUNet:
        """This network for one `code` (K,): every kernel made, the stem's channels of missing modalities left out.

        The result shares no memory with this network, is in evaluation mode and gives the same logits within rounding.
        """
        check_code(code[None], 1, self.config.channels)
        code = code.to(next(self.parameters()).device)
        weights = self.state_dict()
        for name, module in self.named_modules():
            if isinstance(module, ConditionalConv3d):
                weight, bias = module.kernels(code[None])
                weights |= {f"{name}.weight": weight[0], f"{name}.bias": bias[0]}
        available = code.nonzero().flatten()
        weights["stem.weight"] = weights["stem.weight"][:, available]
        shape = UNetConfig(len(available), self.config.regions, self.config.widths, self.config.blocks_per_level)
        network = ResidualUNet(shape).to(weights["head.weight"])
        network.load_state_dict({name: weights[name] for name in network.state_dict()})
        return FoldedUNet(network, available, self.config)


class ResidualUNet(ConditionalUNet):
    """The baseline U-Net: the code masks the input and decides nothing else."""

    Config = UNetConfig
    PRESETS: ClassVar[dict[str, UNetConfig]] = {
        "paper": UNetConfig(widths=PAPER_WIDTHS),
        "starter": UNetConfig(widths=STARTER_WIDTHS),
        "tiny": UNetConfig(widths=TINY_WIDTHS),
    }

    def __init__(self, config: UNetConfig) -> None:
        super().__init__(config, PlainConv3d(config.channels, config.widths[0]), PlainConv3d)


class FoldedUNet(nn.Module):
    """A plain U-Net over the available modalities only, called with the image of all of them."""

    def __init__(self, network: ResidualUNet, available: Tensor, config: UNetConfig) -> None:
        super().__init__()
        self.config = config
        self.network = network
        self.register_buffer("available", available)
        self.requires_grad_(False).eval()

    @property
    def multiple(self) -> int:
        """What the spatial sizes of an image must be divisible by."""
        return self.config.multiple

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, R, D, H, W) of `x` (B, K, D, H, W); the channels of missing modalities are not read."""
        check_unet_image(x, self.config)
        if len(self.available) < self.config.channels:
            x = x.index_select(1, self.available)
        return self.network.logits(x, None)


def check_unet_image(x: Tensor, config: UNetConfig) -> None:
    """Raise `InputError` unless `x` fits: see `inputs.check_image`; and the lowest level needs two voxels or more."""
    check_image(x, config.channels, config.multiple)
    if x.shape[2:].numel() == config.multiple**3:
        raise InputError(
            "size-too-small",
            f"The spatial size {tuple(x.shape[2:])} leaves one voxel at the lowest level, which cannot be normalised.",
            f"Pad one axis to {2 * config.multiple} or more.",
        )
