"""What the U-Net is built from: the residual block of Fig. 1 B and the layers around it.

Figure and equation numbers are those of Novosad et al., "A task-conditional mixture-of-experts model for missing
modality segmentation" (MICCAI 2024).
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from . import streaming


class PlainConv3d(nn.Conv3d):
    """A 3x3x3 convolution that is handed the code and does not look at it.

    Plain and code-dependent convolutions (`conditional.ConditionalConv3d`) are thus called alike, and one U-Net serves
    both.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, kernel_size=3, padding=1)

    def forward(self, x: Tensor, code: Tensor | None = None) -> Tensor:
        return streaming.convolve(x, self) if streaming.streams(x) else super().forward(x)


def instance_norm(channels: int) -> nn.GroupNorm:
    """Instance normalisation with scale and shift, as a group norm with one channel per group.

    The same function as `nn.InstanceNorm3d`, two to four times faster on a CPU in channels-last layout.
    Deviation: the paper does not name its normalisation; this one works at any batch size.
    """
    return nn.GroupNorm(channels, channels)


class ResidualBlock(nn.Module):
    """Pre-activation residual block (Fig. 1 B): x + second(ReLU(norm(first(ReLU(norm(x)))))).

    `second` may depend on the code (Fig. 1 C). Where the number of channels changes, which happens after the
    concatenation in the decoder only, the identity becomes a 1x1x1 convolution.
    """

    def __init__(self, first: PlainConv3d, second: nn.Module) -> None:
        super().__init__()
        in_channels, out_channels = first.in_channels, first.out_channels
        self.first_norm = instance_norm(in_channels)
        self.first = first
        self.second_norm = instance_norm(out_channels)
        self.second = second
        self.shortcut = nn.Identity() if in_channels == out_channels else nn.Conv3d(in_channels, out_channels, 1)

    def forward(self, x: Tensor, code: Tensor | None) -> Tensor:
        if streaming.streams(x) and isinstance(self.second, nn.Conv3d):
            return self._streamed(x)
        h = self.first(F.relu(self.first_norm(x), inplace=True))
        h = self.second(F.relu(self.second_norm(h), inplace=True), code)
        return h + self.shortcut(x)

    def _streamed(self, x: Tensor) -> Tensor:
        """The same slab by slab; an `x` that is kept as identity is overwritten."""
        h = streaming.convolve(x, self.first, self.first_norm, slope=0)
        same = isinstance(self.shortcut, nn.Identity)
        return streaming.convolve(
            h,
            self.second,
            self.second_norm,
            slope=0,
            plus=lambda part: self.shortcut(x[:, :, part]),
            into=x if same else None,
        )


def norm_relu_convolution(x: Tensor, norm: nn.Module, convolution: nn.Conv3d) -> Tensor:
    """convolution(ReLU(norm(x)))."""
    if streaming.streams(x):
        return streaming.convolve(x, convolution, norm, slope=0)
    return convolution(F.relu(norm(x), inplace=True))


class Downsample(nn.Sequential):
    """Half the size: a 3x3x3 convolution with stride 2, normalised.

    Deviation: the paper names no norm here. Without one nothing bounds what runs past the residual blocks: its scale
    multiplies from level to level (to 10⁹ within 5,000 steps, measured), beside which the blocks' own part is lost, and
    what is left of the network is linear.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            nn.Conv3d(in_channels, out_channels, kernel_size=3, stride=2, padding=1), instance_norm(out_channels)
        )


class Upsample(nn.Sequential):
    """Twice the size: a transposed 3x3x3 convolution with stride 2 of what was normalised and rectified.

    Deviation: norm and ReLU come before it as before every convolution of the blocks, for the reason of `Downsample`.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            instance_norm(in_channels),
            nn.ReLU(inplace=True),
            nn.ConvTranspose3d(in_channels, out_channels, kernel_size=3, stride=2, padding=1, output_padding=1),
        )
