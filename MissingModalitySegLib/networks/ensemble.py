"""Several networks asked the same: the mean of their logits.

Networks that were trained in different ways err in different places, and an answer that only one of them gives, with
the others sure of the opposite, does not come through.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import InputError
from .inputs import check_code


@dataclass(frozen=True)
class EnsembleConfig:
    """Sizes, and of each member what it is, which channels it sees, how much it counts (by region), and when."""

    channels: int
    regions: int
    multiple: int
    members: tuple[Any, ...]
    sees: tuple[tuple[int, ...], ...]
    shares: tuple[tuple[float, ...], ...]
    needs: tuple[tuple[int, ...], ...]


class Ensemble(nn.Module):
    """The mean of the members' logits, region by region, with `shares` (member by region) as weights.

    A member `sees` these of the `channels`, in its own order. It counts for codes that have one of the channels that it
    `needs`, or where it needs none; the shares of those that count are divided by their sum. Raises `InputError` where
    members differ in regions or see other channels than they take, one may be asked that sees nothing, or none counts
    for some case.
    """

    def __init__(
        self,
        members: Sequence[nn.Module],
        channels: int,
        sees: Sequence[Sequence[int]],
        shares: Sequence[Sequence[float]],
        needs: Sequence[Sequence[int]],
    ) -> None:
        super().__init__()
        configs = tuple(member.config for member in members)
        takes = [config.channels for config in configs]
        agreed = {(config.regions, getattr(config, "activation", "sigmoid")) for config in configs}
        if takes != [len(own) for own in sees] or agreed != {(configs[0].regions, "sigmoid")}:
            raise InputError(
                "bad-members",
                "The members of an ensemble differ in channels or regions, or answer with exclusive classes.",
                "Join models that answer alike.",
            )
        if not all(set(need or range(channels)) <= set(own) for own, need in zip(sees, needs, strict=True)):
            raise InputError(
                "bad-members",
                "A member that does not take all sequences would be asked where there is none of its own.",
                "Say which of its sequences it needs.",
            )
        always = [row for row, need in zip(shares, needs, strict=True) if not need]
        if not always or not all(sum(column) > 0 for column in zip(*always, strict=True)):
            raise InputError("bad-members", "For some region no member answers whatever sequences there are.")
        self.config = EnsembleConfig(
            channels,
            configs[0].regions,
            math.lcm(*(config.multiple for config in configs)),
            configs,
            tuple(map(tuple, sees)),
            tuple(tuple(map(float, row)) for row in shares),
            tuple(map(tuple, needs)),
        )
        self.members = nn.ModuleList(members)

    @property
    def multiple(self) -> int:
        """What the spatial sizes of an image must be divisible by."""
        return self.config.multiple

    def weights(self, code: Tensor) -> list[list[float]]:
        """The weight of each member for each region (M, R) with one `code` (K,); those of a region have the sum 1."""
        there = code.tolist()
        rows = [
            row if not need or any(there[channel] for channel in need) else (0.0,) * self.config.regions
            for row, need in zip(self.config.shares, self.config.needs, strict=True)
        ]
        totals = [sum(column) for column in zip(*rows, strict=True)]
        return [[share / total for share, total in zip(row, totals, strict=True)] for row in rows]

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """Logits (B, R, D, H, W) of `x` (B, K, D, H, W), of which `code` (B, K) says what is there."""
        check_code(code, len(x), self.config.channels)
        weights = torch.tensor([self.weights(row) for row in code], device=x.device)  # B M R
        total: Tensor | float = 0.0
        for member, own, row in zip(self.members, self.config.sees, weights.unbind(1), strict=True):
            asked = row.any(1)
            answer = x.new_zeros(len(x), self.config.regions, *x.shape[2:])
            if bool(asked.any()):  # a sample that a member sees nothing of is not shown to it
                answer[asked] = member(x[asked][:, own], code[asked][:, own]).to(answer)
            total = total + row.to(answer)[..., None, None, None] * answer
        return total

    @torch.no_grad()
    def fold(self, code: Tensor) -> nn.Module:
        """This network for one `code` (K,), in evaluation mode: the members that count for it, each folded.

        Where one alone counts, it is that member.
        """
        check_code(code[None], 1, self.config.channels)
        every = zip(self.members, self.config.sees, self.weights(code), strict=True)
        counting = [(member.fold(code[list(own)]), own, row) for member, own, row in every if any(row)]
        if len(counting) == 1 and counting[0][1] == tuple(range(self.config.channels)):
            return counting[0][0]
        return FoldedEnsemble(self.config, *zip(*counting, strict=True))


class FoldedEnsemble(nn.Module):
    """Members for one code, one after the other: the features of one are in memory at a time."""

    def __init__(
        self,
        config: EnsembleConfig,
        members: Sequence[nn.Module],
        sees: Sequence[Sequence[int]],
        weights: Sequence[Sequence[float]],
    ) -> None:
        super().__init__()
        self.config = config
        self.members = nn.ModuleList(members)
        self.sees = tuple(map(list, sees))
        self.weights = tuple(map(tuple, weights))
        self.requires_grad_(False).eval()

    @property
    def multiple(self) -> int:
        """What the spatial sizes of an image must be divisible by."""
        return self.config.multiple

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, R, D, H, W) of `x` (B, K, D, H, W); the channels of missing modalities are not read."""
        total: Tensor | float = 0.0
        for member, own, row in zip(self.members, self.sees, self.weights, strict=True):
            seen = x if own == list(range(x.shape[1])) else x[:, own]
            total = total + member(seen) * x.new_tensor(row).view(-1, 1, 1, 1)
        return total
