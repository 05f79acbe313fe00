"""Averaging weights over the last steps: what is validated, exported and shipped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class ExponentialAverage:
    """w̄ ← d·w̄ + (1-d)·w with d = min(decay, (1+n)/(10+n)) at the n-th update, so that early weights are forgotten.

    Everything floating in the state is averaged; the rest (counters, tables) is copied.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._decay = decay
        self._updates = 0
        self._state = {name: value.detach().clone() for name, value in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        self._updates += 1
        keep = min(self._decay, (1 + self._updates) / (10 + self._updates))
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                self._state[name].lerp_(value, 1 - keep)
            else:
                self._state[name].copy_(value)

    def copy_to(self, network: nn.Module) -> None:
        network.load_state_dict(self._state)

    @contextmanager
    def used_by(self, network: nn.Module) -> Iterator[nn.Module]:
        """`network` with averaged weights, in evaluation mode; as it was afterwards."""
        kept = {name: value.detach().clone() for name, value in network.state_dict().items()}
        training = network.training
        self.copy_to(network)
        network.eval()
        try:
            yield network
        finally:
            network.load_state_dict(kept)
            network.train(training)

    def state_dict(self) -> dict[str, Tensor | int]:
        return {"updates": self._updates, "state": self._state}

    def load_state_dict(self, content: dict) -> None:
        self._updates = content["updates"]
        for name, value in content["state"].items():
            self._state[name].copy_(value)
