"""Parsers of what comes from elsewhere: sound or damaged in any way, they read it or refuse it with a sentence.

A sample of what `fuzz` does at length: examples are damaged by meaning and by bytes (`mutations`), and hypothesis makes
bytes of its own.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from Testing.robustness import fuzz
from Testing.robustness.mutations import mutated
from Testing.robustness.seeds import seeds
from Testing.robustness.targets import TARGETS

SLOW = {"archive", "dicom", "case_report", "cohort_report", "training_config", "datalist"}
"""Those that write files or load much."""

quietly = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None)


def damaged(name: str, number: int) -> bytes:
    """One of the examples of a target after changes that its number decides."""
    chance = random.Random(number)
    return mutated(chance.choice(seeds(name)), chance)


def test_all_are_fuzzed() -> None:
    assert set(fuzz.NAMES) == set(TARGETS)


@pytest.mark.parametrize("name", TARGETS)
def test_sound_examples(name: str) -> None:
    for one in seeds(name):
        TARGETS[name](one)


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_examples(name: str) -> None:
    @settings(quietly, max_examples=15 if name in SLOW else 60)
    @given(st.integers(0, 2**32))
    def holds(number: int) -> None:
        TARGETS[name](damaged(name, number))

    holds()


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes(name: str) -> None:
    @settings(quietly, max_examples=15)
    @given(st.binary(max_size=400))
    def holds(data: bytes) -> None:
        TARGETS[name](data)

    holds()


@pytest.mark.long
@pytest.mark.parametrize("name", TARGETS)
def test_many_damaged_examples(name: str) -> None:
    for number in range(1_000 if name in SLOW else 10_000):
        TARGETS[name](damaged(name, number))
