"""All sequences from any of them: a straight line through those that are there, and what a network adds to it.

Not from the papers. Normalised sequences foretell each other largely voxel by voxel; a U-Net alone spends its training
on finding that out, and blurs what it passes on.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from .inputs import mask_channels
from .universal.autoencoder import AutoencoderConfig, FoldedAutoencoder, MaskedAutoencoder

UNSHARED = 0.05
"""Variance that no sequence shares with another; it keeps the equations solvable."""


class Synthesiser(nn.Module):
    """`ConditionalMean` plus a masked autoencoder, which is left with what is not linear or not in the same voxel."""

    Config = AutoencoderConfig
    PRESETS: ClassVar[dict[str, AutoencoderConfig]] = MaskedAutoencoder.PRESETS

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        self.line = ConditionalMean(config.channels)
        self.autoencoder = MaskedAutoencoder(config)

    @property
    def multiple(self) -> int:
        """What the spatial sizes of an image must be divisible by."""
        return self.config.multiple

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """All sequences (B, M, D, H, W) from those of `x` (same shape) that `code` (B, M) marks.

        Raises InputError if a shape or the code does not fit.
        """
        beyond = self.autoencoder(x, code)
        return beyond + mixed(mask_channels(x, code), self.line(code))

    def fold(self, code: Tensor) -> FoldedSynthesiser:
        """The synthesiser for one code (M,), in evaluation mode: x (B, M, D, H, W) to what `forward` gives."""
        return FoldedSynthesiser(self.autoencoder.fold(code), self.line(code[None])[0].detach())


class FoldedSynthesiser(nn.Module):
    """`Synthesiser` for one code; the missing channels are not even read."""

    def __init__(self, autoencoder: FoldedAutoencoder, weights: Tensor) -> None:
        super().__init__()
        self.config = autoencoder.config
        self.autoencoder = autoencoder
        self.register_buffer("weights", weights[:, autoencoder.available], persistent=False)
        self.eval()

    @property
    def multiple(self) -> int:
        """What the spatial sizes of an image must be divisible by."""
        return self.config.multiple

    def forward(self, x: Tensor) -> Tensor:
        beyond = self.autoencoder(x)
        return beyond + mixed(x[:, self.autoencoder.available], self.weights.expand(len(x), -1, -1)).to(beyond)


class ConditionalMean(nn.Module):
    """E[all sequences | those that are there] of a Gaussian with mean zero, whose covariance is learnt.

    Σ = L Lᵀ + `UNSHARED` I gives the weights of every code: W = Σ C (C Σ C + I - C)⁻¹ with C = diag(code), which copies
    what is there. It begins with sequences that say nothing of each other.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.eye(channels))

    def forward(self, code: Tensor) -> Tensor:
        """W of every row of `code` (B, M), (B, M, M): a row for each sequence that is wanted."""
        with torch.autocast(code.device.type, enabled=False):
            factor = self.factor.float()
            there = torch.diag_embed(code.to(factor))
            identity = torch.eye(len(factor), device=factor.device)
            shared = (factor @ factor.T + UNSHARED * identity).expand(len(code), -1, -1)
            return torch.linalg.solve(there @ shared @ there + identity - there, shared @ there, left=False)


def mixed(x: Tensor, weights: Tensor) -> Tensor:
    """The channels of `x` (B, K, …) mixed by `weights` (B, M, K) to M."""
    return torch.bmm(weights.to(x), x.flatten(2)).unflatten(2, x.shape[2:])
