"""The one training loop: what every regime shares, and nothing any regime needs to know.

A step is a pure function of its number: its samples, modality codes and noise are drawn from generators seeded by
(seed, step). Resuming is therefore exact without storing any random state, and several processes with one batch each
walk the same path as one process that accumulates their batches.
"""

from __future__ import annotations

import csv
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from MissingModalitySegLib.errors import InputError, ResourceError

from .data.batch import Batch
from .exponential_average import ExponentialAverage

CHECKPOINT = "checkpoint.pt"
HISTORY = "history.csv"


class Regime(Protocol):
    """What is being trained: a network and the loss of one batch."""

    network: nn.Module

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> Mapping[str, Tensor]:
        """Loss parts by name; `loss` is the one that is minimised. `progress` runs from 0 to 1 over the training."""
        ...


@dataclass(frozen=True)
class LoopSettings:
    """How long, how fast, how careful."""

    steps: int = 1000
    minutes: float | None = None  # ends the schedule early, but ends it: the learning rate still reaches zero
    learning_rate: float = 3e-4
    weight_decay: float = 1e-5
    warm_up: float = 0.03  # share of the training over which the learning rate rises
    clip_norm: float = 5.0
    accumulate: int = 1  # batches per step and process
    average_decay: float = 0.995
    precision: str = "32-true"  # as Lightning Fabric names them: 32-true, bf16-mixed, 16-mixed
    channels_last: bool = False
    seed: int = 0
    workers: int = 1  # processes that prepare batches; 0 prepares them in this one
    checkpoint_minutes: float = 3.0
    validate_every: int = 500
    most_bad_steps: int = 20  # steps in a row whose loss is not finite, before giving up


def fit(
    regime: Regime,
    samples: Dataset[Batch],
    settings: LoopSettings,
    folder: Path,
    validate: Callable[[nn.Module, int], Mapping[str, float]] | None = None,
    report: Callable[[str], None] = print,
) -> nn.Module:
    """Train until the schedule ends and return the network with averaged weights.

    `samples[i]` is the i-th batch of the training, a pure function of i. `folder` receives the checkpoint (from which a
    second call goes on) and the history. Raises `ResourceError` when the folder cannot be written or losses stay
    not-finite.
    """
    from lightning.fabric import Fabric

    fabric = Fabric(accelerator="auto", devices="auto" if _launched() else 1, precision=settings.precision)
    fabric.launch()
    folder.mkdir(parents=True, exist_ok=True)
    network = regime.network.to(fabric.device)
    if settings.channels_last:
        network.to(memory_format=torch.channels_last_3d)
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=settings.learning_rate, weight_decay=settings.weight_decay)
    average = ExponentialAverage(network, settings.average_decay)
    state = {"step": 0, "elapsed": 0.0, "bad": 0}
    _resume(folder, settings, network, optimizer, average, state, fabric.device)
    history = History(folder / HISTORY, state["step"]) if fabric.global_rank == 0 else None
    per_step = settings.accumulate * fabric.world_size
    loader = iter(_loader(samples, settings, state["step"] * per_step, fabric.global_rank, fabric.world_size))
    started = last_saved = time.monotonic()
    before = state["elapsed"]
    bad_in_a_row = 0

    with _stop_on_signal() as stopping:
        while (progress := _progress(state, settings)) < 1:
            rate = _learning_rate(progress, settings)
            for group in optimizer.param_groups:
                group["lr"] = rate
            parts: dict[str, float] = {}
            waited = 0.0
            for micro in range(settings.accumulate):
                asked = time.monotonic()
                batch = next(loader)
                waited += time.monotonic() - asked
                seed = _seed(settings.seed, state["step"] * per_step + micro * fabric.world_size + fabric.global_rank)
                torch.manual_seed(seed)
                generator = torch.Generator().manual_seed(seed)
                with fabric.autocast():
                    losses = regime.losses(batch.to(fabric.device), progress, generator)
                (losses["loss"] / settings.accumulate).backward()
                for name, value in losses.items():
                    parts[name] = parts.get(name, 0.0) + float(value.detach()) / settings.accumulate
            if fabric.world_size > 1:
                _average_gradients(fabric, trained)
            norm = float(nn.utils.clip_grad_norm_(trained, settings.clip_norm))
            if math.isfinite(norm) and math.isfinite(parts["loss"]):
                optimizer.step()
                average.update(network)
                bad_in_a_row = 0
            else:
                state["bad"] += 1
                bad_in_a_row += 1
                if bad_in_a_row >= settings.most_bad_steps:
                    raise ResourceError(
                        "loss-not-finite",
                        f"The loss was not finite {bad_in_a_row} times in a row, up to step {state['step']}: {parts}.",
                        "Lower the learning rate, use full precision, or look for damaged samples.",
                    )
            optimizer.zero_grad(set_to_none=True)
            state["step"] += 1
            now = time.monotonic()
            state["elapsed"] = before + now - started
            if history is not None:
                history.add(step=state["step"], elapsed=state["elapsed"], rate=rate, norm=norm, waited=waited, **parts)
            due = validate is not None and state["step"] % settings.validate_every == 0
            if due and fabric.global_rank == 0:
                with average.used_by(network):
                    scores = validate(network, state["step"])
                report(f"step {state['step']}: " + ", ".join(f"{name} {value:.3f}" for name, value in scores.items()))
            if fabric.global_rank == 0 and (now - last_saved > 60 * settings.checkpoint_minutes or stopping.is_set()):
                _save(folder, settings, network, optimizer, average, state)
                last_saved = now
            if stopping.is_set():
                raise SystemExit(143)
    if fabric.global_rank == 0:
        _save(folder, settings, network, optimizer, average, state)
        history.close()
    average.copy_to(network)
    return network.eval()


