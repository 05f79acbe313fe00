"""Some cases that stand for all: of every data set, code and lesion load in proportion."""

from __future__ import annotations

import random
from collections.abc import Sequence

from .cache import CachedCase


def spread(cases: Sequence[CachedCase], count: int, seed: int) -> tuple[str, ...]:
    """The names of `count` of the cases, in their order; of all where there are no more.

    Cases are laid in a row by data set, code and voxels of lesion, and every (n / count)-th is taken from a start drawn
    by the seed (systematic sampling): each is as likely as any other, and each group is represented to within one case.
    The choice does not depend on the order of `cases`.
    """
    if len(cases) <= count:
        return tuple(case.id for case in cases)
    row = sorted(cases, key=_place)
    start, step = random.Random(f"spread/{seed}").random(), len(cases) / count
    chosen = {row[int((number + start) * step)].id for number in range(count)}
    return tuple(case.id for case in cases if case.id in chosen)


def _place(case: CachedCase) -> tuple[str, str, int, str]:
    return str(case.metadata.get("dataset") or ""), str(case.code), case.lesion_voxels, case.id
