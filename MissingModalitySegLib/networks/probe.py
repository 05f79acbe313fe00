"""Which precision, memory layout and normalisation kernel are fastest on this machine: measured, once.

The answer differs by machine. Bfloat16 in channels-last layout is several times faster than float32 on a CPU with AMX
or AVX512-BF16 and slower where it is emulated; float16 is the right choice on many GPUs and hopeless on most CPUs; the
same normalisation is faster as group or as instance norm depending on all of that.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import ResourceError
from ..resources import user_state
from .onednn import convolutions
from .streaming import streaming

Norm = Literal["group", "instance"]

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last_3d}

SIZE, TRIAL_SIZE = 48, 16
"""Edge in voxels of the layer that is measured, and of a trial that costs milliseconds even where it crawls."""

WIDE, NARROW = 16, 8
"""Channels of the layers measured. Norm kernels for a CPU work on blocks of 16 and treat other widths differently."""

BUDGETS = (0.6, 0.2)
"""Seconds after which no further round begins: for type and layout, and for each norm."""

MOST_ROUNDS = 20

WORTH_IT = 0.9
"""A candidate replaces a simpler one when it takes at most this part of its time."""

ERROR_BOUND = 0.02
"""Largest acceptable root mean square error against float32, of an output with standard deviation 1.

