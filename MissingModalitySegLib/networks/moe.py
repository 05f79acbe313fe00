"""`moe`: the U-Net with mixture-of-experts convolutions (Novosad et al., MICCAI 2024, Fig. 1 C)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from torch import Tensor

from .blocks import PlainConv3d
from .configs import require
from .inputs import check_code
from .moe_layers import MixtureConv3d
from .unet import PAPER_WIDTHS, STARTER_WIDTHS, TINY_WIDTHS, ConditionalUNet, UNetConfig


@dataclass(frozen=True)
class MixtureConfig(UNetConfig):
    """A U-Net's shape, the number of `experts`, the noise on the code, and where the experts are (Table 1)."""

    experts: int = 4
    code_noise: float = 0.2
    moe_stem: bool = True
    moe_encoder: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require(1 <= self.experts <= 64, "experts", "a mixture has from 1 to 64 experts.")
        require(0 <= self.code_noise <= 10, "code_noise", "a standard deviation from 0 to 10 is meant.")
        require(
            self.moe_stem or self.moe_encoder,
            "moe_stem, moe_encoder",
            "without experts in either this is the architecture “unet”.",
        )


class MixtureOfExpertsUNet(ConditionalUNet):
    """The U-Net whose stem and second encoder convolutions mix experts by the code."""

    Config = MixtureConfig
    PRESETS: ClassVar[dict[str, MixtureConfig]] = {
        "paper": MixtureConfig(widths=PAPER_WIDTHS),
        "starter": MixtureConfig(widths=STARTER_WIDTHS),
        "tiny": MixtureConfig(widths=TINY_WIDTHS),
    }

    def __init__(self, config: MixtureConfig) -> None:
        mixture = partial(
            MixtureConv3d, modalities=config.channels, experts=config.experts, code_noise=config.code_noise
        )
        stem = mixture if config.moe_stem else PlainConv3d
        super().__init__(
            config, stem(config.channels, config.widths[0]), mixture if config.moe_encoder else PlainConv3d
        )

    def gates(self, code: Tensor) -> dict[str, Tensor]:
        """φˡ(m), free of noise, for `code` (M, K): a tensor (M, N) per layer, from stem to bottom.

        For the regulariser (eq. 4, with all codes) and for figures of which expert serves which code.
        """
        check_code(code, len(code), self.config.channels)
        return {name: module.gates(code) for name, module in self.named_modules() if isinstance(module, MixtureConv3d)}
