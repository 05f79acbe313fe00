"""Everything that changes from step to step, and therefore everything that a checkpoint holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from .arithmetic import Arithmetic
from .exponential_average import ExponentialAverage
from .optimisers import build_optimiser
from .schedules import progress
from .settings import LoopSettings


@dataclass
class Counters:
    """How far the training is."""

    step: int = 0
    elapsed: float = 0.0  # seconds of the first process, all sessions together
    bad: int = 0  # steps whose loss or gradient was not finite
    bad_in_a_row: int = 0
    validated: int = 0  # the last step that was
    best: float | None = None  # the highest score so far
    since_best: int = 0  # validations without a better one


class Training:
    """A network, its optimiser, its average, the scale of its gradients, and how far they are."""

    def __init__(self, network: nn.Module, settings: LoopSettings, arithmetic: Arithmetic, precision: Any) -> None:
        """`precision` is Fabric's for this arithmetic: it casts, and for float16 it scales the loss."""
        self.network, self.settings, self.arithmetic, self.precision = network, settings, arithmetic, precision
        self.parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
        self.optimiser = build_optimiser(self.parameters, settings)
        self.average = ExponentialAverage(network, settings.average_decay)
        self.counters = Counters()
        self.best_weights: dict[str, Tensor] | None = None

    @property
    def progress(self) -> float:
        return progress(self.counters.step, self.counters.elapsed, self.settings)

    @property
    def finished(self) -> bool:
        patience = self.settings.patience
        return self.progress >= 1 or (patience is not None and self.counters.since_best >= patience)

    @property
    def scaler(self) -> torch.amp.GradScaler | None:
        return getattr(self.precision, "scaler", None)

    def result(self) -> nn.Module:
        """The network with its averaged weights, the best of them where a score said which; in evaluation mode."""
        if self.best_weights is None:
            self.average.copy_to(self.network)
        else:
            self.network.load_state_dict(self.best_weights)
        return self.network.eval()

    def state_dict(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "average": self.average.state_dict(),
            "arithmetic": asdict(self.arithmetic),
            "precision": self.precision.state_dict(),
            "best_weights": self.best_weights,
            "counters": asdict(self.counters),
        }

    def load_state_dict(self, content: Mapping[str, Any]) -> None:
        self.network.load_state_dict(content["network"])
        self.optimiser.load_state_dict(content["optimiser"])
        self.average.load_state_dict(content["average"])
        self.precision.load_state_dict(content["precision"])
        self.best_weights = content["best_weights"]
        self.counters = Counters(**content["counters"])
