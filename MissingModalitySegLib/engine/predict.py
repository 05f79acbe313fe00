"""Region probabilities for a prepared study, and the labels they mean."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..labels import LabelScheme
from .prepare import Prepared


@torch.inference_mode()
def predict(network: nn.Module, prepared: Prepared) -> Tensor:
    """Probabilities (R, X, Y, Z) in one pass over the brain, zero outside it.

    `network` is a segmentation network that keeps the contract of `networks`; it is folded for the study's code.
    """
    device = next(network.parameters()).device
    folded = network.eval().fold(torch.tensor(prepared.code.vector, dtype=torch.float32, device=device))
    logits = folded(prepared.channels.unsqueeze(0).to(device))[0].float().cpu()
    return torch.where(prepared.brain, logits.sigmoid(), logits.new_zeros(()))


def labels_from(probabilities: Tensor, scheme: LabelScheme, threshold: float = 0.5) -> Tensor:
    """The label map (X, Y, Z) of region probabilities (R, X, Y, Z), with regions in the order of `scheme`."""
    bits = sum((probabilities[i] > threshold).to(torch.int64) << i for i in range(len(scheme.regions)))
    return torch.tensor(scheme.lookup, dtype=torch.uint8)[bits]
