"""Where a training runs: device, precision, processes; all through Lightning Fabric."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import torch

from MissingModalitySegLib.errors import InputError

from .settings import LoopSettings

if TYPE_CHECKING:
    from lightning.fabric import Fabric


def launch(settings: LoopSettings, precision: str = "32-true") -> Fabric:
    """One process on one device, or this process's part of what `torchrun` started on one or several nodes.

    May be called again with another precision: the processes stay connected. Raises `InputError` when the device that
    the settings name is not there.
    """
    from lightning.fabric import Fabric
    from lightning.fabric.plugins import MixedPrecision

    device = _device(settings.device)
    plugins = []
    if precision != "32-true":
        # Fabric's own choice casts for CUDA on Apple's GPUs, and takes bfloat16 for float16 on a CPU.
        plugins.append(MixedPrecision(precision, device))
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    fabric = Fabric(
        accelerator=device,
        strategy="ddp" if processes > 1 else "auto",
        devices=here if processes > 1 else 1,
        num_nodes=processes // here,
        plugins=plugins,
    )
    fabric.launch()
    return fabric


def _device(wanted: str) -> str:
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return next(name for name, available in there.items() if available)
    if not there[wanted]:
        raise InputError(
            "no-such-device",
            f"There is no device {wanted} that torch {torch.__version__} can use.",
            "Choose device auto or cpu, or install a torch that supports it.",
        )
    return wanted
