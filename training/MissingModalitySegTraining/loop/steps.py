"""One step: losses of its batches, gradients, and an update unless something is not finite."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from MissingModalitySegLib.errors import ResourceError
from MissingModalitySegLib.networks.onednn import convolutions

from ..data.batch import Batch
from .diagnosis import diagnose
from .loading import Batches
from .processes import Processes
from .regime import Regime, clipped_together
from .schedules import learning_rate
from .state import Training
from .watchers import StepRecord

if TYPE_CHECKING:
    from lightning.fabric import Fabric


@dataclass(frozen=True)
class Part:
    """What one process knows of a step; all processes hear it of all before they decide."""

    losses: dict[str, float]  # means over this process's batches
    norm: float  # of the gradient, averaged over processes already, before clipping
    waited: float  # seconds for data
    samples: int
    elapsed: float  # seconds of training
    signal: int  # that asked this process to end, 0 for none


class Steps:
    """Takes the steps of a training, one after the other."""

    def __init__(
        self, regime: Regime, batches: Batches, training: Training, fabric: Fabric, processes: Processes
    ) -> None:
        self.regime, self.batches, self.training = regime, batches, training
        self.fabric, self.processes = fabric, processes
        self.per_step = training.settings.accumulate * processes.count
        self.clipped = clipped_together(regime, training.parameters)

    def take(self, clock: Callable[[], float], signalled: Callable[[], int]) -> tuple[StepRecord, int]:
        """The record of the next step, and the signal that asked any process to end.

        `clock` tells the seconds trained so far. Raises `ResourceError` after too many steps that were not finite.
        """
        training, settings, counters = self.training, self.training.settings, self.training.counters
        progress = training.progress
        rate = learning_rate(progress, settings)
        for group in training.optimiser.param_groups:
            group["lr"] = rate
        losses, waited, samples = self._backward(progress)
        self.processes.average_gradients(training.parameters)
        training.precision.unscale_gradients(training.optimiser)
        norm = math.hypot(
            *(float(nn.utils.clip_grad_norm_(group, settings.clip_norm or math.inf)) for group in self.clipped)
        )
        parts = self.processes.gather(Part(losses, norm, waited, samples, clock(), signalled()))
        losses, norm = _means([part.losses for part in parts]), parts[0].norm
        taken, bad = self._update(math.isfinite(losses["loss"]), math.isfinite(norm))
        training.optimiser.zero_grad(set_to_none=True)
        counters.bad += bad
        counters.bad_in_a_row = counters.bad_in_a_row + 1 if bad else 0
        counters.elapsed = parts[0].elapsed
        if counters.bad_in_a_row >= settings.most_bad_steps:
            raise self._gave_up(losses, norm, rate, progress)
        counters.step += 1
        record = StepRecord(
            step=counters.step,
            progress=training.progress,
            elapsed=counters.elapsed,
            rate=rate,
            norm=norm,
            waited=max(part.waited for part in parts),
            samples=sum(part.samples for part in parts),
            taken=taken,
            losses=losses,
        )
        return record, max(part.signal for part in parts)

    def _backward(self, progress: float) -> tuple[dict[str, float], float, int]:
        """Add up the gradients of this process's batches: mean losses, seconds waited, samples seen."""
        accumulate = self.training.settings.accumulate
        seen: list[dict[str, float]] = []
        waited, samples = 0.0, 0
        for index in self._indices():
            batch, seconds = self.batches.next()
            losses = self._losses(batch, index, progress)
            self.fabric.backward(losses["loss"] / accumulate)
            seen.append({name: float(value.detach()) for name, value in losses.items()})
            waited, samples = waited + seconds, samples + len(batch)
        return _means(seen), waited, samples

    def _indices(self) -> list[int]:
        """The numbers of this process's batches in this step, as `batches` hands them out."""
        start = self.training.counters.step * self.per_step + self.processes.rank
        return [start + i * self.processes.count for i in range(self.training.settings.accumulate)]

    def _losses(self, batch: Batch, index: int, progress: float) -> dict[str, Tensor]:
        seed = _seed(self.training.settings.seed, index)
        torch.manual_seed(seed)
        with self.fabric.autocast(), convolutions(self.fabric.device):
            return dict(self.regime.losses(batch.to(self.fabric.device), progress, torch.Generator().manual_seed(seed)))

    def _update(self, finite_loss: bool, finite_gradient: bool) -> tuple[bool, bool]:
        """Move the weights if all is finite: whether they moved, and whether the step counts as bad.

        In float16 a gradient may be infinite because the loss was scaled too much: the scaler then lowers its scale,
        and all is well, unless there is no scale left to lower.
        """
        training, scaler = self.training, self.training.scaler
        taken, bad = finite_loss and finite_gradient, not (finite_loss and finite_gradient)
        if scaler is not None and finite_loss:
            bad = not finite_gradient and scaler.get_scale() <= 1
            training.precision.optimizer_step(training.optimiser)
        elif scaler is not None:
            scaler.update(scaler.get_scale())  # not the scale's fault: keep it
        elif taken:
            training.precision.optimizer_step(training.optimiser)
        if taken:
            training.average.update(training.network)
        return taken, bad

    def _gave_up(self, losses: dict[str, float], norm: float, rate: float, progress: float) -> ResourceError:
        counters = self.training.counters
        findings = [
            finding
            for found in self.processes.gather(
                diagnose(
                    self.regime,
                    {i: self.batches.again(i) for i in self._indices()},
                    lambda batch, index: self._losses(batch, index, progress),
                )
            )
            for finding in found
        ]
        values = ", ".join(f"{name} {value:.4g}" for name, value in losses.items())
        return ResourceError(
            "loss-not-finite",
            f"The loss or its gradient was not finite {counters.bad_in_a_row} times in a row, up to step "
            f"{counters.step + 1}: {values}; gradient norm {norm:.4g}, learning rate {rate:.4g}. "
            + " ".join(findings or ["All losses are finite when computed again: only the gradient is not."]),
            "Look at the samples if it is they that are not finite; else lower the learning rate or use precision "
            "32-true. The training goes on from its last checkpoint.",
        )


def _means(losses: Sequence[dict[str, float]]) -> dict[str, float]:
    """Mean of each loss part over those that have it."""
    names = {name: None for part in losses for name in part}
    found = {name: [part[name] for part in losses if name in part] for name in names}
    return {name: sum(values) / len(values) for name, values in found.items()}


def _seed(seed: int, index: int) -> int:
    """Unrelated seeds for all (seed, index)."""
    return (seed * 0x9E3779B97F4A7C15 + index * 0xBF58476D1CE4E5B9 + 0x94D049BB133111EB) % 2**63
