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
    """What the members agree in, what each of them is, how much it counts (member by region), and when."""

    channels: int
    regions: int
    multiple: int
    members: tuple[Any, ...]
    shares: tuple[tuple[float, ...], ...]
    needs: tuple[tuple[int, ...], ...]


class Ensemble(nn.Module):
    """The mean of the members' logits, region by region, with `shares` (member by region) as weights.

    A member counts for codes that have all the channels that it `needs`; the shares of those that count are divided by
    their sum. Raises `InputError` where members differ in channels or regions, or none counts for some case.
    """

    def __init__(
        self, members: Sequence[nn.Module], shares: Sequence[Sequence[float]], needs: Sequence[Sequence[int]]
    ) -> None:
        super().__init__()
        configs = tuple(member.config for member in members)
        agreed = {(config.channels, config.regions, getattr(config, "activation", "sigmoid")) for config in configs}
        if len(agreed) != 1 or agreed != {(configs[0].channels, configs[0].regions, "sigmoid")}:
            raise InputError(
                "bad-members",
                "The members of an ensemble differ in channels or regions, or answer with exclusive classes.",
                "Join models that answer alike.",
            )
        always = [row for row, need in zip(shares, needs, strict=True) if not need]
        if not always or not all(sum(column) > 0 for column in zip(*always, strict=True)):
            raise InputError("bad-members", "For some region no member answers whatever sequences there are.")
        self.config = EnsembleConfig(
            configs[0].channels,
            configs[0].regions,
            math.lcm(*(config.multiple for config in configs)),
            configs,
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
            row if all(there[channel] for channel in need) else (0.0,) * self.config.regions
            for row, need in zip(self.config.shares, self.config.needs, strict=True)
        ]
        totals = [sum(column) for column in zip(*rows, strict=True)]
        return [[share / total for share, total in zip(row, totals, strict=True)] for row in rows]

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """Logits (B, R, D, H, W) of `x` (B, K, D, H, W), of which `code` (B, K) says what is there."""
        check_code(code, len(x), self.config.channels)
        weights = torch.tensor([self.weights(row) for row in code], device=x.device)  # B M R
        answers = torch.stack([member(x, code) for member in self.members], dim=1)
        return (weights.to(answers)[..., None, None, None] * answers).sum(1)

    @torch.no_grad()
    def fold(self, code: Tensor) -> nn.Module:
        """This network for one `code` (K,), in evaluation mode: the members that count for it, each folded.

        Where one alone counts, it is that member.
        """
        check_code(code[None], 1, self.config.channels)
        counting = [(member, row) for member, row in zip(self.members, self.weights(code), strict=True) if any(row)]
        if len(counting) == 1:
            return counting[0][0].fold(code)
        return FoldedEnsemble(self.config, [member.fold(code) for member, _ in counting], [row for _, row in counting])


class FoldedEnsemble(nn.Module):
    """Members for one code, one after the other: the features of one are in memory at a time."""

    def __init__(
        self, config: EnsembleConfig, members: Sequence[nn.Module], weights: Sequence[Sequence[float]]
    ) -> None:
        super().__init__()
        self.config = config
        self.members = nn.ModuleList(members)
        self.weights = tuple(map(tuple, weights))
        self.requires_grad_(False).eval()

    @property
    def multiple(self) -> int:
        """What the spatial sizes of an image must be divisible by."""
        return self.config.multiple

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, R, D, H, W) of `x` (B, K, D, H, W); the channels of missing modalities are not read."""
        total: Tensor | float = 0.0
        for member, row in zip(self.members, self.weights, strict=True):
            total = total + member(x) * x.new_tensor(row).view(-1, 1, 1, 1)
        return total
