"""Several processes that take the same steps: gradients averaged at once, every decision made from the same facts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import nn

from MissingModalitySegLib.errors import MissingModalitySegError

T = TypeVar("T")

PATIENCE = timedelta(days=1)
"""The others wait for the first process while it validates."""


class Processes:
    """This process among those of the training; alone, everything here costs nothing."""

    def __init__(self, rank: int = 0, count: int = 1) -> None:
        self.rank, self.count = rank, count
        # What is talked about never goes through a GPU, which may be busy.
        self._group = dist.new_group(backend="gloo", timeout=PATIENCE) if count > 1 else None

    @property
    def first(self) -> bool:
        return self.rank == 0

    def gather(self, word: T) -> list[T]:
        """What every process says, by rank; the same list everywhere."""
        if self.count == 1:
            return [word]
        words: list[Any] = [None] * self.count
        dist.all_gather_object(words, word, self._group)
        return words

    def by_first(self, work: Callable[[], T]) -> T:
        """Let the first process do something; its result, or the error that a user caused, on all of them."""
        if self.count == 1:
            return work()
        said: list[Any] = [None]
        if self.first:
            try:
                said[0] = work()
            except MissingModalitySegError as error:
                said[0] = error
        dist.broadcast_object_list(said, 0, self._group)
        if isinstance(said[0], MissingModalitySegError):
            raise said[0]
        return said[0]

    @torch.no_grad()
    def start_equal(self, network: nn.Module) -> None:
        """Give every process the first one's weights and buffers."""
        if self.count > 1:
            for value in network.state_dict().values():
                same = value.contiguous()
                dist.broadcast(same, 0)
                value.copy_(same)

    @torch.no_grad()
    def average_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Average the gradients in one exchange, whichever parameters took part in whichever process.

        A parameter without a gradient counts as zero where others have one, as an expert that one process's batch did
        not use; without one anywhere it stays without, so that neither momentum nor weight decay moves it.
        """
        if self.count == 1 or not parameters:
            return
        device = parameters[0].device
        used = torch.tensor([parameter.grad is not None for parameter in parameters], dtype=torch.float32)
        flat = torch.cat(
            [used.to(device)]
            + [
                (torch.zeros_like(parameter) if parameter.grad is None else parameter.grad).reshape(-1).float()
                for parameter in parameters
            ]
        )
        dist.all_reduce(flat)
        counts, means = flat[: len(parameters)].tolist(), flat[len(parameters) :] / self.count
        for parameter, count, mean in zip(
            parameters, counts, means.split([parameter.numel() for parameter in parameters]), strict=True
        ):
            if count:
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
                parameter.grad.copy_(mean.view(parameter.shape))
