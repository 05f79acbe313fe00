"""Where real cases lie among the phantoms: percentile ranks, and what is outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .statistics import Figures

INSIDE = (5.0, 95.0)
"""Percentile ranks that count as inside."""

ABOUT_LESIONS = ("lesion", "core", "enhancing")
"""Words in the names of statistics that only phantoms of the same disease can be compared by."""

FEWEST_PHANTOMS = 5
"""With fewer, nothing is said."""


@dataclass(frozen=True)
class Measured:
    """A case and its statistics."""

    name: str
    kind: str | None
    figures: Figures


@dataclass(frozen=True)
class Place:
    """One statistic of one real case among the phantoms."""

    case: str
    statistic: str
    kind: str | None
    """The phantoms it is compared with; None: all."""
    value: float
    low: float
    median: float
    high: float
    """5th, 50th and 95th percentile of the phantoms."""
    rank: float
    """Percentage of the phantoms below, ties counted half."""
    phantoms: int

    @property
    def inside(self) -> bool:
        return bool(INSIDE[0] <= self.rank <= INSIDE[1])


def places(real: Sequence[Measured], phantoms: Sequence[Measured]) -> list[Place]:
    """Every statistic of every real case; lesions are compared with phantoms of the same kind only."""
    found = []
    for case in real:
        for statistic, value in case.figures.items():
            about_lesion = any(word in statistic for word in ABOUT_LESIONS)
            if about_lesion and case.kind is None:
                continue
            kind = case.kind if about_lesion else None
            peers = population(phantoms, statistic, kind)
            if len(peers) >= FEWEST_PHANTOMS:
                low, median, high = (float(v) for v in np.percentile(peers, (5, 50, 95)))
                rank = percentile_rank(value, peers)
                found.append(Place(case.name, statistic, kind, value, low, median, high, rank, len(peers)))
    return found


def population(cases: Sequence[Measured], statistic: str, kind: str | None = None) -> np.ndarray:
    """The values of a statistic over cases (of a kind)."""
    return np.array([c.figures[statistic] for c in cases if statistic in c.figures and kind in (None, c.kind)])


def percentile_rank(value: float, population: np.ndarray) -> float:
    below, equal = np.count_nonzero(population < value), np.count_nonzero(population == value)
    return 100.0 * (below + 0.5 * equal) / len(population)


def share_inside(found: Sequence[Place]) -> Mapping[str, float]:
    """Statistic → share of the real cases that lie inside."""
    names = dict.fromkeys(place.statistic for place in found)
    return {name: float(np.mean([p.inside for p in found if p.statistic == name])) for name in names}
