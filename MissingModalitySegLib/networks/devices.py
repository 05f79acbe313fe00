"""Which device to compute on: what is there, whether it computes rightly, and what a choice by name means."""

from __future__ import annotations

import functools
import platform
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from ..errors import InputError, ResourceError
from ..watch import Watch
from .memory import available_memory
from .network_probe import latest_choice
from .probe import check_device


@dataclass(frozen=True)
class SelfTest:
    """What one small convolution on `device` showed.

    `name` is the processor's or the card's. `precision` is what a network was last computed in there; "" before the
    first time, since that is measured with the network. `message` is a sentence: what is wrong, or that all is well.
    `memory_bytes` is what is free now.
    """

    device: str
    name: str
    ok: bool
    precision: str
    message: str
    memory_bytes: int


def self_test(device: str = "auto") -> SelfTest:
    """Try `device` with one small convolution; `auto` tries the best first and reports the first one that is well.

    The message then names those that are not. Takes milliseconds on a CPU. Raises `InputError` (`no-gpu`) for a device
    that this machine does not have.
    """
    names = devices() if device == "auto" else (_existing(device),)
    broken = []
    for name in names:
        test = _tested(name)
        if test.ok:
            break
        broken.append(test.message)
    return replace(test, message=" ".join([*broken, test.message])) if test.ok else test


def devices() -> tuple[str, ...]:
    """The devices torch knows on this machine, the best first: cards by free memory, the CPU last."""
    cards = [f"cuda:{index}" for index in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    if len(cards) > 1:
        cards.sort(key=lambda card: -_free(card))
    return (*cards, *(["mps"] if torch.backends.mps.is_available() else []), "cpu")


def find_device(device: str = "auto", watch: Watch | None = None) -> torch.device:
    """The device that a choice means: `auto` is the best that passes its self-test; `watch` hears of those that fail.

    Raises `InputError` where there is no such device (`no-gpu`, `unknown-device`) and `ResourceError` where it does not
    compute.
    """
    if device != "auto":
        device = _existing(device)
        check_device(device)
        return torch.device(device)
    for name in devices():
        test = _tested(name)
        if test.ok:
            return torch.device(name)
        if watch is not None:
            watch.warn("device-unusable", test.message)
    raise ResourceError("device-unusable", "No device of this machine can compute.", "Install PyTorch again.")


def _existing(device: str) -> str:
    if device.partition(":")[0] not in ("cpu", "cuda", "mps"):
        raise InputError("unknown-device", f"“{device}” is no device.", "Use auto, cpu, cuda, cuda:1 or mps.")
    known = devices()
    if device == "cuda":
        device = next((name for name in known if name.startswith("cuda")), device)
    if device in known:
        return device
    if device == "mps":
        what = "no Apple GPU that PyTorch can use"
    elif any(name.startswith("cuda") for name in known):
        what = f"no device “{device}”; it has {', '.join(known)}"
    elif torch.version.cuda is None and torch.version.hip is None:
        what = "a PyTorch without support for GPUs"
    else:
        what = "no GPU that PyTorch can use"
    raise InputError("no-gpu", f"The device “{device}” was asked for; this machine has {what}.", "Use auto or cpu.")


def _tested(device: str) -> SelfTest:
    try:
        check_device(device)
    except ResourceError as error:
        return SelfTest(device, _name(device), False, "", str(error), 0)
    known = latest_choice(device)
    return SelfTest(
        device,
        _name(device),
        True,
        "" if known is None else str(known),
        "One convolution was computed rightly.",
        _free(device),
    )


def _free(device: str) -> int:
    try:
        return available_memory(torch.device(device))
    except RuntimeError:  # a card that cannot even say
        return 0


@functools.cache
def _name(device: str) -> str:
    if device.startswith("cuda"):
        return torch.cuda.get_device_name(device)
    if device == "mps":
        return "Apple GPU"
    with suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return platform.processor() or platform.machine()
