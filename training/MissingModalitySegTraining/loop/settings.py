"""How long, how fast, how careful."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from MissingModalitySegLib.errors import InputError

CHOICES = {
    "optimiser": ("adamw", "adam", "sgd"),
    "schedule": ("cosine", "poly", "constant"),
    "precision": ("32-true", "bf16-mixed", "16-mixed", "auto"),
    "device": ("auto", "cpu", "cuda", "mps"),
}


@dataclass(frozen=True)
class LoopSettings:
    """What the loop does with a regime and its samples. Raises `InputError` for a value that makes no sense."""

    steps: int = 1000
    minutes: float | None = None  # wall time; ends the schedule early, but ends it: the rate still comes down
    optimiser: str = "adamw"  # adamw, adam, sgd (Nesterov momentum 0.99)
    learning_rate: float = 3e-4
    schedule: str = "cosine"  # cosine, poly (exponent 0.9), constant
    warm_up: float = 0.03  # share of the training over which the learning rate rises
    weight_decay: float = 1e-5
    clip_norm: float | None = 5.0
    accumulate: int = 1  # batches per step and process
    average_decay: float = 0.995
    best_score: str | None = None  # of the validation, higher is better: these averaged weights are returned
    patience: int | None = None  # validations without a better `best_score` before the training stops
    precision: str = "32-true"  # as Lightning Fabric names them: 32-true, bf16-mixed, 16-mixed; auto measures
    device: str = "auto"
    channels_last: bool | None = False  # None: as measured, where precision is auto
    compile: bool = False  # torch.compile: minutes at the start, faster steps where crops are all of one size
    seed: int = 0
    workers: int = 1  # processes that prepare batches; 0 prepares them in this one
    checkpoint_minutes: float = 3.0
    validate_every: int = 500  # steps; the end is validated too
    most_bad_steps: int = 20  # steps in a row whose loss is not finite, before giving up

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            self._check(name, getattr(self, name) in choices, f"one of {', '.join(choices)}")
        for name in ("steps", "accumulate", "validate_every", "most_bad_steps", "patience"):
            value: Any = getattr(self, name)
            self._check(name, value is None or value >= 1, "at least 1")
        for name in ("minutes", "learning_rate", "clip_norm"):
            value = getattr(self, name)
            self._check(name, value is None or value > 0, "more than 0")
        for name in ("weight_decay", "workers", "checkpoint_minutes"):
            self._check(name, getattr(self, name) >= 0, "0 or more")
        for name in ("warm_up", "average_decay"):
            self._check(name, 0 <= getattr(self, name) < 1, "from 0 to below 1")
        self._check("patience", self.patience is None or self.best_score is not None, "used with best_score only")

    def _check(self, name: str, good: bool, wanted: str) -> None:
        if not good:
            raise InputError("bad-setting", f"{name} is {getattr(self, name)!r}; it must be {wanted}.")
