"""What a pass is said to need against what the process really took, and what is free."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from MissingModalitySegLib.networks import memory
from MissingModalitySegLib.networks.memory import available_memory

ROOT = Path(__file__).resolve().parents[2]

PEAK = """
import sys
sys.path.insert(0, {root!r})
import torch
from pathlib import Path
from MissingModalitySegLib.engine.execution import memory_of
from MissingModalitySegLib.engine.model import Model
from MissingModalitySegLib.engine.predict import Way, make, plan
from MissingModalitySegLib.networks.probe import Choice
from MissingModalitySegLib.modalities import Code
from MissingModalitySegLib.networks.registry import build

def status(key):
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith(key)).split()[1])

torch.set_num_threads(1)
torch.manual_seed(0)
choice = Choice(torch.{dtype}, torch.{layout})
sys.modules["MissingModalitySegLib.engine.predict"].probe_network = lambda *_: choice
model = Model(build({{"architecture": {name!r}, "preset": "starter", "config": {config!r}}}))
for shape in ((5, 32, 32, 32), (5, 96, 112, 96)):  # the first one loads all that is loaded once
    channels, brain = torch.zeros(shape), torch.ones(shape[1:], dtype=torch.bool)
    ready = plan(model, shape, Code.parse({code!r}), Way(torch.device("cpu"), windows={windows}))
    before = status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    make(model, ready, channels, brain)
    print(status("VmHWM") - before, memory_of(model, ready))
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells a process's peak")
@pytest.mark.parametrize(
    ("name", "dtype", "layout", "windows", "config"),
    [
        ("unet", "float32", "contiguous_format", False, {}),
        ("unet", "bfloat16", "channels_last_3d", False, {}),
        ("moe", "float32", "channels_last_3d", True, {}),
        ("universal", "float32", "contiguous_format", False, {"prompt_encoder": "binary"}),
    ],
)
def test_the_estimate_covers_the_peak_and_is_near_it(name, dtype, layout, windows, config) -> None:
    """Zeros untouched are no memory: what a pass reads of its input is left out of the peak, as it is small here."""
    script = PEAK.format(
        root=str(ROOT), name=name, dtype=dtype, layout=layout, windows=windows, config=config, code="T1+FLAIR"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    took, foretold = (int(value) for value in run.stdout.split()[-2:])
    assert took < 1.15 * foretold
    assert foretold < 3 * took


def test_free_memory_is_that_of_the_system_or_less(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    free = available_memory(cpu)
    assert 2**20 < free <= memory._system()
    monkeypatch.setattr(memory, "_container", lambda: 12345)
    assert available_memory(cpu) == 12345
    assert memory.usable_memory(cpu) == int(0.9 * 12345)
