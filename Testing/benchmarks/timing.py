"""Comparing two ways of computing on a machine that has other things to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import torch


def paired_ratio(candidate: Callable[[], object], reference: Callable[[], object], rounds: int = 15) -> float:
    """Median over `rounds` of the candidate's time over the reference's, the two timed in turn in every round.

    Who goes first alternates, so that neither profits from what the other leaves in the caches; one round before
    counting warms both up.
    """
    ratios = []
    for number in range(rounds + 1):
        if number % 2:
            first, second = seconds(candidate), seconds(reference)
        else:
            second, first = seconds(reference), seconds(candidate)
        ratios.append(first / second)
    return median(ratios[1:])


def seconds(work: Callable[[], object]) -> float:
    """Wall-clock time of one call, the GPU's share included."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    start = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start
