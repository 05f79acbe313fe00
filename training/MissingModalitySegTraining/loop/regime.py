"""What is being trained: a network and the loss of one batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from ..data.batch import Batch


class Regime(Protocol):
    """A network and its loss.

    The parameters of `network` that require gradients are trained, its buffers are followed; what a regime holds beside
    it (a frozen teacher, say) stays as it is and in the mode, training or evaluation, that the regime chose. A regime
    may have a method `to(device)`; without one, `network` and all modules among its attributes are moved. One that
    trains networks independent of each other at once says which in `clipped_apart() -> Iterable[nn.Module]`: each is
    clipped by the norm of its own gradient, and what belongs to none of them by that of the rest.
    """

    network: nn.Module

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> Mapping[str, Tensor]:
        """Loss parts by name; `loss` is the one that is minimised. `progress` runs from 0 to 1 over the training.

        What is random is drawn from `generator` (on the CPU) or from torch's own generators, which are seeded for
        every batch: the same batch must give the same losses again.
        """
        ...


def place(regime: Regime, device: torch.device, channels_last: bool = False) -> nn.Module:
    """Move all that the regime reaches to `device`; its network, in training mode."""
    move = getattr(regime, "to", None)
    if move is not None:
        move(device)
    for module in {regime.network, *reached(regime).values()}:
        if move is None:
            module.to(device)
        if channels_last:
            module.to(memory_format=torch.channels_last_3d)
    return regime.network.to(device).train()


def clipped_together(regime: Regime, parameters: Sequence[nn.Parameter]) -> list[list[nn.Parameter]]:
    """`parameters` in the groups of which each is clipped by its own norm."""
    parts = getattr(regime, "clipped_apart", tuple)()
    own = [{id(parameter) for parameter in part.parameters()} for part in parts]
    groups = [[parameter for parameter in parameters if id(parameter) in members] for members in own]
    rest = [parameter for parameter in parameters if not any(id(parameter) in members for members in own)]
    return [group for group in (*groups, rest) if group]


def reached(regime: Regime) -> dict[str, nn.Module]:
    """The modules among the attributes of a regime, by name."""
    if isinstance(regime, nn.Module):
        return dict(regime.named_children())
    attributes = getattr(regime, "__dict__", {})
    return {name: value for name, value in attributes.items() if isinstance(value, nn.Module)}
