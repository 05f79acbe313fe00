"""A model is told what was measured with it, and with no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from MissingModalitySegLib.advice import advise
from MissingModalitySegLib.bundles import load, verify
from MissingModalitySegLib.cli.edge import run
from MissingModalitySegLib.engine.model import Model, load_model
from MissingModalitySegLib.modalities import Code
from MissingModalitySegLib.networks.registry import build
from MissingModalitySegTraining.evaluation.journal import model_checksum
from MissingModalitySegTraining.evaluation.results import write_results
from MissingModalitySegTraining.export import Background, write_bundle
from Testing.evaluation.made_rows import evaluation, row

KINDS = {"clinic": "real"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    network = build({"architecture": "moe", "preset": "tiny", "config": {}}).eval()
    return write_bundle(
        tmp_path / "moe", Model(network, name="moe"), Background("moe", "Tried", "Apache-2.0", True)
    ).folder


def results(folder: Path, dice: float, checksum: str | None = None) -> Path:
    rows = [row(f"case{i}", "FLAIR", {"lesion": dice + i / 10}, dataset="clinic") for i in range(3)]
    checksum = checksum or model_checksum(load_model(load(folder)))
    made = evaluation(*rows, model="moe", kinds=KINDS, checksum=checksum)
    return write_results(made, folder.parent / f"results{dice}")


def test_figures_reach_the_advice_and_the_card(folder: Path) -> None:
    weights = load(folder).weights.read_bytes()
    assert run(["models", "measured", str(folder), str(results(folder, 0.5))]) == 0
    verify(load(folder))
    assert (
        "0.60 ± 0.06 (3 cases, few, real scans of clinic)"
        in advise(load(folder).manifest, Code.parse("FLAIR")).sentences()[0]
    )
    assert "| FLAIR | 0.600 ± 0.058 (3) |" in (folder / "MODEL_CARD.md").read_text()
    assert load(folder).weights.read_bytes() == weights


def test_later_figures_replace_those_of_the_same_data(folder: Path) -> None:
    for dice in (0.2, 0.7):
        assert run(["models", "measured", str(folder), str(results(folder, dice))]) == 0
    assert [figure.mean for figure in load(folder).manifest.performance] == [0.8]


def test_notes_stand_in_the_card(folder: Path, tmp_path: Path) -> None:
    assert "Nobody has measured it yet." in (folder / "MODEL_CARD.md").read_text()
    (tmp_path / "notes.md").write_text("Misses small ones.\n\n- and more\n", encoding="utf-8")
    assert run(["models", "measured", str(folder), "--notes", str(tmp_path / "notes.md")]) == 0
    card = (folder / "MODEL_CARD.md").read_text()
    assert "## Seen on scans\n\nMisses small ones.\n\n- and more\n" in card
    assert "Nobody has measured it yet." not in card
    assert run(["models", "measured", str(folder), str(results(folder, 0.5))]) == 0
    assert "Misses small ones." in (folder / "MODEL_CARD.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "neither results nor notes"),
        (["--notes", "absent.md"], "cannot be read"),
        (["foreign"], "was not measured with"),
    ],
)
def test_what_cannot_be_added_leaves_the_model_as_it_was(folder: Path, arguments, words, capsys) -> None:
    before = (folder / "manifest.json").read_bytes()
    if arguments == ["foreign"]:
        arguments = [str(results(folder, 0.5, checksum="0" * 64))]
    assert run(["models", "measured", str(folder), *arguments]) == 2
    assert words in capsys.readouterr().err.replace("\n", " ")
    assert (folder / "manifest.json").read_bytes() == before
    assert json.loads(before)["name"] == "moe"
