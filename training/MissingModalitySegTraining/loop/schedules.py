"""How far a training is, and how fast it learns there."""

from __future__ import annotations

import math

from .settings import LoopSettings

SCHEDULES = {
    "cosine": lambda progress: 0.5 * (1 + math.cos(math.pi * progress)),
    "poly": lambda progress: (1 - progress) ** 0.9,
    "constant": lambda progress: 1.0,
}
"""Share of the learning rate by progress."""


def progress(step: int, elapsed: float, settings: LoopSettings) -> float:
    """Share of the training that is done after `step` steps and `elapsed` seconds: whichever budget is further spent.

    With a time budget the schedule is walked as fast as the machine's speed demands, and reaches its end in time.
    """
    by_time = elapsed / (60 * settings.minutes) if settings.minutes else 0.0
    return max(step / settings.steps, by_time)


def learning_rate(progress: float, settings: LoopSettings) -> float:
    """The schedule, with a linear rise from a hundredth over the warm-up."""
    rise = min(1.0, progress / settings.warm_up) if settings.warm_up else 1.0
    return settings.learning_rate * (0.01 + 0.99 * rise) * SCHEDULES[settings.schedule](min(progress, 1.0))
