"""Make the packages importable from the source tree, wherever pytest is started."""

import contextlib
import os
import signal
import sys
from pathlib import Path

from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
for folder in (ROOT, ROOT / "training"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

# Two test processes on two cores: more threads than cores only makes both slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# How long an example takes says something about the machine, nothing about the code. The examples are the same every
# time, so that a change is not blamed for a fault that chance found; Testing/robustness/fuzz.py looks for new ones.
settings.register_profile("untimed", deadline=None, derandomize=True)
settings.load_profile("untimed")

# What is started in the background of a script ignores Ctrl-C, and so would all processes that tests start and send it.
with contextlib.suppress(ValueError):  # not the main thread
    signal.signal(signal.SIGINT, signal.default_int_handler)
