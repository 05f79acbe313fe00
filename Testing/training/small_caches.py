"""Prepared cases of noise with a bright box in it, small enough to train on in a test."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from MissingModalitySegLib.modalities import MODALITIES, Code
from MissingModalitySegTraining.data.cache import Cache, CacheOptions


def small_cache(folder: Path, count: int = 4, codes: tuple[str, ...] = (), shape=(16, 20, 18), folds: int = 2) -> Cache:
    """Cases `case-0` … with a lesion each; case i has `codes[i]`, else everything, and lies in fold i % `folds`."""
    cache = Cache(folder, CacheOptions(spacing=4.0))
    for number in range(count):
        dice = np.random.default_rng(number)
        code = Code.parse(codes[number]) if number < len(codes) else Code.full()
        labels = np.zeros(shape, np.uint8)
        labels[5:9, 6:11, 6:10] = 2
        labels[6:8, 7:9, 7:9] = 3
        brain = np.zeros(shape, bool)
        brain[1:-1, 1:-1, 1:-1] = True
        channels = dice.standard_normal((len(MODALITIES), *shape)).astype(np.float32) + 2 * (labels > 0)
        metadata = {"subject": f"subject-{number}", "dataset": "phantom", "fold": number % folds}
        cache.add(f"case-{number}", np.where(brain, channels, 0), code, labels, brain=brain, metadata=metadata)
    return cache


def overrides(cache: Cache, **more) -> dict[str, object]:
    """What a tiny configuration needs to train on it."""
    return {
        "data.source": str(cache.folder),
        "data.spacing": 4.0,
        "data.fold": 1,
        "data.crop": [16, 16, 16],
        "validation.cases": 1,
        **more,
    }
