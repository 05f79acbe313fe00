"""How much of a training step is waiting for data that come from the cache on disk."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from reporting import row

from MissingModalitySegLib.modalities import Code
from MissingModalitySegLib.networks.registry import build
from MissingModalitySegTraining.data.cache import Cache, CacheOptions
from MissingModalitySegTraining.data.crops import CachedCrops
from MissingModalitySegTraining.loop import HISTORY, LoopSettings, fit
from MissingModalitySegTraining.regimes.modality_dropout import ModalityDropout

VOLUME = (160, 192, 160)
"""The brain of a large head at 1 mm."""


def measure(steps: int = 24, warm_up: int = 4) -> dict[str, Any]:
    """A row for `reporting.report`, from what the training loop's history says of each step."""
    with tempfile.TemporaryDirectory() as folder:
        crops = CachedCrops(_cache(Path(folder) / "cache"), (64, 64, 64), batch_size=2)
        torch.manual_seed(0)
        network = build({"architecture": "unet", "preset": "starter"})
        fit(
            ModalityDropout(network, full_view=False),
            crops,
            LoopSettings(steps=steps, channels_last=True, workers=1),
            Path(folder) / "run",
        )
        with (Path(folder) / "run" / HISTORY).open(newline="") as file:
            history = list(csv.DictReader(file))
    waited = sum(float(step["waited"]) for step in history[warm_up:])
    elapsed = float(history[-1]["elapsed"]) - float(history[warm_up - 1]["elapsed"])
    device = "cuda" if torch.cuda.is_available() else f"cpu, {torch.get_num_threads()} threads"
    return row(
        "data_wait",
        waited / elapsed,
        bar=0.05,
        better="lower",
        how=f"share of a step of {elapsed / (steps - warm_up):.2f} s; starter U-Net, 2 crops of 64³ from the disk "
        f"cache, one worker, {device}",
    )


def _cache(folder: Path) -> Cache:
    """Three volumes of noise: what they show makes no difference to how long they take to read."""
    cache = Cache(folder, CacheOptions())
    generator = np.random.default_rng(0)
    labels = np.zeros(VOLUME, np.uint8)
    labels[60:80, 60:90, 60:80] = 2
    for number in range(3):
        channels = generator.standard_normal((5, *VOLUME), dtype=np.float32)
        cache.add(f"case-{number}", channels, Code.parse("T1+T1ce+T2+FLAIR+DWI"), labels)
    return cache
