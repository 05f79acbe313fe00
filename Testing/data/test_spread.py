"""The cases that a network is validated on stand for all that were held out."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import numpy as np

from MissingModalitySegLib.modalities import Code
from MissingModalitySegTraining.data.cache import CachedCase
from MissingModalitySegTraining.data.spread import spread


def case(number: int, dataset: str, load: int, code: str = "T1+FLAIR") -> CachedCase:
    name = f"{dataset}-{number:02}"
    facts = {"dataset": dataset}
    return CachedCase(Path(), name, "", Code.parse(code), ("lesion",), (1, 1, 1), "float16", load, facts)


CASES = [case(i, "a", 100 * i) for i in range(24)] + [case(i, "b", 7 * i) for i in range(12)]


def test_every_data_set_and_load_is_there_in_proportion() -> None:
    for seed in range(20):
        chosen = spread(CASES, 6, seed)
        assert Counter(name[0] for name in chosen) == {"a": 4, "b": 2}
        loads = sorted(int(name[2:]) for name in chosen if name[0] == "a")
        assert [load // 6 for load in loads] == [0, 1, 2, 3]  # one of each quarter


def test_each_case_is_as_likely_as_any_other() -> None:
    counts = Counter(name for seed in range(1200) for name in spread(CASES, 6, seed))
    expected = np.full(len(CASES), 200.0)
    found = np.array([counts[one.id] for one in CASES])
    assert (abs(found - expected) < 5 * np.sqrt(200)).all()


def test_the_seed_decides_and_the_order_does_not() -> None:
    shuffled = random.Random(1).sample(CASES, len(CASES))
    assert set(spread(shuffled, 6, 3)) == set(spread(CASES, 6, 3))
    assert len({spread(CASES, 6, seed) for seed in range(20)}) > 3
    assert spread(CASES, 100, 0) == tuple(one.id for one in CASES)
    assert spread(CASES[:5], 5, 0) == tuple(one.id for one in CASES[:5])
