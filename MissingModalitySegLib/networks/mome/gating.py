"""The hierarchical gating network (section 2.2): who is listened to, voxel by voxel and level by level."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from .plain_unet import PlainUNet


class GatingNetwork(nn.Module):
    """A U-Net like the experts whose input is the image ⊕ the first-stage features of all N experts, 1 + N·C channels.

    Its outputs are raw weights, N·R per level: no softmax across experts. The concatenation is never made. A
    convolution is linear in its input, so the first one is a sum over parts of its weight,
    W * (X ⊕ f₁ ⊕ … ⊕ f_N) = W₀ * X + Σᵢ Wᵢ * fᵢ, to which each expert's features are admitted as they come
    (`open`, `admit`, `close`). The state holds the one weight W.

    D: the heads start with bias 1/N and small weights, so that the mixture starts near the mean of its experts.
    """

    def __init__(self, experts: int, regions: int, widths: tuple[int, ...], heads: int | None = None) -> None:
        super().__init__()
        self.experts = experts
        self.regions = regions
        self.width = widths[0]
        self.unet = PlainUNet(1 + experts * self.width, experts * regions, widths, heads)
        for head in self.unet.heads:
            nn.init.constant_(head.bias, 1 / experts)
            nn.init.normal_(head.weight, std=0.01)

    def open(self, image: Tensor) -> Tensor:
        """The share of `image` (B, 1, D, H, W) in the first convolution, bias included: (B, C, D, H, W)."""
        conv = self._first_block.conv
        return F.conv3d(image, conv.weight[:, :1], conv.bias, padding=1)

    def admit(self, total: Tensor, features: Tensor, expert: int) -> Tensor:
        """`total`, changed in place, with the share of the first-stage `features` (B, C, D, H, W) of one expert."""
        start = 1 + expert * self.width
        return total.add_(F.conv3d(features, self._first_block.conv.weight[:, start : start + self.width], padding=1))

    def close(self, total: Tensor, levels: int | None = None) -> list[Tensor]:
        """gˡ of the uppermost `levels` levels (B, N, R, D/2ˡ, H/2ˡ, W/2ˡ), when all experts are admitted."""
        first = self.unet.encoder[0][1](self._first_block.finish(total))
        return [weights.unflatten(1, (self.experts, self.regions)) for weights in self.unet.outputs(first, levels)]

    @property
    def _first_block(self) -> nn.Module:
        return self.unet.encoder[0][0]
