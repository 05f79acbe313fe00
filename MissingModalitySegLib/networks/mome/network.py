"""The mixture of modality experts (section 2.2, eq. 1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from ...errors import InputError
from ..configs import require
from ..unet import check_unet_image
from .gating import GatingNetwork
from .plain_unet import PlainUNet
from .single_image import PAPER_WIDTHS, TINY_WIDTHS, SingleImageConfig, SingleImageSegmenter


@dataclass(frozen=True)
class MixtureOfModalityExpertsConfig(SingleImageConfig):
    """Sizes, the number of `experts`, and whether the gate weighs every level or the top only (Table 3).

    Expert i specialises in channel i. The other rows of Table 3, without curriculum and with experts that start at
    random, are the same network with different training.
    """

    experts: int = 5
    hierarchical: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require(1 <= self.experts <= 16, "experts", "a mixture has 1 to 16 experts.")


class MixtureOfModalityExperts(SingleImageSegmenter):
    """N expert U-Nets, each at home in one modality, and a gate that weighs their outputs voxel by voxel.

    The network is not told which modality an image shows. Experts are `experts[i]`, U-Nets that are called alone with
    an image in the first stage of training.
    """

    Config = MixtureOfModalityExpertsConfig
    PRESETS: ClassVar[dict[str, MixtureOfModalityExpertsConfig]] = {
        "paper": MixtureOfModalityExpertsConfig(widths=PAPER_WIDTHS),
        "starter": MixtureOfModalityExpertsConfig(),
        "tiny": MixtureOfModalityExpertsConfig(widths=TINY_WIDTHS),
    }

    def __init__(self, config: MixtureOfModalityExpertsConfig) -> None:
        super().__init__(config)
        self.experts = nn.ModuleList(PlainUNet(1, config.regions, config.widths) for _ in range(config.experts))
        self.gate = GatingNetwork(
            config.experts, config.regions, config.widths, heads=None if config.hierarchical else 1
        )

    def forward_image(self, image: Tensor, levels: bool = False) -> Tensor | ImageLevels:
        """o⁰, the logits (B, R, D, H, W) of images (B, 1, D, H, W); with `levels` what training needs instead.

        Expert after expert is run and only its answer kept: one expert's features are in memory at a time. Of the gate
        and the experts the top level alone is computed.
        """
        check_unet_image(image, self.config.image_shape)
        if levels:
            return ImageLevels(self, image)
        total = self.gate.open(image)
        answers = []
        for i, expert in enumerate(self.experts):
            first = expert.first_stage(image)
            total = self.gate.admit(total, first, i)
            answers += expert.outputs(first, levels=1)
        return aggregate(answers, self.gate.close(total, levels=1)[0])

    def image_logits(self, image: Tensor, modality: Tensor) -> Tensor:
        return self.forward_image(image)


class ImageLevels:
    """The levels of experts and mixture for one batch of images; each part is evaluated when it is asked for, once."""

    def __init__(self, network: MixtureOfModalityExperts, image: Tensor) -> None:
        self._network = network
        self._image = image
        self._first: dict[int, Tensor] = {}
        self._expert: dict[int, list[Tensor]] = {}
        self._mixture: list[Tensor] | None = None

    def expert(self, i: int) -> list[Tensor]:
        """eᵢˡ, the logits (B, R, D/2ˡ, H/2ˡ, W/2ˡ) of expert i alone, for each level l from the top."""
        if i not in self._expert:
            expert = self._network.experts[i]
            self._first[i] = expert.first_stage(self._image)
            self._expert[i] = expert.outputs(self._first[i])
        return self._expert[i]

    def mixture(self) -> list[Tensor]:
        """oˡ (eq. 1) for each level from the top; the top alone where the gate is not hierarchical."""
        if self._mixture is None:
            total = self._network.gate.open(self._image)
            for i in range(len(self._network.experts)):
                self.expert(i)
                total = self._network.gate.admit(total, self._first[i], i)
            answers = [self._expert[i] for i in range(len(self._network.experts))]
            self._mixture = [
                aggregate(level, weights)
                for *level, weights in zip(*answers, self._network.gate.close(total), strict=False)
            ]
        return self._mixture

    def specialist(self, modality: Tensor) -> list[Tensor]:
        """For each sample the levels of the expert of its own modality: Σᵢ 1[X ∈ Mᵢ] eᵢˡ (eq. 2).

        `modality` (B,) holds the channel that each image shows. An expert that has not been run yet sees its own
        samples only. Raises `InputError` for a modality without an expert.
        """
        own = modality.tolist()
        if len(own) != len(self._image) or not all(0 <= i < len(self._network.experts) for i in own):
            raise InputError(
                "no-such-expert",
                f"The modalities {own} do not fit {len(self._image)} images and {len(self._network.experts)} experts.",
                "Give the channel that each image shows; there must be an expert for it.",
            )
        samples, parts = [], []
        for i in sorted(set(own)):
            rows = torch.tensor([b for b, channel in enumerate(own) if channel == i], device=self._image.device)
            samples.append(rows)
            if i in self._expert:
                parts.append([level[rows] for level in self._expert[i]])
            else:
                parts.append(self._network.experts[i](self._image[rows]))
        order = torch.cat(samples).argsort()
        return [torch.cat(level)[order] for level in zip(*parts, strict=True)]


def aggregate(answers: Iterable[Tensor], weights: Tensor) -> Tensor:
    """Eq. 1 at one level: o = Σᵢ eᵢ ⊙ gᵢ of `answers` eᵢ (B, R, …) and `weights` g (B, N, R, …); summed in float32."""
    total = torch.zeros((), device=weights.device)
    for answer, weight in zip(answers, weights.unbind(1), strict=True):
        total = total + answer.float() * weight.float()
    return total
