"""Killed at any moment (SIGKILL, nothing can be tidied up): no corrupt output, no orphan process, nothing left over.

A sample of rounds here, many in the campaign. Moments are drawn from a seed; where a round fails its number is told.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from MissingModalitySegLib.jobs import Error, Result
from MissingModalitySegLib.jobs.leftovers import PREFIX
from MissingModalitySegLib.output_folder import recover
from MissingModalitySegTraining.loop import fit
from Testing.cohorts.cohort_runs import Batch, children, engines, left_behind, write_models, write_studies
from Testing.jobs.runners import alive, finish, job, stand_in, until
from Testing.robustness.writer import FILES
from Testing.training import slopes

HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and /proc")


def started(script: str, *arguments: object) -> subprocess.Popen[str]:
    """A program of this folder that has begun its work."""
    process = subprocess.Popen(
        [sys.executable, str(HERE / script), *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n", process.stderr.read()
    return process


def kill(process: subprocess.Popen[str], after_s: float) -> None:
    time.sleep(after_s)
    process.kill()
    process.communicate()


def output_folders(rounds: int, folder: Path, seed: int = 0) -> int:
    """Kill a writer again and again in one folder; how many sets were complete in between."""
    chance, last = random.Random(seed), 0
    (folder / "notes.txt").parent.mkdir(parents=True, exist_ok=True)
    (folder / "notes.txt").write_text("mine")
    for number in range(rounds):
        kill(started("writer.py", folder, last + 1), chance.uniform(0, 0.05))
        recover(folder)
        assert left_behind(folder) == [], number
        assert (folder / "notes.txt").read_text() == "mine"
        there = {path.name: path.read_text() for path in folder.iterdir() if path.name in FILES}
        assert len({text[:-1] and text for text in there.values()}) <= 1, f"round {number}: files of two sets"
        if there:
            text = next(iter(there.values()))
            now = int(text[: len(text) // 5000])
            assert text == str(now) * 5000, f"round {number}: a file that is cut"
            assert set(there) == set(FILES[now % 2 :] if now % 3 else FILES), f"round {number}: a set that lacks files"
            assert now >= last
            last = now
    return last


def workers(rounds: int, folder: Path, monkeypatch: pytest.MonkeyPatch, seed: int = 0) -> int:
    """Kill the worker of a runner while it does jobs; how many jobs were done all the same."""
    monkeypatch.setenv("TMPDIR", str(folder / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", None)
    (folder / "temporary").mkdir(parents=True)
    chance, done = random.Random(seed), 0
    with stand_in() as runner:
        for number in range(rounds):
            output = folder / "out"
            submitted = runner.submit(job("stages:2 temp progress:200 write temp progress:200", output))
            until(lambda: runner.hello is not None)
            time.sleep(chance.uniform(0, 0.03))
            victim = runner.hello.pid if runner.hello is not None else None
            if victim is not None and number % 4:
                os.kill(victim, signal.SIGKILL)
            last = finish(runner, submitted)[-1]
            assert isinstance(last, Result) or last.code == "worker-killed", f"round {number}: {last}"
            done += isinstance(last, Result)
            recover(output)
            assert left_behind(folder / "out") == [], number
            if victim is not None and isinstance(last, Error):
                until(lambda victim=victim: not alive(victim))
        # A kill just after the last answer meets the job after it.
        after = [finish(runner, runner.submit(job("stages:1")))[-1] for _ in range(2)]
        assert isinstance(after[-1], Result)
    until(lambda: not [name for name in os.listdir(folder / "temporary") if name.startswith(PREFIX)])
    monkeypatch.setattr("tempfile.tempdir", None)
    return done


def trainings(rounds: int, folder: Path, steps: int, seed: int = 0) -> None:
    """Kill a training and go on, here at last; it must have walked the path of one that nobody killed."""
    chosen = slopes.settings(steps=steps, checkpoint_minutes=0)
    whole = fit(slopes.Slope(), slopes.Samples(), chosen, folder / "whole")
    chance = random.Random(seed)
    for _ in range(rounds):
        kill(started("trainer.py", folder / "parts", steps), chance.uniform(0, 0.6))
    parts = fit(slopes.Slope(), slopes.Samples(), chosen, folder / "parts")
    assert torch.equal(whole.weight, parts.weight)
    assert sorted(os.listdir(folder / "parts")) == sorted(os.listdir(folder / "whole"))
    for column in ("step", "loss", "half"):
        assert slopes.rows(folder / "parts", column) == slopes.rows(folder / "whole", column)
    assert slopes.rows(folder / "parts", "step") == list(range(1, steps + 1))


def batches(rounds: int, folder: Path, names: str, seed: int = 0) -> int:
    """Kill a batch, or one of its processes, and go on until it ends; how many times something was killed."""
    write_models(folder / "models")
    source, output = write_studies(folder / "in", names), folder / "out"
    exact = ("--folder", str(source), "--precision", "float32")  # which arithmetic is fastest is measured, and may vary
    undisturbed = Batch(folder, *exact, "--jobs", "1", output=folder / "whole")
    assert undisturbed.end()[0] == 0
    chance = random.Random(seed)
    for number in range(rounds):
        batch = Batch(folder, *exact, "--jobs", "2", output=output)
        began = time.monotonic()
        while time.monotonic() - began < chance.uniform(1, 20) and batch.process.poll() is None:
            time.sleep(0.02)
        below = children(batch.process.pid)
        processes = [batch.process.pid, *below, *(one for child in below for one in engines(child))]
        victim = batch.process.pid if number % 2 == 0 else chance.choice(processes)
        if batch.process.poll() is None:
            os.kill(victim, signal.SIGKILL)
        if victim == batch.process.pid:
            batch.process.communicate()
            until(lambda processes=processes: not any(alive(one) for one in processes))
        else:
            batch.end()
    code, shown, told = Batch(folder, *exact, "--jobs", "2", output=output).end()
    assert code == 0, told
    assert f"{len(names)} " in shown
    assert left_behind(output) == []
    for name in names:
        whole, parts = (one / name / "segmentation.nii.gz" for one in (folder / "whole", output))
        assert whole.read_bytes() == parts.read_bytes()
        assert sorted(os.listdir(whole.parent)) == sorted(os.listdir(parts.parent))
    return rounds


def test_output_folders_hold_one_whole_set(tmp_path: Path) -> None:
    output_folders(8, tmp_path / "out")


def test_a_killed_worker_leaves_nothing_whenever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workers(6, tmp_path, monkeypatch)


def test_a_killed_training_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    trainings(1, tmp_path, steps=30)


@pytest.mark.long
def test_many_kills_of_writers(tmp_path: Path) -> None:
    print(f"{output_folders(400, tmp_path / 'out', 1)} sets were written")


@pytest.mark.long
def test_many_kills_of_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    print(f"{workers(200, tmp_path, monkeypatch, 1)} of 200 jobs were done")


@pytest.mark.long
def test_many_kills_of_trainings(tmp_path: Path) -> None:
    trainings(25, tmp_path, steps=400, seed=1)


@pytest.mark.long
def test_many_kills_of_batches(tmp_path: Path) -> None:
    try:
        batches(12, tmp_path, "abcdefgh")
    finally:
        Batch.kill_all()