Rounding to bfloat16 costs about 0.003; a kernel that is wrong costs about 1.
"""

HOPELESS, LONGEST = 4.0, 1.0
"""A type is not measured in full when its trial takes this many times as long as that of float32, or foretells that one
run of the layer would take this many seconds."""


@dataclass(frozen=True)
class Choice:
    """How networks are run on a device. `measured` maps each candidate to milliseconds, for reports.

    `norm` realises instance norms over a multiple of 16 channels, `narrow_norm` those over other numbers.
    """

    dtype: torch.dtype = torch.float32
    memory_format: torch.memory_format = torch.contiguous_format
    norm: Norm = "group"
    narrow_norm: Norm = "group"
    measured: dict[str, float] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        return f"{self.layout}, {self.norm} norm (narrow: {self.narrow_norm})"

    @property
    def layout(self) -> str:
        """Type and memory layout in words."""
        return f"{_name(DTYPES, self.dtype)}, {_name(FORMATS, self.memory_format)}"

    def norm_for(self, channels: int) -> Norm:
        """The realisation for `channels` channels."""
        return self.narrow_norm if channels % WIDE else self.norm

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "dtype": _name(DTYPES, self.dtype),
            "memory_format": _name(FORMATS, self.memory_format),
            "norm": self.norm,
            "narrow_norm": self.narrow_norm,
            "measured": self.measured,
        }

    @classmethod
    def from_dict(cls, value: Any) -> Choice:
        """The inverse of `to_dict`. Raises `ValueError`, `KeyError` or `TypeError` for anything else."""
        norms = value["norm"], value["narrow_norm"]
        if not set(norms) <= {"group", "instance"}:
            raise ValueError(norms)
        measured = {str(name): float(milliseconds) for name, milliseconds in dict(value["measured"]).items()}
        return cls(DTYPES[value["dtype"]], FORMATS[value["memory_format"]], *norms, measured)


_known: dict[str, Choice] = {}


def probe(device: torch.device | str = "cpu", cache: Path | None = None) -> Choice:
    """The fastest choice on `device` whose numbers are right; measured the first time, in about two seconds at most.

    Remembered in the process and in the folder `cache` (one small file per machine, device, torch version and number of
    threads; by default beside the program's log files). A file that is damaged or cannot be written is ignored.

    Raises `ResourceError` if `device` cannot run a convolution at all.
    """
    device = torch.device(device)
    key = machine(device)
    if key not in _known:
        check_device(device)
        choice = recall(key, cache)
        if choice is None:
            choice = measure(device)
            store(key, choice, cache)
        _known[key] = choice
    return _known[key]


def check_device(device: torch.device | str) -> None:
    """Run one small convolution on `device`; raise `ResourceError` with a plain sentence if that is impossible."""
    try:
        x = torch.ones(1, 2, 4, 4, 4, device=device)
        total = float(F.conv3d(x, torch.ones(2, 2, 3, 3, 3, device=device), padding=1).sum())
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
        raise _unusable(device, str(error)) from error
    if total != 4000:  # Σ over voxels of the neighbours inside: (4 + 3 + 3)³ x 2 channels x 2 outputs
        raise _unusable(device, f"a convolution gave {total} where 4000 is right")


def _unusable(device: torch.device | str, problem: str) -> ResourceError:
    problem = problem.strip().splitlines()[0] if problem.strip() else "no reason was given"
    if "no kernel image" in problem:
        sentence = f"This PyTorch has no kernels for the device “{device}”: the GPU is too old or too new for it."
        hint = "Install a PyTorch made for this GPU, or compute on the CPU."
    else:
        sentence = f"The device “{device}” cannot compute: {problem.rstrip('.')}."
        hint = "Choose another device, or compute on the CPU."
    return ResourceError("device-unusable", sentence, hint)


@torch.inference_mode()
def measure(device: torch.device | str) -> Choice:
    """Measure on `device`, candidates interleaved, and choose. Neither reads nor writes the cache."""
    device = torch.device(device)
    with convolutions(device):
        expected = _layer(Choice(), device, TRIAL_SIZE, WIDE)().float()
        candidates = [
            Choice(dtype, memory_format)
            for dtype in promising_types(device)
            for memory_format in FORMATS.values()
            if _right(Choice(dtype, memory_format), device, expected)
        ]
        times = _race(candidates, device, WIDE, BUDGETS[0])
        choice = best_choice(times)
        wide = _race([choice, replace(choice, norm="instance")], device, WIDE, BUDGETS[1])
        narrow = _race([choice, replace(choice, narrow_norm="instance")], device, NARROW, BUDGETS[1])
    measured = {candidate.layout: took for candidate, took in times.items()}
    measured |= {f"{WIDE} channels, {candidate.norm} norm": took for candidate, took in wide.items()}
    measured |= {f"{NARROW} channels, {candidate.narrow_norm} norm": took for candidate, took in narrow.items()}
    return replace(
        choice,
        norm=best_choice(wide).norm,
        narrow_norm=best_choice(narrow).narrow_norm,
        measured={name: round(1e3 * took, 3) for name, took in measured.items()},
    )


@torch.inference_mode()
def promising_types(device: torch.device) -> list[torch.dtype]:
    """The types in which one small layer is neither wrong nor hopelessly slow.

    Where a type is emulated, float16 on most processors, a whole network in it takes a minute.
    """
    with convolutions(device):
        run = _layer(Choice(), device, TRIAL_SIZE, WIDE)
        expected, usual = run().float(), min(seconds(run, device) for _ in range(5))
        limit = min(HOPELESS * usual, LONGEST * (TRIAL_SIZE / SIZE) ** 3)
        return [
            dtype
            for dtype in DTYPES.values()
            if dtype == torch.float32 or _promising(Choice(dtype), device, expected, limit)
        ]


def _right(candidate: Choice, device: torch.device, expected: Tensor) -> bool:
    """Whether `candidate` runs at all and gives `expected`, the small trial's result, within the error bound."""
    try:
        return _acceptable(_layer(candidate, device, TRIAL_SIZE, WIDE)(), expected)
    except RuntimeError:  # not every device knows every type and layout
        return False


def _promising(candidate: Choice, device: torch.device, expected: Tensor, limit: float) -> bool:
    """Whether `candidate` is right and not slower than `limit` (s): a type that is only emulated is sorted out here."""
    if not _right(candidate, device, expected):
        return False
    run = _layer(candidate, device, TRIAL_SIZE, WIDE)
    return min(seconds(run, device) for _ in range(3)) <= limit


def _race(candidates: list[Choice], device: torch.device, channels: int, budget: float) -> dict[Choice, float]:
    """Seconds that each candidate takes: the best of many rounds, since other programs only ever make it slower."""
    runs = {candidate: _layer(candidate, device, SIZE, channels) for candidate in candidates}
    best = dict.fromkeys(candidates, math.inf)
    start = time.perf_counter()
    for _ in range(MOST_ROUNDS):
        for candidate, run in runs.items():
            best[candidate] = min(best[candidate], seconds(run, device))
        if time.perf_counter() - start > budget:
            break
    return best


def best_choice(times: dict[Choice, float]) -> Choice:
    """The fastest that is worth it; `times` run from the simplest candidate to the boldest."""
    best, *others = times
    for candidate in others:
        if times[candidate] < WORTH_IT * times[best]:
            best = candidate
    return best


def prepare(network: nn.Module, choice: Choice) -> PreparedNetwork:
    """`network` in the precision, layout and normalisation of `choice`, called with float32, giving float32.

    The network itself is changed and belongs to the result: hand over a folded one. Instance norm and group norm with
    one channel per group are the same function with the same parameters, so that exchanging them is exact.
    """
    network.requires_grad_(False).eval()
    _exchange_norms(network, choice)
    for tensor in (*network.parameters(), *network.buffers()):
        if tensor.is_floating_point():
            tensor.data = tensor.data.to(choice.dtype)
        if tensor.ndim == 5:
            tensor.data = tensor.data.contiguous(memory_format=choice.memory_format)
    return PreparedNetwork(network, choice)


class PreparedNetwork(nn.Module):
    """A network that computes as `choice` says. Everything else about it is as before, under `network`."""

    def __init__(self, network: nn.Module, choice: Choice) -> None:
        super().__init__()
        self.network = network
        self.choice = choice
        # On a GPU a kernel per slab would cost more than it saves.
        self.streamed = all(tensor.device.type == "cpu" for tensor in network.parameters())

    @torch.inference_mode()
    def forward(self, x: Tensor, *rest: Tensor) -> Tensor:
        """The network's logits of `x` (B, K, D, H, W), in float32."""
        x = x.to(self.choice.dtype).contiguous(memory_format=self.choice.memory_format)
        with convolutions(x.device, self.choice.dtype), streaming(self.streamed):
            return self.network(x, *rest).float()


def _exchange_norms(module: nn.Module, choice: Choice) -> None:
    for name, child in module.named_children():
        exchanged = _exchanged(child, choice)
        if exchanged is None:
            _exchange_norms(child, choice)
        else:
            exchanged.weight, exchanged.bias = child.weight, child.bias
            setattr(module, name, exchanged.eval())


def _exchanged(norm: nn.Module, choice: Choice) -> nn.Module | None:
    """The other realisation of `norm`, where it is an instance norm and `choice` wants the other one."""
    if isinstance(norm, nn.GroupNorm) and norm.num_groups == norm.num_channels:
        wanted = choice.norm_for(norm.num_channels) == "instance"
        return nn.InstanceNorm3d(norm.num_channels, norm.eps, affine=norm.affine) if wanted else None
    if type(norm) is nn.InstanceNorm3d and not norm.track_running_stats:
        wanted = choice.norm_for(norm.num_features) == "group"
        return nn.GroupNorm(norm.num_features, norm.num_features, norm.eps, affine=norm.affine) if wanted else None
    return None


def _layer(choice: Choice, device: torch.device, size: int, channels: int) -> Callable[[], Tensor]:
    """Convolution, instance norm, convolution on fixed numbers, as `choice` has them.

    The second convolution is there because a norm may hand its result on in another layout, and somebody pays for that.
    """
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(1, channels, size, size, size, generator=generator)
    kernel = torch.randn(channels, channels, 3, 3, 3, generator=generator) / math.sqrt(27 * channels)
    x, weight = (
        tensor.to(device, choice.dtype).contiguous(memory_format=choice.memory_format) for tensor in (image, kernel)
    )
    one, zero = (torch.full((channels,), value, device=device, dtype=choice.dtype) for value in (1.0, 0.0))

    def run() -> Tensor:
        y = F.conv3d(x, weight, zero, padding=1)
        if choice.norm_for(channels) == "group":
            y = F.group_norm(y, channels, one, zero)
        else:
            y = F.instance_norm(y, weight=one, bias=zero)
        return F.conv3d(y, weight, zero, padding=1)

    return run


def _acceptable(output: Tensor, expected: Tensor) -> bool:
    error = (output.float() - expected).square().mean().sqrt()
    return bool(error <= ERROR_BOUND)  # false for NaN


def seconds(run: Callable[[], Tensor], device: torch.device) -> float:
    """Wall-clock time of one call, the device's share included."""
    _wait(device)
    start = time.perf_counter()
    run()
    _wait(device)
    return time.perf_counter() - start


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def machine(device: torch.device) -> str:
    """What the answer depends on, as text."""
    processor = platform.processor()
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
        processor = next((line for line in lines if line.startswith("model name")), processor)
        processor += next((line for line in lines if line.startswith("flags")), "")
    name = torch.cuda.get_device_name(device) if device.type == "cuda" and torch.cuda.is_available() else ""
    parts = (platform.system(), platform.node(), platform.machine(), processor, device, name)
    return "|".join(str(part) for part in (*parts, torch.__version__, torch.get_num_threads()))


def recall(key: str, cache: Path | None = None) -> Choice | None:
    """The choice that was stored under `key`; None if there is none, or the file is damaged."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        data = json.loads(_file(key, cache).read_text("utf-8"))
        if data["machine"] == key:
            return Choice.from_dict(data["choice"])
    return None


def store(key: str, choice: Choice, cache: Path | None = None) -> None:
    """Remember `choice` for later processes; a folder that cannot be written is no problem."""
    file = _file(key, cache)
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=file.parent, suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump({"machine": key, "choice": choice.to_dict()}, stream)
            os.replace(temporary, file)
        except OSError:
            os.unlink(temporary)
            raise


def _file(key: str, cache: Path | None) -> Path:
    folder = user_state() if cache is None else cache
    return folder / f"precision-{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"


def _name(table: dict[str, Any], value: Any) -> str:
    return next(name for name, item in table.items() if item is value or item == value)
