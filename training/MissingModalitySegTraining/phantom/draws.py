"""Random numbers for parameters: plain Python values, so that every record of a case is JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeVar

import torch

Choice = TypeVar("Choice")


def uniform(generator: torch.Generator, low: float, high: float) -> float:
    return low + (high - low) * float(torch.rand((), generator=generator, dtype=torch.float64))


def log_uniform(generator: torch.Generator, low: float, high: float) -> float:
    """As many values per doubling everywhere between `low` and `high`."""
    return math.exp(uniform(generator, math.log(low), math.log(high)))


def normal(generator: torch.Generator, deviation: float) -> float:
    return deviation * float(torch.randn((), generator=generator, dtype=torch.float64))


def chance(generator: torch.Generator, probability: float) -> bool:
    return uniform(generator, 0, 1) < probability


def choose(generator: torch.Generator, shares: Mapping[Choice, float]) -> Choice:
    """One of the keys, as often as its share of the sum."""
    place = uniform(generator, 0, sum(shares.values()))
    for choice, share in shares.items():
        place -= share
        if place < 0:
            return choice
    return choice


def seed(generator: torch.Generator) -> int:
    """A seed for something drawn later, small enough for any JSON reader."""
    return int(torch.randint(2**31 - 1, (), generator=generator))
