"""The optimisers that the papers use."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from .settings import LoopSettings

MOMENTUM = 0.99
"""nnU-Net's, with Nesterov's look ahead."""


def build_optimiser(parameters: Iterable[nn.Parameter], settings: LoopSettings) -> torch.optim.Optimizer:
    """AdamW decays weights apart from the gradient; Adam and SGD add the decay to it, as an L2 penalty would."""
    options = {"lr": settings.learning_rate, "weight_decay": settings.weight_decay}
    if settings.optimiser == "sgd":
        return torch.optim.SGD(parameters, momentum=MOMENTUM, nesterov=True, **options)
    kind = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[settings.optimiser]
    return kind(parameters, **options)
