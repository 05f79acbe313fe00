"""`datalist`: what a user sees and a program reads."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from MissingModalitySegLib.cli.edge import run
from MissingModalitySegLib.datalists import read_datalist
from Testing.data.trees import extracted, labels, volume


def brats(root: Path, count: int = 6) -> Path:
    """A miniature BraTS 2021 whose first case lacks T2."""
    for i in range(count):
        name = f"BraTS2021_{i:05d}"
        for kind in ("flair", "t1", "t1ce", "t2")[: 3 if i == 0 else 4]:
            volume(root / name / f"{name}_{kind}.nii.gz", extracted(f"{i}{kind}"))
        volume(root / name / f"{name}_seg.nii.gz", labels(1, 2, 4))
        volume(root / name / f"{name}_adc.nii.gz")
    return root


def test_from_download_to_cache(tmp_path: Path, capsys) -> None:
    root, file = brats(tmp_path / "data"), tmp_path / "lists" / "brats.json"
    assert run(["datalist", "import", "brats2021", str(root), "--output", str(file), "--name", "gliomas"]) == 0
    shown = capsys.readouterr().out
    assert "6 cases, 6 with a label" in shown
    assert "has no T2" in shown
    assert "and 3 more" in shown  # the ADC maps
    assert read_datalist(file).name == "gliomas"

    assert run(["datalist", "check", str(file)]) == 0
    assert "6 cases: 0 errors, 0 warnings." in capsys.readouterr().out

    assert run(["datalist", "split", str(file), "--folds", "3", "--seed", "1"]) == 0
    assert "brats-3folds.json" in capsys.readouterr().out
    folds = [case.fold for case in read_datalist(tmp_path / "lists" / "brats-3folds.json").cases]
    assert sorted(folds) == [0, 0, 1, 1, 2, 2]
    assert {case.fold for case in read_datalist(file).cases} == {None}

    thin = tmp_path / "thin.json"
    command = ["datalist", "simulate-missing", str(file), "--full-ratio", "0.01", "--seed", "3", "--output", str(thin)]
    assert run(command) == 0
    assert "1 subject with all sequences" in capsys.readouterr().out
    assert read_datalist(thin).metadata["simulated_missing"]["seed"] == 3

    for what in ("6 built, 0 kept", "0 built, 6 kept"):
        assert run(["datalist", "cache", str(file), "--output", str(tmp_path / "cache")]) == 0
        assert what in capsys.readouterr().out


@pytest.mark.parametrize(
    ("preset", "options"),
    [("starter", ["--spacing", "1.3", "--bias-correction"]), ("paper", [])],
)
def test_a_cache_fits_the_preset_that_it_is_made_for(preset: str, options: list[str], tmp_path: Path) -> None:
    from MissingModalitySegTraining.configs import read_config
    from MissingModalitySegTraining.data.source import open_prepared

    file, cache = tmp_path / "brats.json", tmp_path / "cache"
    run(["datalist", "import", "brats2021", str(brats(tmp_path / "data", 2)), "--output", str(file)])
    assert run(["datalist", "cache", str(file), "--output", str(cache), *options]) == 0
    config = read_config("moe", preset, overrides={"data.source": str(cache)})
    assert len(open_prepared(config.data, None, tmp_path).training) == 2


def test_errors_end_with_code_2_and_all_are_shown(tmp_path: Path, capsys) -> None:
    file = tmp_path / "brats.json"
    run(["datalist", "import", "brats2021", str(brats(tmp_path / "data", 2)), "--output", str(file)])
    case = read_datalist(file).cases[1]
    volume(next(iter(case.modalities.values())), np.ones((16, 16, 16), np.float32))
    volume(case.label, labels(9))
    capsys.readouterr()
    assert run(["datalist", "check", str(file)]) == 2
    streams = capsys.readouterr()
    assert "everywhere" in streams.out
    assert "holds other values" in streams.out
    assert "Traceback" not in streams.err
    assert run(["datalist", "check", str(file), "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert [error["code"] for error in document["errors"]] == ["constant", "unexpected-label-values"]
    assert document["warnings"] == [] or {warning["code"] for warning in document["warnings"]} == {"not-extracted"}


def test_import_as_json_and_misuse(tmp_path: Path, capsys) -> None:
    root = brats(tmp_path / "data", 1)
    assert run(["datalist", "import", "brats2021", str(root), "--output", str(tmp_path / "d.json"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["cases"], document["labelled"]) == (1, 1)
    assert {"where": "BraTS2021_00000", "why": "has no T2", "kept": True} in document["remarks"]
    for command in (
        ["import", "mnist", str(root), "--output", str(tmp_path / "x.json")],
        ["check", str(tmp_path / "nothing.json")],
        ["split", str(tmp_path / "d.json"), "--folds", "2"],
        ["simulate-missing", str(tmp_path / "d.json"), "--full-ratio", "2"],
        ["cache", str(tmp_path / "d.json"), "--output", str(tmp_path / "c"), "--precision", "int8"],
    ):
        assert run(["datalist", *command]) == 2
        assert "Error:" in capsys.readouterr().err
