"""The 3D U-Net with group norm that autoencoder and segmentation network share.

Widths 16-32-64-128, 1/2/2/4 pre-activation residual blocks, additive skips. The paper says only “3D U-Net with group
normalization” (section 4.2); the rest is ours, after the masked autoencoder on which the paper builds. What passes from
level to level is normalised: nothing else bounds what runs past the blocks (see `blocks.Downsample`).
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .. import streaming
from ..configs import require

STARTER_BLOCKS = (1, 1, 2, 2, 2)
"""D: for the five levels of `unet.STARTER_WIDTHS`. Segmentation network and autoencoder are both shipped: each must be
small."""


@dataclass(frozen=True)
class BackboneShape:
    """What decides the parameters of a backbone; two networks with equal shapes can exchange theirs."""

    channels: int
    widths: tuple[int, ...]
    blocks: tuple[int, ...]
    groups: int

    def __post_init__(self) -> None:
        # The upper bounds keep a damaged or hostile manifest from asking for all the memory there is.
        require(1 <= self.channels <= 16, "channels", "from 1 to 16 modalities can be used.")
        require(2 <= len(self.widths) <= 8, "widths", "a U-Net has from 2 to 8 levels.")
        require(all(1 <= width <= 1024 for width in self.widths), "widths", "a level has from 1 to 1024 channels.")
        require(
            len(self.blocks) == len(self.widths), "blocks", f"give one number for each of {len(self.widths)} levels."
        )
        require(all(1 <= count <= 16 for count in self.blocks), "blocks", "a level has from 1 to 16 blocks.")
        require(1 <= self.groups <= 1024, "groups", "from 1 to 1024 groups are possible.")

    @property
    def multiple(self) -> int:
        """What must divide every spatial size."""
        return 2 ** (len(self.widths) - 1)


class Backbone(nn.Module):
    """Image in, encoder features at every scale and the decoder's last features out."""

    def __init__(self, shape: BackboneShape) -> None:
        super().__init__()
        self.shape = shape
        self.stem = nn.Conv3d(shape.channels, shape.widths[0], 3, padding=1)
        self.encoder = nn.ModuleList(
            nn.Sequential(*(ResidualBlock(width, shape.groups) for _ in range(count)))
            for width, count in zip(shape.widths, shape.blocks, strict=True)
        )
        self.downs = nn.ModuleList(
            nn.Sequential(nn.Conv3d(fine, coarse, 3, stride=2, padding=1), group_norm(coarse, shape.groups))
            for fine, coarse in zip(shape.widths[:-1], shape.widths[1:], strict=True)
        )
        self.laterals = nn.ModuleList(
            NormReluConv(coarse, fine, 1, shape.groups)
            for fine, coarse in zip(shape.widths[:-1], shape.widths[1:], strict=True)
        )
        self.decoder = nn.ModuleList(ResidualBlock(width, shape.groups) for width in shape.widths[:-1])

    def encode(self, x: Tensor) -> list[Tensor]:
        """Features of every scale, finest first: level l has shape (B, widths[l], D/2^l, H/2^l, W/2^l)."""
        features = [self.encoder[0](self.stem(x))]
        for down, blocks in zip(self.downs, self.encoder[1:], strict=True):
            features.append(blocks(down(features[-1])))
        return features

    def decode(self, features: list[Tensor]) -> Tensor:
        """Features at full resolution (B, widths[0], D, H, W)."""
        y = features[-1]
        for level in range(len(self.decoder) - 1, -1, -1):
            y = F.interpolate(self.laterals[level](y), scale_factor=2, mode="trilinear", align_corners=False)
            y = self.decoder[level](y + features[level])
        return y

    def fold(self, available: Tensor) -> Backbone:
        """A copy whose stem takes only the channels listed in `available` (n,)."""
        folded = copy.deepcopy(self)
        stem = folded.stem
        folded.stem = nn.Conv3d(len(available), stem.out_channels, 3, padding=1).to(stem.weight)
        folded.stem.weight = nn.Parameter(stem.weight.detach()[:, available.to(stem.weight.device)].clone())
        folded.stem.bias = stem.bias
        return folded


class ResidualBlock(nn.Module):
    """x + Conv(ReLU(GN(Conv(ReLU(GN(x)))))), 3x3x3 kernels."""

    def __init__(self, width: int, groups: int) -> None:
        super().__init__()
        self.first = NormReluConv(width, width, 3, groups)
        self.second = NormReluConv(width, width, 3, groups)

    def forward(self, x: Tensor) -> Tensor:
        if streaming.streams(x):  # `x` belongs to this block alone and may be overwritten
            norm, _, convolution = self.second
            return streaming.convolve(
                self.first(x), convolution, norm, slope=0, plus=lambda part: x[:, :, part], into=x
            )
        return x + self.second(self.first(x))


class NormReluConv(nn.Sequential):
    """Pre-activation: group norm, ReLU, convolution; with kernel size 1 the head of a network."""

    def __init__(self, channels_in: int, channels_out: int, kernel_size: int, groups: int) -> None:
        super().__init__(
            group_norm(channels_in, groups),
            nn.ReLU(),
            nn.Conv3d(channels_in, channels_out, kernel_size, padding=kernel_size // 2),
        )

    def forward(self, x: Tensor) -> Tensor:
        if streaming.streams(x):
            norm, _, convolution = self
            return streaming.convolve(x, convolution, norm, slope=0)
        return super().forward(x)


def group_norm(width: int, groups: int) -> nn.GroupNorm:
    """Group norm with `groups` groups, or as many as divide both numbers: 8 for 16 and 24 channels, 4 for 12."""
    return nn.GroupNorm(math.gcd(groups, width), width)


def available_channels(code: Tensor) -> Tensor:
    """The indices of the ones in a code (K,)."""
    return torch.nonzero(code.to(torch.bool), as_tuple=True)[0]
