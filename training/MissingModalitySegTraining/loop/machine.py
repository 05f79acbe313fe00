"""Where a training runs: device, precision, processes; all through Lightning Fabric."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from MissingModalitySegLib.networks.devices import find_device

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

    device = find_device(settings.device).type
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
