"""The recipes of the shipped models: commands that the command line takes, each after what it begins from."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from MissingModalitySegLib.cli.application import application
from MissingModalitySegTraining.weights import RECIPES, commands, joining, needed

ROOT = Path(__file__).resolve().parents[2]


def test_a_model_comes_after_what_it_begins_from() -> None:
    assert needed(["moe"]) == ["plain", "moe"]
    assert needed(["mome", "brain"]) == ["image", "flair", "t2", "mome", "brain"]
    assert needed(list(RECIPES)) == list(RECIPES)


def test_every_shipped_model_has_one_recipe() -> None:
    bundles = [bundle for recipe in RECIPES.values() for bundle in recipe.bundles]
    joined = [Path(joining(Path())[2]).name]
    shipped = [folder.name for folder in (ROOT / "Resources" / "models").iterdir() if folder.is_dir()]
    assert sorted(bundles + joined) == sorted(shipped)


@pytest.mark.parametrize("preset", ["starter", "gpu"])
@pytest.mark.parametrize("name", RECIPES)
def test_the_command_line_takes_the_trainings(name: str, preset: str, tmp_path: Path) -> None:
    train, *exports = commands(name, tmp_path, preset, share=0.5, masks=tmp_path)
    answer = CliRunner().invoke(application, [*train, "--dry-run"])
    assert answer.exit_code == 0, answer.output
    assert f"minutes: {RECIPES[name].minutes[preset] * 0.5}" in answer.output
    for export in exports:  # refused for want of a run, not for its options
        answer = CliRunner().invoke(application, export)
        assert answer.exit_code != 2
        assert str(tmp_path / "runs" / name) in str(answer.exception or answer.output).replace("\n", "")


def test_the_command_line_takes_the_joining(tmp_path: Path) -> None:
    answer = CliRunner().invoke(application, joining(tmp_path))
    assert answer.exit_code == 0, answer.output
    assert (tmp_path / "models" / "ensemble" / "manifest.json").is_file()
