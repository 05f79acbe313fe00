"""What the methods for networks that see one image of one modality share: which image, and which numbers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.networks.mome.single_image import SingleImageSegmenter

from ..data.batch import Batch

NNUNET_LOOP = {
    "optimiser": "sgd",  # Nesterov, momentum 0.99
    "schedule": "poly",
    "learning_rate": 1e-2,
    "weight_decay": 3e-5,
    "clip_norm": 12.0,
}
"""“All the hyperparameters follow the default setting in nnU-Net” (section 2.3)."""


def draw_modalities(available: Tensor, generator: torch.Generator) -> Tensor:
    """For each row of `available` (B, K), one of the channels it has, all equally likely; (B,) of whole numbers."""
    drawn = []
    for has in available.bool().cpu():
        channels = has.nonzero().flatten()
        drawn.append(channels[torch.randint(len(channels), (), generator=generator)])
    return torch.stack(drawn).to(available.device)


def image_of(batch: Batch, modality: Tensor) -> Tensor:
    """The image (B, 1, X, Y, Z) of each sample that shows its `modality` (B,)."""
    return batch.image[torch.arange(len(batch), device=modality.device), modality].unsqueeze(1)


def check_network(network: nn.Module, kind: type[SingleImageSegmenter]) -> None:
    """Raise `InputError` unless the configured network is a `kind`."""
    if not isinstance(network, kind):
        raise InputError(
            "network-does-not-fit",
            f"network.architecture gives a {type(network).__name__}; the method trains a {kind.__name__}.",
            "Leave the architecture to the method's own configuration.",
        )
