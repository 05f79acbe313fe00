"""Who looks on while a network is trained, in the first process: files, curves, a line on the terminal."""

from .curves import Curves
from .history import HISTORY, SCORES, History
from .progress import Progress
from .watching import StepRecord, Watcher, Watching

__all__ = ["HISTORY", "SCORES", "Curves", "History", "Progress", "StepRecord", "Watcher", "Watching"]
