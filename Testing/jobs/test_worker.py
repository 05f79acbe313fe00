"""The worker of the engine through the runner: the same answer as in this process, a stop in every stage, its start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from MissingModalitySegLib.engine import segment
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.jobs import Error, Hello, Job, Result, Runner, Stage, connection
from MissingModalitySegLib.jobs.events import parse
from MissingModalitySegLib.options import Options
from Testing.engine.small_runs import write_inputs, write_segmenter, write_synthesiser

from .runners import PATIENCE_S, alive, until

WORKER = Path(connection.__file__).with_name("worker.py")
OPTIONS = Options(device="cpu", precision="float32", threads=1, synthesize=True)
STAGES = ("read", "prepare", "predict", "synthesise", "summarise", "write")


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """Two volumes and two models, in a folder with letters that not every program likes."""
    folder = tmp_path_factory.mktemp("réal wörker 脳")
    write_inputs(folder / "in", "T1", "FLAIR")
    write_segmenter(folder / "models" / "one", synthesiser={"bundle": "synthesis"})
    write_synthesiser(folder / "models" / "synthesis")
    return folder


@pytest.fixture(scope="module")
def runner(place: Path):
    environment = {"MISSING_MODALITY_SEG_MODELS": str(place / "models"), "XDG_STATE_HOME": str(place / "state")}
    with Runner(environment=environment, cancel_s=PATIENCE_S, start_s=4 * PATIENCE_S) as runner:
        yield runner


def job(place: Path, output: str, **changes) -> Job:
    inputs = {name: place / "in" / f"{name}.nii.gz" for name in ("T1", "FLAIR")}
    return Job(**{"inputs": inputs, "model": "one", "output": place / output, "options": OPTIONS} | changes)


def test_hello_comes_before_the_engine_is_loaded() -> None:
    """Importing torch takes long enough; what the first job needs besides is loaded by that."""
    script = """
import runpy, sys
worker = runpy.run_path(sys.argv[1], run_name="imported")
worker["_find_library"]()
worker["hello"]()
assert "torch" in sys.modules
heavy = [name for name in sys.modules if name in ("SimpleITK", "scipy", "monai", "MissingModalitySegLib.engine")]
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", script, str(WORKER)], check=True)


def test_the_answer_is_that_of_this_process(runner: Runner, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISSING_MODALITY_SEG_MODELS", str(place / "models"))
    events = []
    result = runner.run(job(place, "out"), events.append)
    assert tuple(event.name for event in events if isinstance(event, Stage)) == STAGES
    here = segment(job(place, "out").inputs, "one", OPTIONS)
    there = sitk.ReadImage(result.files["segmentation"])
    assert np.array_equal(sitk.GetArrayViewFromImage(there), sitk.GetArrayViewFromImage(here.labels))
    assert sorted(Path(path).name for path in result.files.values()) == sorted(os.listdir(place / "out"))
    assert result.report == json.loads((place / "out" / "report.json").read_text(encoding="utf-8"))


def test_hello_tells_what_was_found(runner: Runner) -> None:
    runner.start()
    until(lambda: runner.hello is not None)
    hello = runner.hello
    assert (hello.protocol, hello.device_ok) == (1, True)
    assert hello.device
    assert hello.torch[0].isdecimal()
    assert hello.memory_bytes > 0
    assert alive(hello.pid)


@pytest.mark.parametrize("stage", STAGES)
def test_a_cancel_stops_every_stage_and_changes_nothing(runner: Runner, place: Path, stage: str) -> None:
    """Answered by the worker itself: a kill would come much later here."""
    output = place / f"cancelled in {stage}"
    output.mkdir()
    (output / "report.json").write_text("older")
    number = runner.submit(job(place, output.name))
    pid = None
    for event in runner.events(number):
        if isinstance(event, Stage) and event.name == stage:
            runner.cancel(number)
            pid = runner.hello.pid
        last = event
    if stage == "write" and isinstance(last, Result):  # it was done before it could be stopped
        return
    assert isinstance(last, Error)
    assert last.cancelled
    assert os.listdir(output) == ["report.json"]
    assert (output / "report.json").read_text() == "older"
    assert runner.hello.pid == pid


def test_only_the_missing_sequences(runner: Runner, place: Path) -> None:
    result = runner.run(job(place, "synthetic", task="synthesize"))
    assert "segmentation" not in result.files
    assert (place / "synthetic" / "synthetic_T2.nii.gz").is_file()


def test_errors_of_the_engine_arrive_as_they_are(runner: Runner, place: Path) -> None:
    with pytest.raises(InputError, match="no model “two”") as caught:
        runner.run(job(place, "none", model="two"))
    assert caught.value.code == "bundle-not-found"
    (place / "in" / "broken.nii.gz").write_bytes(b"\x1f\x8b broken")
    with pytest.raises(InputError, match="FLAIR"):
        runner.run(job(place, "none", inputs={"FLAIR": place / "in" / "broken.nii.gz"}))
    assert not (place / "none").exists()


def test_started_by_its_path_from_anywhere_with_nothing_on_the_path(place: Path, tmp_path: Path) -> None:
    """As PythonSlicer starts it: the library is found by the file, and the files beside it shadow nothing."""
    (tmp_path / "queue.py").write_text("raise SystemExit('the folder in which it was started is not looked at')")
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [sys.executable, "-u", str(connection.WORKER)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, env=clean, stdin=pipe, stdout=pipe, stderr=pipe) as worker:
        worker.stdin.write(b"junk\n")
        worker.stdin.flush()
        hello = parse(worker.stdout.readline())
        out, log = worker.communicate(b'{"cmd": "quit"}\n')
    assert isinstance(hello, Hello), log
    assert (hello.pid, worker.returncode, out) == (worker.pid, 0, b"")
    assert b"Not a command: b'junk" in log
