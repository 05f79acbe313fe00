"""Pre-training of the masked autoencoder φ (paper “all-stage missing modality”, section 3.1): eq. 1, then eq. 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from MissingModalitySegLib.networks.configs import require
from MissingModalitySegLib.networks.universal.autoencoder import MaskedAutoencoder
from MissingModalitySegLib.networks.universal.masking import mask_tokens

from ..data.batch import Batch
from ..losses.reconstruction import distribution_approximation_loss, reconstruction_loss
from .supervision import truth_for


@dataclass(frozen=True)
class Masking:
    """MASK(·): as in `networks.universal.masking`, whose defaults these are."""

    most_dropped: int = 3
    keep: float = 0.125
    token: int = 16

    def __post_init__(self) -> None:
        require(self.most_dropped >= 0, "most_dropped", "it cannot be negative.")
        require(0 < self.keep <= 1, "keep", f"{self.keep} is not a fraction in (0, 1].")
        require(self.token >= 1, "token", "a token has at least one voxel.")


class MaskedReconstruction:
    """Stage 1, eq. 1: from what MASK leaves to all modalities, compared where a sample has them."""

    def __init__(self, network: MaskedAutoencoder, masking: Masking) -> None:
        self.network = network
        self.masking = masking

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> Mapping[str, Tensor]:
        return {"loss": reconstruction_loss(self.reconstruct(batch, generator), batch.image, batch.code)}

    def reconstruct(self, batch: Batch, generator: torch.Generator) -> Tensor:
        """φ(MASK(x)), all modalities."""
        shown = mask_tokens(
            batch.image,
            batch.code,
            generator,
            most_dropped=self.masking.most_dropped,
            keep=self.masking.keep,
            token=self.masking.token,
        )
        return self.network(shown.image, shown.code)


class DistributionApproximation(MaskedReconstruction):
    """Stage 2, eq. 3: L_rec + λ·L_seg(f(φ(MASK x)), y).

    The frozen `segmenter` f sees every channel of the reconstruction with the code of all ones, and so teaches φ also
    the modalities that a sample lacks.
    """

    def __init__(
        self,
        network: MaskedAutoencoder,
        masking: Masking,
        segmenter: nn.Module,
        segmentation_weight: float = 0.1,
        dice_of_empty: bool = False,
        cross_entropy: bool = True,
    ) -> None:
        super().__init__(network, masking)
        self.segmenter = segmenter
        self.segmentation_weight = segmentation_weight
        self.dice_of_empty = dice_of_empty
        self.cross_entropy = cross_entropy

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> Mapping[str, Tensor]:
        truth = truth_for(self.segmenter, batch, dice_of_empty=self.dice_of_empty, cross_entropy=self.cross_entropy)
        reconstructed = self.reconstruct(batch, generator)
        reconstruction = reconstruction_loss(reconstructed, batch.image, batch.code)
        segmentation = truth.compare(self.segmenter(reconstructed, torch.ones_like(batch.code)))
        loss = distribution_approximation_loss(reconstruction, segmentation, self.segmentation_weight)
        return {"loss": loss, "reconstruction": reconstruction, "segmentation": segmentation}
