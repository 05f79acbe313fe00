"""The plain U-Net of nnU-Net (Isensee et al., Nature Methods 2021), of which experts and gate are made."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .. import streaming
from ..blocks import instance_norm

SLOPE = 0.01
"""Of the leaky ReLU below zero."""


class ConvBlock(nn.Module):
    """Convolution 3x3x3, instance norm with scale and shift, leaky ReLU."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv3d(in_channels, out_channels, kernel_size=3, stride=stride, padding=1)
        self.norm = instance_norm(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        if streaming.streams(x) and self.conv.stride == (1, 1, 1):
            return self.finish(streaming.convolve(x, self.conv))
        return self.finish(self.conv(x))

    def finish(self, x: Tensor) -> Tensor:
        """What follows the convolution, whose answer may be overwritten."""
        if streaming.streams(x):
            return streaming.normalise_(x, self.norm, SLOPE)
        return F.leaky_relu(self.norm(x), SLOPE, inplace=True)


class Stage(nn.Sequential):
    """Two blocks; the first may halve the size."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__(ConvBlock(in_channels, out_channels, stride), ConvBlock(out_channels, out_channels))


class PlainUNet(nn.Module):
    """Two blocks per stage, strided convolutions down, transposed convolutions up, concatenated skips.

    `widths` are the channels per stage from the top. There are L = len(widths) - 1 decoder levels; level 0 is the top,
    at full size. The uppermost `heads` of them (all by default) have a 1x1x1 head with `outputs` channels.
    """

    def __init__(self, channels: int, outputs: int, widths: tuple[int, ...], heads: int | None = None) -> None:
        super().__init__()
        self.encoder = nn.ModuleList(
            Stage(above, width, stride=2 if level else 1)
            for level, (above, width) in enumerate(pairwise((channels, *widths)))
        )
        self.up = nn.ModuleList(
            nn.ConvTranspose3d(below, above, kernel_size=2, stride=2) for above, below in pairwise(widths)
        )
        self.decoder = nn.ModuleList(Stage(2 * width, width) for width in widths[:-1])
        self.heads = nn.ModuleList(nn.Conv3d(width, outputs, kernel_size=1) for width in widths[:-1][:heads])
        self.apply(_initialise)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Outputs of every level that has a head, from the top: level l is (B, outputs, D/2ˡ, H/2ˡ, W/2ˡ)."""
        return self.outputs(self.first_stage(image))

    def first_stage(self, image: Tensor) -> Tensor:
        """Features (B, widths[0], D, H, W) of `image` (B, channels, D, H, W)."""
        return self.encoder[0](image)

    def outputs(
        self, first: Tensor, levels: int | None = None, at_bottom: Callable[[Tensor], Tensor] | None = None
    ) -> list[Tensor]:
        """Outputs of the uppermost `levels` levels (all that have a head by default) from the first stage's features.

        With `levels=1` no lower head is computed. `at_bottom` may change the features of the lowest stage.
        """
        skips = [first]
        for stage in self.encoder[1:]:
            skips.append(stage(skips[-1]))
        x = skips.pop()
        if at_bottom is not None:
            x = at_bottom(x)
        heads = self.heads[:levels]
        outputs = []
        for level in reversed(range(len(self.decoder))):
            x = self.decoder[level](torch.cat((self.up[level](x), skips.pop()), dim=1))
            if level < len(heads):
                outputs.append(heads[level](x))
        return outputs[::-1]

    def keep_top_head(self) -> None:
        """Let go of the lower heads, which serve training only."""
        self.heads = self.heads[:1]


def _initialise(module: nn.Module) -> None:
    """As nnU-Net does: He's normal distribution for the leaky ReLU, biases zero."""
    if isinstance(module, nn.Conv3d | nn.ConvTranspose3d):
        nn.init.kaiming_normal_(module.weight, a=SLOPE)
        nn.init.zeros_(module.bias)
