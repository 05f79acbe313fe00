"""`segment` where memory really does not suffice: a smaller way, or a sentence and exit code 4."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from Testing.bundles.samples import tree
from Testing.engine.small_runs import write_segmenter

resource = pytest.importorskip("resource")
if not sys.platform.startswith("linux"):
    pytest.skip("only Linux holds a process to the size of its address space", allow_module_level=True)

ROOT = Path(__file__).resolve().parents[2]
EDGE = 160
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}

LOADED = """
import torch
from pathlib import Path
from MissingModalitySegLib.networks.devices import self_test
self_test()
import MissingModalitySegLib.engine
print(int(Path("/proc/self/statm").read_text().split()[0]) * __import__("resource").getpagesize())
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One pass takes gigabytes here, as the brain reaches from corner to corner; windows show little of it."""
    folder = tmp_path_factory.mktemp("memory")
    write_segmenter(
        folder / "wide",
        {"widths": [32, 64]},
        grid={"spacing": [1.0] * 3, "orientation": "RAS"},
        tile={"size": [32] * 3, "multiple": 16, "overlap": 0.25},
    )
    values = np.random.default_rng(0).normal(300, 40, (EDGE,) * 3).astype(np.float32)
    brain = np.zeros((EDGE,) * 3, np.uint8)
    brain[8:14, 8:14, 8:14] = brain[-14:-8, -14:-8, -14:-8] = 1
    for name, array in (("T1", values), ("brain", brain)):
        sitk.WriteImage(sitk.GetImageFromArray(array), str(folder / f"{name}.nii.gz"))
    return folder


@pytest.fixture(scope="module")
def loaded() -> int:
    """Bytes of addresses that a worker has once everything is loaded."""
    run = subprocess.run([sys.executable, "-c", LOADED], env=ENVIRONMENT, capture_output=True, text=True, check=True)
    return int(run.stdout)


def segment(place: Path, output: Path, limit: int, *more: str) -> tuple[int, str]:
    """Exit code and what was said, of a command that may not use more than `limit` bytes of addresses."""
    words = ["segment", "--t1", place / "T1.nii.gz", "--brain", place / "brain.nii.gz", "--model", place / "wide"]
    words += ["--output", output, "--precision", "float32", "--device", "cpu", "--threads", "1", *more]
    command = [sys.executable, "-m", "MissingModalitySegLib", *map(str, words)]
    run = subprocess.run(
        command,
        env=ENVIRONMENT | {"XDG_STATE_HOME": str(output.parent / "state")},
        capture_output=True,
        text=True,
        timeout=600,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    assert "Traceback" not in run.stderr
    return run.returncode, " ".join(run.stderr.split())


def test_windows_where_one_pass_does_not_fit(place: Path, loaded: int, tmp_path: Path) -> None:
    code, said = segment(place, tmp_path / "out", loaded + 3 * 2**29)
    assert code == 0, said
    assert "Whole on cpu needs about" in said
    assert "Trying windows on cpu instead" in said
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["execution"]["rung"] == "windows on cpu"
    assert "less-memory" in [warning["code"] for warning in report["warnings"]]


@pytest.mark.parametrize(("room", "more"), [(3 * 2**29, ["--inference", "whole"]), (2**26, []), (-(2**29), [])])
def test_a_sentence_where_nothing_fits(place: Path, loaded: int, tmp_path: Path, room: int, more: list[str]) -> None:
    """One pass asked for by name; no room for the smallest window; none for the libraries."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.json").write_text("older")
    code, said = segment(place, tmp_path / "out", loaded + room, *more)
    assert code == 4, said
    assert "memory" in said
    assert "Hint: Close other programs" in said
    assert set(tree(tmp_path / "out")) == {"report.json"}
    assert (tmp_path / "out" / "report.json").read_text() == "older"
