"""The sequences that were not acquired, as a masked autoencoder imagines them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .model import Model
from .predict import Inference, Precision, network_output

if TYPE_CHECKING:
    from .prepare import Prepared


@torch.inference_mode()
def synthesise(
    synthesiser: Model, prepared: Prepared, inference: Inference = "whole", precision: Precision = "auto"
) -> Tensor:
    """Every modality (K, X, Y, Z) from those of `prepared`, on the scale of the model's normalisation; zero off brain.

    Available modalities come back as the network reconstructs them: show the real ones. One pass by default, whatever
    the normalisation: windows that are scaled each for itself would be joined on scales that differ, and a missing
    channel has no statistics to undo that.
    """
    output = network_output(synthesiser, prepared.channels, prepared.brain, prepared.code, inference, precision)
    return torch.where(prepared.brain, output, output.new_zeros(()))
