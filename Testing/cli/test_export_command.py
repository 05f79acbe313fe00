"""The command `export`, on a run that was trained for two steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from MissingModalitySegLib.bundles import load
from MissingModalitySegLib.cli.edge import run
from MissingModalitySegTraining.configs import read_config
from MissingModalitySegTraining.runs import train

from ..training.small_caches import overrides, small_cache


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    cache = small_cache(folder / "cache")
    settings = overrides(cache, **{"loop.steps": 2, "validation.cases": 0})
    return train(read_config("modality_dropout", "tiny", overrides=settings), folder / "run").folder


def test_a_run_is_exported_once(finished: Path, tmp_path: Path, capsys) -> None:
    target = tmp_path / "tried"
    wanted = ["export", str(finished), str(target), "--title", "Tried out", "--version", "0.3", "--licence", "CC0-1.0"]
    assert run(wanted) == 0
    printed = capsys.readouterr().out
    assert "Wrote tried 0.3" in printed
    assert "does not say what to expect" in printed
    manifest = load(target).manifest
    assert (manifest.title, manifest.version, manifest.licence) == ("Tried out", "0.3", "CC0-1.0")
    assert run(wanted) == 2
    assert "--replace" in capsys.readouterr().err
    assert run([*wanted, "--replace", "--name", "other"]) == 0
    assert load(target).manifest.name == "other"


def test_what_is_no_run_is_said_plainly(tmp_path: Path, capsys) -> None:
    assert run(["export", str(tmp_path), str(tmp_path / "model")]) == 2
    assert "no run" in capsys.readouterr().err
