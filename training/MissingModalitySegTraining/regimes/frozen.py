"""Networks that help to train another and are not trained themselves."""

from __future__ import annotations

import copy

from torch import nn


def copy_of(network: nn.Module) -> nn.Module:
    """A copy to train further, all of it; `network` stays as it is."""
    return copy.deepcopy(network).requires_grad_(True).train()


def frozen(network: nn.Module) -> nn.Module:
    """A copy in evaluation mode whose parameters take no gradient; a gradient still flows through it to its input."""
    return copy.deepcopy(network).requires_grad_(False).eval()
