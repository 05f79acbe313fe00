"""f: the segmentation network, with a static head or with one from the hyper-network."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from ...errors import InputError
from ..configs import require
from ..inputs import check_code, mask_channels
from ..unet import STARTER_WIDTHS, check_unet_image
from .autoencoder import MaskedAutoencoder
from .backbone import STARTER_BLOCKS, Backbone, BackboneShape, NormReluConv, available_channels
from .hyper_network import HyperHead


@dataclass(frozen=True)
class UniversalConfig:
    """Sizes of the backbone (group norm takes the most groups up to `groups` that divide a width), and the head."""

    channels: int = 5
    regions: int = 3
    widths: tuple[int, ...] = (16, 32, 64, 128)
    blocks: tuple[int, ...] = (1, 2, 2, 4)
    groups: int = 8
    head: Literal["static", "hyper"] = "hyper"
    prompt_encoder: Literal["clip", "minilm", "binary"] = "clip"

    def __post_init__(self) -> None:
        self.backbone_shape  # noqa: B018 (checks the values)
        require(1 <= self.regions <= 256, "regions", "from 1 to 256 regions can be segmented.")

    @property
    def backbone_shape(self) -> BackboneShape:
        return BackboneShape(self.channels, self.widths, self.blocks, self.groups)

    @property
    def multiple(self) -> int:
        """What the spatial sizes of an image must be divisible by."""
        return self.backbone_shape.multiple

    @property
    def prompt_size(self) -> int:
        """D_text, the length of a prompt embedding."""
        return {"clip": 512, "minilm": 384, "binary": self.channels}[self.prompt_encoder]


class UniversalSegmenter(nn.Module):
    """Segment from any subset of the modalities.

    `head: hyper` is the paper's network, `head: static` the M3AE baseline (a 1x1x1 convolution). The rows “without
    distribution approximation” or “without co-distillation” are no other network: they differ in training alone.

    The frozen text encoder only ever sees 2^K - 1 prompts, so their embeddings are a buffer of the network
    (`prompt_table`, one row per code in the order of bit masks); it is saved with the weights, and no text encoder is
    needed to run. With the encoder `binary` the table holds the codes themselves.
    """

    Config = UniversalConfig
    PRESETS: ClassVar[dict[str, UniversalConfig]] = {
        "paper": UniversalConfig(),
        "starter": UniversalConfig(widths=STARTER_WIDTHS, blocks=STARTER_BLOCKS, prompt_encoder="minilm"),
        "tiny": UniversalConfig(widths=(4, 8, 8), blocks=(1, 1, 1), groups=2, prompt_encoder="binary"),
    }

    def __init__(self, config: UniversalConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = Backbone(config.backbone_shape)
        first, last = config.widths[0], config.widths[-1]
        if config.head == "static":
            self.head = NormReluConv(first, config.regions, 1, config.groups)
        else:
            self.head = HyperHead(config.prompt_size, last, first, config.regions, config.groups)
            self.register_buffer("prompt_table", torch.zeros(2**config.channels - 1, config.prompt_size))
            if config.prompt_encoder == "binary":
                masks = torch.arange(1, 2**config.channels)
                self.set_prompt_table((masks[:, None] >> torch.arange(config.channels) & 1).float())

    @property
    def multiple(self) -> int:
        """What the spatial sizes of an image must be divisible by."""
        return self.config.multiple

    def forward(self, x: Tensor, code: Tensor, prompt_code: Tensor | None = None) -> Tensor:
        """Logits (B, R, D, H, W) of `x` (B, K, D, H, W) with the modalities that `code` (B, K) marks.

        `prompt_code` (B, K) goes to the hyper-network instead of `code`: all ones lock a hyper-teacher in full modality
        mode (section 3.3). Raises InputError if a shape or a code does not fit, or if there is no prompt table yet.
        """
        return self.predict_with_features(x, code, prompt_code)[0]

    def features(self, x: Tensor, code: Tensor) -> list[Tensor]:
        """f_l of eq. 4: the encoder's features, finest first."""
        check_unet_image(x, self.config)
        check_code(code, len(x), self.config.channels)
        return self.backbone.encode(mask_channels(x, code))

    def predict_with_features(
        self, x: Tensor, code: Tensor, prompt_code: Tensor | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """What `forward` and `features` give, in one pass: what distillation needs."""
        features = self.features(x, code)
        decoded = self.backbone.decode(features)
        if self.config.head == "static":
            return self.head(decoded), features
        if prompt_code is None:
            prompt_code = code
        else:
            check_code(prompt_code, len(x), self.config.channels)
        return self.head(self._prompts(prompt_code), features[-1], decoded), features

    def fold(self, code: Tensor) -> FoldedUniversalSegmenter:
        """The network for one code (K,), in evaluation mode: missing channels gone, the prompt's share computed."""
        check_code(code[None], 1, self.config.channels)
        if self.config.head == "static":
            head = copy.deepcopy(self.head)
        else:
            head = self.head.fold(self._prompts(code[None])[0])
        return FoldedUniversalSegmenter(self, available_channels(code), head)

    def set_prompt_table(self, table: Tensor) -> None:
        """Store the embeddings (2^K - 1, D_text) of all prompts, in the order of the codes' bit masks."""
        if self.config.head != "hyper":
            raise InputError("no-hyper-network", "A network with a static head has no use for a prompt table.")
        if table.shape != self.prompt_table.shape:
            raise InputError(
                "wrong-prompt-table",
                f"The prompt table has shape {tuple(table.shape)}; the network needs {tuple(self.prompt_table.shape)}: "
                f"one row per code, made by the encoder “{self.config.prompt_encoder}”.",
                "Make it with `python -m MissingModalitySegTraining.prompts` for the same modalities and encoder.",
            )
        values_are_there = not table.is_meta  # a network that is only drawn, without memory, has none
        if values_are_there and (not bool(torch.isfinite(table).all()) or bool((table == 0).all(dim=1).any())):
            raise InputError("wrong-prompt-table", "The prompt table has rows that are all zero or not finite.")
        with torch.no_grad():
            self.prompt_table.copy_(table)

    def initialise_from(self, autoencoder: MaskedAutoencoder) -> None:
        """Copy the backbone of a pre-trained autoencoder; the head stays as it is."""
        mine, theirs = self.config.backbone_shape, autoencoder.config.backbone_shape
        if mine != theirs:
            raise InputError(
                "backbones-differ",
                f"The autoencoder's backbone is {theirs}, the segmentation network's {mine}.",
                "Give both the same modalities, widths, blocks and groups.",
            )
        self.backbone.load_state_dict(autoencoder.backbone.state_dict())

    def _prompts(self, code: Tensor) -> Tensor:
        """Rows of the prompt table (B, D_text) for codes (B, K)."""
        device = self.prompt_table.device
        powers = 2 ** torch.arange(self.config.channels, device=device)
        prompts = self.prompt_table[(code.to(device, torch.int64) * powers).sum(1) - 1]
        if not bool(prompts.any(dim=1).all()):
            raise InputError(
                "no-prompt-table",
                "The network has a hyper-network but no prompt table.",
                "Call set_prompt_table, or load weights that hold one.",
            )
        return prompts


class FoldedUniversalSegmenter(nn.Module):
    """`UniversalSegmenter` for one code."""

    def __init__(self, network: UniversalSegmenter, available: Tensor, head: nn.Module) -> None:
        super().__init__()
        self.config = network.config
        self.register_buffer("available", available.to(network.backbone.stem.weight.device), persistent=False)
        self.backbone = network.backbone.fold(available)
        self.head = head
        self.requires_grad_(False).eval()

    @property
    def multiple(self) -> int:
        """What the spatial sizes of an image must be divisible by."""
        return self.config.multiple

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, R, D, H, W) of x (B, K, D, H, W); channels that the code misses are not read."""
        check_unet_image(x, self.config)
        features = self.backbone.encode(x[:, self.available])
        decoded = self.backbone.decode(features)
        return self.head(decoded) if self.config.head == "static" else self.head(features[-1], decoded)
