"""The command `train`: what it is told, how it stops and goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from safetensors.torch import load_file

from MissingModalitySegLib.cli.edge import run

from ..training.small_caches import small_cache

ROOT = Path(__file__).resolve().parents[2]


def arguments(cache: Path, output: Path, *more: str) -> list[str]:
    return [
        "train", "modality_dropout", "--preset", "tiny", "--data", str(cache), "--output", str(output),
        "--set", "data.spacing=4", "--set", "data.fold=1", "--set", "validation.cases=1",
        "--set", "validation.pictures=0", *more,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    return small_cache(tmp_path_factory.mktemp("cases") / "cache").folder


def environment() -> dict[str, str]:
    paths = os.pathsep.join([str(ROOT), str(ROOT / "training")])
    return os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}


def test_dry_run_prints_a_configuration_that_can_be_read_again(capsys, tmp_path: Path) -> None:
    wanted = ["train", "universal", "--preset", "tiny", "--variant", "clip_hypernetwork+full_modality_10"]
    assert run([*wanted, "--minutes", "8", "--set", "loop.learning_rate=1e-3", "--dry-run"]) == 0
    printed = capsys.readouterr().out
    assert "# stage mae: 5 steps, at most 2 minutes" in printed
    config = yaml.safe_load(printed)
    assert config["data"]["missing"]["full_ratio"] == 0.1
    assert config["options"]["teacher"] == "none"
    assert config["loop"]["learning_rate"] == 1e-3
    (tmp_path / "again.yaml").write_text(printed, encoding="utf-8")
    assert run(["train", str(tmp_path / "again.yaml"), "--dry-run"]) == 0
    assert yaml.safe_load(capsys.readouterr().out) == config


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["train", "mo", "--dry-run"], "“mo” is no training method"),
        (["train", "moe", "--set", "loop.stps=3", "--dry-run"], "loop.stps: there is no such key. Did you mean steps?"),
        (["train", "moe", "--set", "loop.steps", "--dry-run"], "does not set a key"),
        (["train", "moe", "--preset", "tiny"], "It is not said where the run goes"),
        (["train", "nowhere.yaml", "--dry-run"], "There is no configuration"),
        (["train", "moe", "--data", "nowhere", "--output", "run", "--preset", "tiny"], "nowhere"),
    ],
)
def test_mistakes_are_told_with_exit_code_2(more: list[str], said: str, capsys, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(more) == 2
    assert said in capsys.readouterr().err


def test_trains_and_says_what_came_of_it(cache: Path, tmp_path: Path, capsys) -> None:
    assert run(arguments(cache, tmp_path / "run", "--set", "loop.steps=3")) == 0
    said = capsys.readouterr().out
    assert "3 steps on 6 samples" in said
    assert "Dice on 1 simulated cases it was not trained on: mean" in said
    assert (tmp_path / "run" / "network" / "network.safetensors").exists()


def test_sigterm_keeps_a_checkpoint_and_the_same_command_goes_on(cache: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "MissingModalitySegLib"]
    command += arguments(cache, tmp_path / "run", "--set", "loop.steps=1000000")
    history = tmp_path / "run" / "network" / "history.csv"
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and (not history.exists() or len(history.read_text().splitlines()) < 4):
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 3, said
    assert "Give the same command again to go on." in said
    steps = len(history.read_text().splitlines()) - 1
    assert steps >= 3
    done = subprocess.run([*command, "--minutes", "0.001"], env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"{steps} steps" in done.stdout  # the time was up before; nothing was lost or done again
    assert load_file(tmp_path / "run" / "network" / "network.safetensors")


@pytest.mark.long
def test_two_processes_under_torchrun(cache: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["-m", "MissingModalitySegLib", *arguments(cache, tmp_path / "run", "--set", "loop.steps=4")]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "4 steps on 16 samples" in done.stdout
    assert done.stdout.count("Finished:") == 1
