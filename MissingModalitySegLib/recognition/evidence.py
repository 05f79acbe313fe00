"""Evidence for a modality as weights, and how pieces of evidence add up.

Each piece says how likely its observation is for every modality and for “something else” (`None`). Independent pieces
multiply; agreement sharpens the result and contradiction flattens it, which is all the logic that confidences need. The
weights are our judgement of how protocols are named, not measured frequencies.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..modalities import MODALITIES, Modality

Kind = Modality | None
"""A modality, or None for an image that is none of them."""

KINDS: tuple[Kind, ...] = (*MODALITIES, None)
FLOOR = 0.004
"""Weight of what a piece of evidence does not mention: nothing is ruled out by a name alone."""


@dataclass(frozen=True)
class Evidence:
    """Weights over `KINDS` that sum to one, and the observation in words (no capital, no full stop)."""

    weights: Mapping[Kind, float]
    words: str

    @property
    def leaders(self) -> frozenset[Kind]:
        """What this piece speaks for: everything at least half as likely as its first choice."""
        most = max(self.weights.values())
        return frozenset(kind for kind, weight in self.weights.items() if weight >= most / 2)


def evidence(words: str, weights: Mapping[Kind, float]) -> Evidence:
    """Evidence from the weights worth mentioning; what is left to one goes to “something else”."""
    complete = {kind: max(weights.get(kind, 0.0), FLOOR) for kind in MODALITIES}
    rest = 1 - sum(weight for kind, weight in weights.items() if kind is not None)
    complete[None] = max(weights.get(None, rest), FLOOR)
    return Evidence(_normalised(complete), words)


def multiplied(pieces: Iterable[Evidence]) -> dict[Kind, float]:
    """The posterior over `KINDS` of independent pieces, from a flat prior."""
    product = dict.fromkeys(KINDS, 1.0)
    for piece in pieces:
        product = _normalised({kind: product[kind] * piece.weights[kind] for kind in KINDS})
    return _normalised(product)


def averaged(pieces: list[Evidence]) -> Evidence:
    """One piece from several that are not independent, such as two names of one series: the geometric mean."""
    logs = {kind: sum(math.log(piece.weights[kind]) for piece in pieces) / len(pieces) for kind in KINDS}
    words = "; ".join(dict.fromkeys(piece.words for piece in pieces))
    return Evidence(_normalised({kind: math.exp(value) for kind, value in logs.items()}), words)


def _normalised(weights: Mapping[Kind, float]) -> dict[Kind, float]:
    total = sum(weights.values())
    return {kind: weight / total for kind, weight in weights.items()}
