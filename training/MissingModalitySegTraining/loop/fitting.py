"""From a regime and its samples to a trained network."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from torch import nn
from torch.utils.data import Dataset

from MissingModalitySegLib.errors import ResourceError

from ..data.batch import Batch
from . import checkpoints
from .arithmetic import arithmetic_of
from .loading import Batches
from .machine import launch
from .processes import Processes
from .regime import Regime, place
from .selection import Validate, due, validate_average
from .settings import LoopSettings
from .signals import end_asked
from .state import Training
from .steps import Steps
from .watchers import History, Watcher, Watching

if TYPE_CHECKING:
    from lightning.fabric import Fabric


def fit(
    regime: Regime,
    samples: Dataset[Batch],
    settings: LoopSettings,
    folder: Path,
    validate: Validate | None = None,
    watchers: Sequence[Watcher] = (),
) -> nn.Module:
    """Train until the schedule ends and return the network with averaged weights.

    `samples[i]` is the i-th batch of the training, a pure function of i; with an attribute `device` that is a GPU they
    are made there, without worker processes. `folder` receives the checkpoint, from which a second call goes on, and
    the history. `watchers` see every step in the first process, and are closed at the end.

    Raises `InputError` when `folder` holds another training or a damaged one, `ResourceError` when it cannot be written
    or losses stay not-finite. SIGTERM and Ctrl-C end it with a checkpoint and `SystemExit`.
    """
    fabric, processes, training = _begun(regime, settings, folder)
    per_step = _batches_per_step(settings, processes)
    first = training.counters.step * per_step
    before, started = training.counters.elapsed, time.monotonic()
    saved_at, unsaved = before, False

    def save() -> None:
        nonlocal saved_at, unsaved
        processes.by_first(lambda: checkpoints.save(folder, training, per_step))
        saved_at, unsaved = training.counters.elapsed, False

    with (
        end_asked() as asked,
        closing(Batches(samples, settings, fabric.device, first, processes.rank, processes.count)) as batches,
        closing(Watching([History(folder), *watchers] if processes.first else [])) as watching,
    ):
        steps = Steps(regime, batches, training, fabric, processes)
        ended = 0
        while not ended:
            if validate is not None and due(training):
                watching.validated(training.counters.step, validate_average(training, validate, processes))
                unsaved = True
            if training.finished:
                break
            if training.counters.elapsed - saved_at > 60 * settings.checkpoint_minutes:
                save()
            record, ended = steps.take(lambda: before + time.monotonic() - started, lambda: asked.number)
            watching.step(record)
            unsaved = True
        if unsaved:
            save()
        ended = ended or max(processes.gather(asked.number))
    if ended:
        raise SystemExit(128 + ended)
    return training.result()


def _begun(regime: Regime, settings: LoopSettings, folder: Path) -> tuple[Fabric, Processes, Training]:
    """All processes at the same point: at the beginning, or where the checkpoint in `folder` ends."""
    fabric = launch(settings)
    processes = Processes(fabric.global_rank, fabric.world_size)
    processes.by_first(lambda: _make(folder))
    per_step = _batches_per_step(settings, processes)
    content = processes.by_first(lambda: checkpoints.load(folder, settings, per_step))
    # What was measured when the training was begun holds for all of it, on whatever machine it goes on.
    chosen = checkpoints.arithmetic(content) or processes.by_first(lambda: arithmetic_of(settings, fabric.device))
    fabric = launch(settings, chosen.precision)
    network = place(regime, fabric.device, chosen.channels_last)
    processes.start_equal(network)
    training = Training(network, settings, chosen, fabric.strategy.precision)
    if content is not None:
        checkpoints.restore(folder, training, content)
    if settings.compile:
        network.compile()
    return fabric, processes, training


def _batches_per_step(settings: LoopSettings, processes: Processes) -> int:
    return settings.accumulate * processes.count


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResourceError(
            "folder-not-written", f"The folder {folder} could not be made: {error}.", "Choose another folder."
        ) from error
