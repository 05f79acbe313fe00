"""`evaluate` as a user calls it, with a tiny network on two generated cases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from MissingModalitySegLib.bundles import save
from MissingModalitySegLib.cli.edge import run
from MissingModalitySegLib.networks.registry import build, describe
from MissingModalitySegLib.networks.weights import write_weights
from Testing.bundles.samples import description
from Testing.evaluation.boxes import case, write_datalist, write_volumes

MODALITIES = ["T1", "T2", "FLAIR"]


def bundle(folder: Path, name: str, seed: int) -> Path:
    """An untrained network of the unet family."""
    torch.manual_seed(seed)
    network = build({"architecture": "unet", "preset": "tiny", "config": {"channels": 3, "regions": 3}})
    folder.mkdir(parents=True)
    write_weights(folder / "weights.safetensors", network)
    changes = {
        "name": name,
        "family": "baseline",
        "modalities": MODALITIES,
        "grid": {"spacing": [2.0, 2.0, 2.0], "orientation": "RAS"},
        "tile": {"size": [32, 32, 32], "multiple": network.multiple, "overlap": 0.5},
        "network": describe(network),
        "synthesiser": None,
        "performance": [],
    }
    sources = {"weights.safetensors": (folder / "weights.safetensors").read_bytes()}
    return save(folder, description(**changes), sources, replace=True).folder


@pytest.fixture
def place(tmp_path: Path, monkeypatch) -> Path:
    """Two labelled cases and one without a label; two models that are found by name."""
    write_volumes(tmp_path)
    glioma = {"label": "glioma.nii.gz", "scheme": "glioma"}
    cases = [case("a"), case("b", modalities={"FLAIR": "flair.nii.gz"}, **glioma), case("c", label=None, scheme=None)]
    write_datalist(tmp_path, *cases, data="simulated")
    for seed, name in enumerate(("one", "two")):
        bundle(tmp_path / "models" / name, name, seed)
    monkeypatch.setenv("MISSING_MODALITY_SEG_MODELS", str(tmp_path / "models"))
    return tmp_path


def evaluate(place: Path, *arguments: str, model: str = "one") -> int:
    return run(["evaluate", "--datalist", str(place / "datalist.json"), "--model", model, *arguments])


def test_everything_is_written(place: Path, capsys) -> None:
    output = place / "out"
    assert evaluate(place, "--output", str(output)) == 0
    streams = capsys.readouterr()
    assert "boxes: 2 cases, simulated scans only" in streams.out
    assert "it has no label" in streams.out
    assert "4 rows, 1 skipped" in streams.out
    names = ["boxes.png", "heatmap.png", "journal.jsonl", "results.json", "results.md", "results.tex"]
    assert sorted(file.name for file in output.iterdir()) == names
    document = json.loads((output / "results.json").read_text())
    assert document["model"] == "one"
    assert [(row["case"], row["code"]) for row in document["rows"]] == [
        ("a", "T2"),
        ("a", "FLAIR"),
        ("a", "T2+FLAIR"),
        ("b", "FLAIR"),
    ]
    keys = {"dice", "hd95", "ppv", "sensitivity", "cscore", "cscore_as_printed", "lesions", "volume_ml", "seconds"}
    assert keys <= set(document["rows"][0])
    assert set(document["rows"][3]["dice"]) == {"lesion", "core", "enhancing"}
    assert document["skipped"] == [{"case": "c", "code": "", "why": "it has no label"}]
    assert "simulated scans only" in (output / "results.md").read_text()


def test_chosen_subsets_as_json(place: Path, capsys) -> None:
    assert evaluate(place, "--subsets", "FLAIR,T1+FLAIR,FLAIR", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert [(row["case"], row["code"]) for row in document["rows"]] == [("a", "FLAIR"), ("b", "FLAIR")]
    skipped = [(entry["case"], entry["code"]) for entry in document["skipped"]]
    assert skipped == [("a", "T1+FLAIR"), ("b", "T1+FLAIR"), ("c", "")]
    assert evaluate(place, "--subsets", "full", "--json", "--device", "cpu") == 0
    assert len(json.loads(capsys.readouterr().out)["rows"]) == 2


def test_two_models_are_compared(place: Path, capsys) -> None:
    one, two = place / "one", place / "two"
    assert evaluate(place, "--output", str(one)) == 0
    folder = str(place / "models" / "two")
    assert evaluate(place, "--output", str(two), "--compare", str(one / "results.json"), model=folder) == 0
    assert "Against one: Wilcoxon" in capsys.readouterr().out
    comparison = json.loads((two / "comparison.json").read_text())
    assert (comparison["ours"], comparison["other"], comparison["pairs"]) == ("two", "one", 4)
    assert "## two against one" in (two / "results.md").read_text()


def test_misuse_ends_with_code_2(place: Path, capsys) -> None:
    for arguments, model, said in (
        ((), "three", "no model"),
        (("--subsets", "T1ce"), "one", "T1ce"),
        (("--subsets", "T9"), "one", "--subsets: “T9”"),
        (("--subsets", ","), "one", "--subsets names none"),
        (("--device", "toaster"), "one", "toaster"),
        (("--compare", str(place / "absent.json")), "one", "absent.json"),
        (("--output", str(place / "flair.nii.gz")), "one", "cannot be written"),
        ((), str(place), "manifest"),
    ):
        assert evaluate(place, *arguments, model=model) == 2
        error = capsys.readouterr().err
        assert said in error
        assert "Traceback" not in error
