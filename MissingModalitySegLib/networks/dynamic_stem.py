"""`dynamic_stem`: the U-Net with the dynamic first layer of ModDrop++, a baseline of Novosad et al. (Table 1).

Liu et al., "ModDrop++: a dynamic filter network with intra-subject co-training for multiple sclerosis lesion
segmentation with missing modalities" (MICCAI 2022). Their *dynamic head* scales the filters of the first convolution by
factors that a small network computes from the modality code; the rest of the network is shared. Their co-training loss
is not part of the baseline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from .blocks import PlainConv3d
from .conditional import ConditionalConv3d
from .configs import require
from .unet import PAPER_WIDTHS, STARTER_WIDTHS, TINY_WIDTHS, ConditionalUNet, UNetConfig


class ScaledConv3d(ConditionalConv3d):
    """A convolution with one factor per pair of output and input channel, W(m) = (1 + s(m)) ⊙ W.

    D: s is a perceptron with one hidden layer; the 1 lets training start close to a plain convolution; the bias is
    shared by all codes.
    """

    def __init__(self, in_channels: int, out_channels: int, *, hidden: int) -> None:
        super().__init__()
        base = PlainConv3d(in_channels, out_channels)
        self.weight, self.bias = base.weight, base.bias
        self.controller = nn.Sequential(
            nn.Linear(in_channels, hidden), nn.ReLU(), nn.Linear(hidden, out_channels * in_channels)
        )

    def kernels(self, code: Tensor) -> tuple[Tensor, Tensor]:
        scale = 1 + self.controller(code.to(self.weight.dtype))
        scale = scale.reshape(-1, *self.weight.shape[:2], 1, 1, 1)  # B out in 1 1 1
        return scale * self.weight, self.bias.expand(len(code), -1)


@dataclass(frozen=True)
class DynamicStemConfig(UNetConfig):
    """A U-Net's shape and the width of the `hidden` layer between code and factors."""

    hidden: int = 64

    def __post_init__(self) -> None:
        super().__post_init__()
        require(1 <= self.hidden <= 4096, "hidden", "the layer between code and factors has from 1 to 4096 units.")


class DynamicStemUNet(ConditionalUNet):
    """The U-Net whose stem is scaled by the code; input channels and modalities are the same thing there."""

    Config = DynamicStemConfig
    PRESETS: ClassVar[dict[str, DynamicStemConfig]] = {
        "paper": DynamicStemConfig(widths=PAPER_WIDTHS),
        "starter": DynamicStemConfig(widths=STARTER_WIDTHS),
        "tiny": DynamicStemConfig(widths=TINY_WIDTHS, hidden=8),
    }

    def __init__(self, config: DynamicStemConfig) -> None:
        stem = ScaledConv3d(config.channels, config.widths[0], hidden=config.hidden)
        super().__init__(config, stem, PlainConv3d)