class History:
    """A CSV of what happened at each step; rows past a resumed step are dropped, so that curves have no loops."""

    def __init__(self, path: Path, step: int) -> None:
        kept: list[dict[str, Any]] = []
        if path.exists():
            with path.open(newline="") as file:
                kept = [row for row in csv.DictReader(file) if int(row["step"]) <= step]
        self._path, self._file, self._writer = path, path.open("w", newline=""), None
        for row in kept:
            self.add(**row)

    def add(self, **values: Any) -> None:
        if self._writer is None:
            self._writer = csv.DictWriter(self._file, fieldnames=list(values), extrasaction="ignore")
            self._writer.writeheader()
        self._writer.writerow(
            {name: f"{value:.6g}" if isinstance(value, float) else value for name, value in values.items()}
        )
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def _progress(state: Mapping[str, Any], settings: LoopSettings) -> float:
    by_steps = state["step"] / settings.steps
    by_time = state["elapsed"] / (60 * settings.minutes) if settings.minutes else 0.0
    return max(by_steps, by_time)


def _learning_rate(progress: float, settings: LoopSettings) -> float:
    """Linear warm-up, then a half cosine to zero."""
    if progress < settings.warm_up:
        return settings.learning_rate * (0.01 + 0.99 * progress / settings.warm_up)
    return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))


def _seed(seed: int, index: int) -> int:
    """Unrelated seeds for all (seed, index)."""
    return (seed * 0x9E3779B97F4A7C15 + index * 0xBF58476D1CE4E5B9 + 0x94D049BB133111EB) % 2**63


class _Strided(Dataset):
    """The batches of one process, from a given one on."""

    def __init__(self, samples: Dataset[Batch], first: int, rank: int, processes: int) -> None:
        self.samples, self.first, self.rank, self.processes = samples, first, rank, processes

    def __len__(self) -> int:
        return 2**40

    def __getitem__(self, index: int) -> Batch:
        return self.samples[self.first + index * self.processes + self.rank]


class _Counting(torch.utils.data.Sampler[int]):
    def __iter__(self) -> Iterator[int]:
        index = 0
        while True:
            yield index
            index += 1


def _loader(samples: Dataset[Batch], settings: LoopSettings, first: int, rank: int, processes: int) -> DataLoader:
    return DataLoader(
        _Strided(samples, first, rank, processes),
        batch_size=None,
        sampler=_Counting(),
        num_workers=settings.workers,
        prefetch_factor=4 if settings.workers else None,
        worker_init_fn=_single_threaded,
        persistent_workers=settings.workers > 0,
    )


def _single_threaded(worker: int) -> None:
    torch.set_num_threads(1)


def _average_gradients(fabric: Any, parameters: list[nn.Parameter]) -> None:
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.grad = fabric.all_reduce(parameter.grad, reduce_op="mean")


def _save(folder: Path, settings: LoopSettings, network: nn.Module, optimizer: Any, average: Any, state: Any) -> None:
    """Replace the checkpoint by a complete one, or leave the old one as it is."""
    temporary = folder / (CHECKPOINT + ".new")
    content = {
        "settings": asdict(settings),
        "network": network.state_dict(),
        "average": average.state_dict(),
        "optimizer": optimizer.state_dict(),
        "state": dict(state),
    }
    try:
        torch.save(content, temporary)
        os.replace(temporary, folder / CHECKPOINT)
    except (OSError, RuntimeError) as error:
        temporary.unlink(missing_ok=True)
        raise ResourceError(
            "checkpoint-not-written",
            f"The checkpoint in {folder} could not be written: {error}.",
            "Free some space or choose another folder; training resumes from the last checkpoint, which is intact.",
        ) from error


def _resume(
    folder: Path,
    settings: LoopSettings,
    network: nn.Module,
    optimizer: Any,
    average: Any,
    state: dict[str, Any],
    device: torch.device,
) -> None:
    path = folder / CHECKPOINT
    if not path.exists():
        return
    content = torch.load(path, map_location=device, weights_only=True)
    if content["settings"]["seed"] != settings.seed:
        raise InputError(
            "another-run",
            f"{folder} holds a run with seed {content['settings']['seed']}, not {settings.seed}.",
            "Choose another folder, or the same settings to go on with that run.",
        )
    network.load_state_dict(content["network"])
    average.load_state_dict(content["average"])
    optimizer.load_state_dict(content["optimizer"])
    state.update(content["state"])


@contextmanager
def _stop_on_signal() -> Iterator[threading.Event]:
    """SIGTERM asks for a checkpoint and a clean end instead of killing the step."""
    stopping = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopping
        return
    previous = signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    try:
        yield stopping
    finally:
        signal.signal(signal.SIGTERM, previous)


def _launched() -> bool:
    """Whether `torchrun` started this process as one of several."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1
