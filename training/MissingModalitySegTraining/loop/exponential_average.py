"""Averaging weights over the last steps: what is validated, exported and shipped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


class ExponentialAverage:
    """w̄ ← d·w̄ + (1-d)·w with d = min(decay, (1+n)/(10+n)) at the n-th update, so that early weights are forgotten.

    Parameters are averaged; buffers (counters, tables, running statistics) are copied.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._decay = decay
        self._updates = 0
        self._averaged = {name for name, _ in network.named_parameters(remove_duplicate=False)}
        self._state = {name: value.detach().clone() for name, value in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        self._updates += 1
        keep = min(self._decay, (1 + self._updates) / (10 + self._updates))
        for name, value in network.state_dict().items():
            if name in self._averaged and value.is_floating_point():
                self._state[name].lerp_(value, 1 - keep)
            else:
                self._state[name].copy_(value)

    def weights(self) -> dict[str, Tensor]:
        """A copy of the averaged state, on the CPU."""
        return {name: value.to("cpu", copy=True) for name, value in self._state.items()}

    def copy_to(self, network: nn.Module) -> None:
        network.load_state_dict(self._state)

    @contextmanager
    def used_by(self, network: nn.Module) -> Iterator[nn.Module]:
        """`network` with averaged weights, in evaluation mode; as it was afterwards."""
        kept = {name: value.detach().clone() for name, value in network.state_dict().items()}
        modes = [(module, module.training) for module in network.modules()]
        self.copy_to(network)
        network.eval()
        try:
            yield network
        finally:
            network.load_state_dict(kept)
            for module, training in modes:
                module.training = training

    def state_dict(self) -> dict[str, Any]:
        return {"updates": self._updates, "state": self._state}

    def load_state_dict(self, content: Mapping[str, Any]) -> None:
        self._updates = content["updates"]
        for name, value in content["state"].items():
            self._state[name].copy_(value)
