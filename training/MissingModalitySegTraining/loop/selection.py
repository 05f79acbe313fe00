"""Validation during training: which averaged weights were best so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import nn

from MissingModalitySegLib.errors import InputError

from .processes import Processes
from .state import Training

Validate = Callable[[nn.Module, int], Mapping[str, float]]
"""Scores of a network (evaluation mode) at a step."""


def due(training: Training) -> bool:
    """Every `validate_every` steps and at the end, once."""
    counters = training.counters
    at = training.finished or counters.step % training.settings.validate_every == 0
    return at and counters.step > counters.validated


def validate_average(training: Training, validate: Validate, processes: Processes) -> dict[str, float]:
    """Scores of the averaged weights; keeps them when they are the best so far by `best_score`.

    The first process validates, the others wait. Raises `InputError` when the validation gives no such score.
    """
    counters, name = training.counters, training.settings.best_score

    def scored() -> dict[str, float]:
        with training.average.used_by(training.network):
            return dict(validate(training.network, counters.step))

    scores = processes.by_first(scored)
    counters.validated = counters.step
    if name is None:
        return scores
    if name not in scores:
        raise InputError("unknown-score", f"best_score is {name}, but the validation gives {', '.join(scores)}.")
    if counters.best is None or scores[name] > counters.best:
        counters.best, counters.since_best = float(scores[name]), 0
        training.best_weights = training.average.weights()
    else:
        counters.since_best += 1
    return scores
