"""The common contract for networks that see one image at a time: run per available modality, then fuse."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ..configs import require
from ..inputs import check_code
from ..unet import UNetConfig, check_unet_image
from .fusion import Activation, Fusion, Method, fuse
from .plain_unet import PlainUNet

PAPER_WIDTHS = (32, 64, 128, 256, 320, 320)
"""nnU-Net's full-resolution 3D configuration."""

STARTER_WIDTHS = (8, 16, 32, 64)
"""D: six U-Nets small enough to ship and for a laptop without a GPU."""

TINY_WIDTHS = (2, 3, 4)
"""D: for tests."""


@dataclass(frozen=True)
class SingleImageConfig:
    """Sizes of a network for single images, and how a case with several is answered.

    `channels` are the modalities of the common contract; the network itself takes one. `regions` are independent with
    the activation `sigmoid` (the product's three), exclusive classes with `softmax` (the paper's two: background and
    lesion). `fusion` and `reliabilities` as in `fusion.Fusion`.
    """

    channels: int = 5
    regions: int = 3
    activation: Activation = "sigmoid"
    widths: tuple[int, ...] = STARTER_WIDTHS
    fusion: Method = "mean"
    reliabilities: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        self.image_shape  # noqa: B018 (checks the values)
        require(self.activation == "sigmoid" or self.regions >= 2, "regions", "softmax needs two classes or more.")
        Fusion(self.fusion, self.reliabilities)
        require(
            len(self.reliabilities) in (0, self.channels), "reliabilities", "give one weight per modality, or none."
        )

    @property
    def image_shape(self) -> UNetConfig:
        """The shape of a U-Net for one image."""
        require(1 <= self.channels <= 16, "channels", "from 1 to 16 modalities can be used.")
        return UNetConfig(1, self.regions, self.widths)

    @property
    def multiple(self) -> int:
        """What the spatial sizes of an image must be divisible by."""
        return self.image_shape.multiple


class SingleImageSegmenter(nn.Module):
    """A network for images of one modality, made to answer for any subset of modalities.

    A subclass gives `image_logits`. `fusion` may be replaced at any time and is part of the configuration, so that what
    was measured on validation data is written into a bundle.
    """

    def __init__(self, config: SingleImageConfig) -> None:
        super().__init__()
        self.config = config

    @property
    def fusion(self) -> Fusion:
        """How the maps of a case are joined; setting one whose weights do not fit raises `InputError`."""
        return Fusion(self.config.fusion, self.config.reliabilities)

    @fusion.setter
    def fusion(self, fusion: Fusion) -> None:
        self.config = replace(self.config, fusion=fusion.method, reliabilities=fusion.weights)

    @property
    def multiple(self) -> int:
        """What the spatial sizes of an image must be divisible by."""
        return self.config.multiple

    def image_logits(self, image: Tensor, modality: Tensor) -> Tensor:
        """Logits (P, R, D, H, W) of the images (P, 1, D, H, W), which show the channels `modality` (P,)."""
        raise NotImplementedError

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """Logits (B, R, D, H, W) of `x` (B, K, D, H, W), of which `code` (B, K) says what is there.

        All available images of all samples go through the network as one batch; then each sample's maps are fused.
        The channels of missing modalities are not read. Raises `InputError` for a wrong number of channels, sizes that
        `multiple` does not divide, or a bad code.
        """
        self._check(x, code)
        shares = [self.fusion.shares(row.nonzero().flatten().tolist()) for row in code]
        sample = torch.tensor([b for b, row in enumerate(shares) for _ in row], device=x.device)
        modality = torch.tensor([channel for row in shares for channel in row], device=x.device)
        maps = self.image_logits(x[sample, modality].unsqueeze(1), modality).split([len(row) for row in shares])
        method, activation = self.fusion.method, self.config.activation
        return torch.stack(
            [fuse(own, list(row.values()), method, activation) for own, row in zip(maps, shares, strict=True)]
        )

    def per_modality(self, x: Tensor, code: Tensor) -> Tensor:
        """Probabilities (B, K, R, D, H, W) from each modality alone, for review; NaN where one is missing."""
        self._check(x, code)
        sample, modality = code.nonzero(as_tuple=True)
        logits = self.image_logits(x[sample, modality].unsqueeze(1), modality).float()
        maps = logits.new_full((*code.shape, *logits.shape[1:]), torch.nan)
        maps[sample, modality] = logits.sigmoid() if self.config.activation == "sigmoid" else logits.softmax(1)
        return maps

    @torch.no_grad()
    def fold(self, code: Tensor) -> FoldedSingleImageSegmenter:
        """This network for one `code` (K,), in evaluation mode, with weights of its own and the top heads only.

        Image after image goes through it, so that memory does not grow with the number of modalities.
        """
        check_code(code[None], 1, self.config.channels)
        network = copy.deepcopy(self)
        for module in network.modules():
            if isinstance(module, PlainUNet):
                module.keep_top_head()
        return FoldedSingleImageSegmenter(network, code.nonzero().flatten().tolist())

    def _check(self, x: Tensor, code: Tensor) -> None:
        check_unet_image(x, self.config)
        check_code(code, len(x), self.config.channels)


class FoldedSingleImageSegmenter(nn.Module):
    """A network for the `available` channels only, called with the image of all of them."""

    def __init__(self, network: SingleImageSegmenter, available: list[int]) -> None:
        super().__init__()
        self.config = network.config
        self.network = network
        self.available = tuple(available)
        self.shares = network.fusion.shares(available)
        self.requires_grad_(False).eval()

    @property
    def multiple(self) -> int:
        """What the spatial sizes of an image must be divisible by."""
        return self.config.multiple

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, R, D, H, W) of `x` (B, K, D, H, W); the channels of missing modalities are not read."""
        maps = self.maps(x, tuple(self.shares))
        return fuse(maps, list(self.shares.values()), self.network.fusion.method, self.config.activation)

    def maps(self, x: Tensor, channels: tuple[int, ...] | None = None) -> Iterator[Tensor]:
        """Logits (B, R, D, H, W) from each of `channels` alone (all that are available by default), one by one."""
        check_unet_image(x, self.config)
        for channel in self.available if channels is None else channels:
            modality = torch.full((len(x),), channel)  # on the CPU, where whoever reads it need not wait for a GPU
            yield self.network.image_logits(x[:, channel : channel + 1], modality)
