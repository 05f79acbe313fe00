"""The one training loop: what every regime shares, and nothing any regime needs to know.

A step is a pure function of its number: its samples, modality codes and noise are drawn from generators seeded by
(seed, number). Resuming is therefore exact without storing any random state, several processes with one batch each walk
the same path as one process that accumulates their batches, and a step that went wrong can be taken again to see why.
Epochs do not exist.
"""

from .checkpoints import CHECKPOINT
from .fitting import fit
from .regime import Regime
from .settings import LoopSettings
from .watchers import HISTORY, Curves, History, Progress, StepRecord, Watcher

__all__ = [
    "CHECKPOINT",
    "HISTORY",
    "Curves",
    "History",
    "LoopSettings",
    "Progress",
    "Regime",
    "StepRecord",
    "Watcher",
    "fit",
]
