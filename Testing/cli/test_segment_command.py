"""`segment` and `synthesize` as a user calls them: what they print, how they are stopped, what a killed worker is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from MissingModalitySegLib.cli import running
from MissingModalitySegLib.cli.edge import run
from MissingModalitySegLib.jobs import Runner, events
from Testing.bundles.samples import tree
from Testing.engine.small_runs import write_inputs, write_segmenter, write_synthesiser

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def place(tmp_path: Path, monkeypatch) -> Path:
    write_inputs(tmp_path / "in", "T1", "FLAIR")
    write_segmenter(tmp_path / "models" / "one", synthesiser={"bundle": "synthesis"})
    write_synthesiser(tmp_path / "models" / "synthesis")
    monkeypatch.setenv("MISSING_MODALITY_SEG_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.chdir(tmp_path)
    return tmp_path


GIVEN = ["--t1", "in/T1.nii.gz", "--flair", "in/FLAIR.nii.gz", "--output", "out"]


def test_everything_at_once(place: Path, capsys) -> None:
    """By relative paths, which the worker must understand as the caller did."""
    assert run(["segment", *GIVEN, "--model", "one", "--synthesize", "--uncertainty"]) == 0
    shown = capsys.readouterr().out
    assert "found from T1+FLAIR by one 1.0.0" in shown
    assert "rebuilt from" in shown
    assert str(place / "out" / "segmentation.nii.gz") in shown
    names = ["report.html", "report.json", "segmentation.nii.gz", "synthetic_T2.nii.gz", "uncertainty.nii.gz"]
    assert sorted(tree(place / "out")) == names
    report = json.loads((place / "out" / "report.json").read_text())
    assert f"{report['volumes_ml']['lesion']:.2f}" in shown


def test_json_is_the_report_and_nothing_else(place: Path, capsys) -> None:
    assert run(["synthesize", *GIVEN, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report == json.loads((place / "out" / "report.json").read_text())
    assert list(report["synthetic"]["sequences"]) == ["T2"]
    assert sorted(tree(place / "out")) == ["report.html", "report.json", "synthetic_T2.nii.gz"]


def test_a_killed_worker_is_a_sentence(place: Path, capsys, monkeypatch) -> None:
    (place / "out").mkdir()
    (place / "out" / "segmentation.nii.gz").write_bytes(b"old")
    before = tree(place)
    runner = Runner(sys.executable)

    class Killing(running.Bar):
        def take(self, event: events.Event) -> None:
            super().take(event)
            if isinstance(event, events.Stage):
                os.kill(runner.hello.pid, getattr(signal, "SIGKILL", signal.SIGTERM))

    monkeypatch.setattr(running, "Runner", lambda: runner)
    monkeypatch.setattr(running, "Bar", Killing)
    assert run(["segment", *GIVEN, "--model", "one"]) == 4
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Error: The worker was ended from outside." in shown.err
    assert "Traceback" not in shown.err
    assert tree(place) == before


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C as a signal")
def test_ctrl_c(place: Path) -> None:
    """Anywhere on the way: exit code 3, the old set is there, nothing else is."""
    (place / "out").mkdir()
    (place / "out" / "report.json").write_bytes(b"old")
    before = tree(place)
    command = [sys.executable, "-m", "MissingModalitySegLib", "segment", *GIVEN, "--model", "one", "--uncertainty"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    while process.poll() is None and not any(name.startswith(".incoming") for name in os.listdir(place / "out")):
        time.sleep(0.005)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    shown, told = process.communicate()
    assert process.returncode == 3, told
    assert "Cancelled" in told
    assert "Traceback" not in told
    assert shown == ""
    assert tree(place) == before
