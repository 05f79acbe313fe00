"""Which precision, layout and norm kernel are fastest for one network on this machine: measured with that network.

What is true of one layer need not be true of a network. On a CPU with AMX bfloat16 wants channels-last layout; on one
that has AVX512-BF16 alone the usual layout is up to twice as fast where widths are multiples of 16 and slower where
they are not. So every type is tried in every layout, with the network's own widths.
"""

from __future__ import annotations

import copy
import time
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import ran_out_of_memory
from .probe import (
    FORMATS,
    HOPELESS,
    MOST_ROUNDS,
    Choice,
    best_choice,
    check_device,
    machine,
    prepare,
    promising_types,
    recall,
    seconds,
    store,
)

SMALL, LARGE = 32, 64
"""Edges in voxels of the image that sorts out what is wrong or hopeless, and of the one that decides."""

BUDGET = 2.0
"""Seconds after which no further round begins. A network that would need more for one round is judged by small images.
"""

ERROR_BOUND = 0.1
"""Largest acceptable root mean square error of the logits, as a part of their own root mean square.

Rounding to bfloat16 in every layer costs about 0.02; a kernel that is wrong costs about 1.
"""

_known: dict[str, Choice] = {}


def probe_network(network: nn.Module, channels: int, device: torch.device | str, cache: Path | None = None) -> Choice:
    """The fastest choice for the folded `network` with images of `channels`; measured the first time, in seconds.

    Remembered as `probe.probe` remembers, one answer for every network of the same configuration, whatever its weights
    and code. The network is not changed. Raises `ResourceError` if `device` cannot run a convolution at all.
    """
    device = torch.device(device)
    key = f"{machine(device)}|{type(network).__name__}|{getattr(network, 'config', network)}"
    if key not in _known:
        check_device(device)
        choice = recall(key, cache)
        if choice is None:
            choice = measure_network(network, channels, device)
            store(key, choice, cache)
        _known[key] = choice
        if latest_choice(device, cache) != choice:
            store(_latest(device), choice, cache)
    return _known[key]


def latest_choice(device: torch.device | str, cache: Path | None = None) -> Choice | None:
    """What networks were last computed in on `device`, in this process or another; None before the first time."""
    return recall(_latest(device), cache)


def _latest(device: torch.device | str) -> str:
    return f"{machine(torch.device(device))}|latest"


@torch.inference_mode()
def measure_network(network: nn.Module, channels: int, device: torch.device) -> Choice:
    """Measure, candidates interleaved, and choose. Neither reads nor writes the cache."""
    multiple = getattr(network, "multiple", 1)
    small, large = (_image(channels, -(-edge // multiple) * multiple, device) for edge in (SMALL, LARGE))
    expected = _ready(network, Choice(), device)(small)
    trials: dict[Choice, float] = {}
    for candidate in (Choice(dtype, layout) for dtype in promising_types(device) for layout in FORMATS.values()):
        took = _trial(network, candidate, device, small, expected, HOPELESS * min(trials.values(), default=1e9))
        if took is not None:
            trials[candidate] = took
    growth = large.numel() / small.numel()
    image = large if growth * sum(trials.values()) < BUDGET else small
    times = _race(network, list(trials), device, image, BUDGET)
    choice = best_choice(times)
    norms = _race(network, [choice, replace(choice, norm="instance")], device, image, BUDGET / 4)
    narrow = _race(network, [choice, replace(choice, narrow_norm="instance")], device, image, BUDGET / 4)
    measured = {candidate.layout: round(1e3 * took, 3) for candidate, took in times.items()}
    return replace(choice, norm=best_choice(norms).norm, narrow_norm=best_choice(narrow).narrow_norm, measured=measured)


def _image(channels: int, edge: int, device: torch.device) -> Tensor:
    """Smooth random numbers (1, channels, edge, edge, edge), as images are."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.randn(1, channels, *[max(edge // 4, 2)] * 3, generator=generator)
    return F.interpolate(coarse, size=(edge,) * 3, mode="trilinear").to(device)


def _ready(network: nn.Module, candidate: Choice, device: torch.device) -> nn.Module:
    return prepare(copy.deepcopy(network).to(device), candidate)


def _trial(
    network: nn.Module, candidate: Choice, device: torch.device, image: Tensor, expected: Tensor, limit: float
) -> float | None:
    """Seconds that a small image takes; None for a candidate that fails, is wrong or takes longer than `limit`."""
    try:
        ready = _ready(network, candidate, device)
        answer = ready(image)
    except RuntimeError as error:  # not every device knows every type and layout
        if ran_out_of_memory(error):
            raise
        return None
    error = (answer - expected).square().mean().sqrt()
    if not bool(error <= ERROR_BOUND * expected.square().mean().sqrt()):  # false for NaN
        return None
    took = min(seconds(lambda: ready(image), device) for _ in range(2))
    return took if took <= limit else None


def _race(
    network: nn.Module, candidates: list[Choice], device: torch.device, image: Tensor, budget: float
) -> dict[Choice, float]:
    """Seconds that each candidate takes: the best of many rounds, since other programs only ever make it slower."""
    networks = {candidate: _ready(network, candidate, device) for candidate in candidates}
    best = dict.fromkeys(candidates, float("inf"))
    start = time.perf_counter()
    for _ in range(MOST_ROUNDS):
        for candidate, ready in networks.items():
            best[candidate] = min(best[candidate], seconds(lambda ready=ready: ready(image), device))
        if time.perf_counter() - start > budget:
            break
    return best
