"""Precision and layout of a training: what the settings say, or the fastest that a machine has, measured on it.

Which is fastest differs between machines by a factor of two and more, and the two must change together: bfloat16 wins
with channels last where a processor multiplies matrices of it, with the plain layout where only vectors, and nowhere
else. What is timed are steps, not answers: gradients have their own kernels.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from MissingModalitySegLib.networks.onednn import convolutions
from MissingModalitySegLib.resources import user_state

from .settings import LoopSettings

AUTO = "auto"
"""The `precision` that is measured."""

PRECISIONS = ("32-true", "bf16-mixed")
"""What may be chosen, the simplest first; not float16, which may overflow."""

CROPS, SIZE, CHANNELS = 2, 32, 16
"""The trial: a U-Net of two levels, `CHANNELS` at the top, on crops of `SIZE`³ voxels."""

BUDGET, LEAST_ROUNDS, MOST_ROUNDS = 2.0, 3, 20
"""Seconds that measuring may take, and rounds that it must and may take."""

WORTH_IT = 0.9
"""A candidate is preferred to a simpler one if it takes less than this share of its time."""


@dataclass(frozen=True)
class Arithmetic:
    """`precision` as Lightning Fabric names it, and whether tensors lie with their channels last."""

    precision: str
    channels_last: bool


def arithmetic_of(settings: LoopSettings, device: torch.device, cache: Path | None = None) -> Arithmetic:
    """What `settings` say, measured on `device` where they leave it open.

    Measured once per machine, device, version of torch and number of threads: remembered in the folder `cache`, by
    default beside the program's log files. A file that is damaged or cannot be written is ignored.
    """
    if settings.precision != AUTO:
        return Arithmetic(settings.precision, bool(settings.channels_last))
    layouts = (False, True) if settings.channels_last is None else (settings.channels_last,)
    candidates = [Arithmetic(precision, last) for precision in PRECISIONS for last in layouts]
    if device.type == "mps":  # whose kernels know neither this layout in 3D nor bfloat16 everywhere
        return candidates[0]
    times = _remembered(device, cache)
    best, *others = candidates
    for candidate in others:
        if times[candidate] < WORTH_IT * times[best]:
            best = candidate
    return best


def measure(device: torch.device) -> dict[Arithmetic, float]:
    """Seconds of one training step of the trial on `device` in each arithmetic, infinity where it does not work.

    A mean over rounds, candidates in turn, after one that does not count. On a CPU it is the time of this process's
    threads: what other programs take of a busy machine says nothing about an arithmetic.
    """
    candidates = [Arithmetic(precision, last) for precision in PRECISIONS for last in (False, True)]
    steps = {arithmetic: _trial(arithmetic, device) for arithmetic in candidates}
    times = {arithmetic: _timed(step, device) for arithmetic, step in steps.items()}
    works = {arithmetic: steps[arithmetic] for arithmetic, seconds in times.items() if seconds < math.inf}
    times |= dict.fromkeys(works, 0.0)
    started, rounds = time.perf_counter(), 0
    while rounds < LEAST_ROUNDS or (rounds < MOST_ROUNDS and time.perf_counter() - started < BUDGET):
        rounds += 1
        for arithmetic, step in works.items():
            times[arithmetic] += _timed(step, device)
    return {arithmetic: seconds / rounds for arithmetic, seconds in times.items()}


class _Trial(nn.Module):
    """What the networks here are made of: convolutions, also strided and transposed, norms, one skip."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv3d(5, CHANNELS, 3, padding=1)
        self.first, self.last = (nn.Conv3d(CHANNELS, CHANNELS, 3, padding=1) for _ in range(2))
        self.down = nn.Conv3d(CHANNELS, 2 * CHANNELS, 3, stride=2, padding=1)
        self.middle = nn.Conv3d(2 * CHANNELS, 2 * CHANNELS, 3, padding=1)
        self.up = nn.ConvTranspose3d(2 * CHANNELS, CHANNELS, 2, stride=2)
        self.norms = nn.ModuleList(nn.GroupNorm(width, width) for width in (CHANNELS, 2 * CHANNELS, CHANNELS))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skip = self.first(F.relu(self.norms[0](self.stem(x))))
        y = self.up(self.middle(F.relu(self.norms[1](self.down(skip)))))
        return self.last(F.relu(self.norms[2](skip + y)))


def _trial(arithmetic: Arithmetic, device: torch.device) -> Callable[[], None]:
    layout = torch.channels_last_3d if arithmetic.channels_last else torch.contiguous_format
    with torch.random.fork_rng(devices=[]):
        network = _Trial().to(device).to(memory_format=layout)
        x = torch.randn(CROPS, 5, SIZE, SIZE, SIZE).to(device)

    def step() -> None:
        bfloat16 = arithmetic.precision == "bf16-mixed"
        with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16), convolutions(device):
            loss = network(x).float().square().mean()
        loss.backward()
        network.zero_grad(set_to_none=True)

    return step


def _timed(step: Callable[[], None], device: torch.device) -> float:
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    _wait(device)
    started = clock()
    try:
        step()
    except RuntimeError:  # not every device knows every type and layout
        return math.inf
    _wait(device)
    return clock() - started


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _remembered(device: torch.device, cache: Path | None) -> dict[Arithmetic, float]:
    key = _machine(device)
    name = f"training-arithmetic-{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"
    path = (user_state() if cache is None else cache) / name
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["machine"] == key:
            return {Arithmetic(**entry["arithmetic"]): float(entry["seconds"]) for entry in document["measured"]}
    times = measure(device)
    entries = [{"arithmetic": asdict(arithmetic), "seconds": seconds} for arithmetic, seconds in times.items()]
    unfinished = path.with_name(f".{name}.{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(json.dumps({"machine": key, "measured": entries}, indent=1), encoding="utf-8")
        os.replace(unfinished, path)
    return times


def _machine(device: torch.device) -> str:
    """What the answer depends on, as text."""
    processor = platform.processor()
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        firsts = [next((line for line in lines if line.startswith(word)), "") for word in ("model name", "flags")]
        processor = "|".join(firsts)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else ""
    parts = (platform.system(), platform.node(), platform.machine(), processor, device.type, name)
    return "|".join((*parts, torch.__version__, str(torch.get_num_threads())))
