"""Modality dropout: one network for all codes, trained on random subsets of what each sample has.

The baseline of Novosad et al. (MICCAI 2024), eq. 2; with `full_view` their eq. 5, in which every sample is also seen
with all its modalities.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ..data.batch import Batch
from ..losses.segmentation import region_loss
from .codes import draw_codes


class ModalityDropout:
    """Trains a segmentation network that keeps the contract of `MissingModalitySegLib.networks`."""

    def __init__(self, network: nn.Module, full_view: bool = True, dice_of_empty: bool = True) -> None:
        """`dice_of_empty` as in `losses.segmentation.region_loss`."""
        self.network = network
        self.full_view = full_view
        self.dice_of_empty = dice_of_empty

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> Mapping[str, Tensor]:
        code = draw_codes(batch.code, generator)
        parts = {"dropped": self._loss(batch, code)}
        if self.full_view:
            parts["full"] = self._loss(batch, batch.code)
        return {"loss": sum(parts.values()), **parts}

    def _loss(self, batch: Batch, code: Tensor) -> Tensor:
        logits = self.network(batch.image, code)
        return region_loss(logits, batch.regions, region_weights=batch.scored, dice_of_empty=self.dice_of_empty)
