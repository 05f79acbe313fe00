"""Evaluation on prepared arrays, against what can be counted and against the way through images."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from MissingModalitySegLib.datalists import read_datalist
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.labels import LESION
from MissingModalitySegLib.modalities import Code, Modality
from MissingModalitySegTraining.data.cache import Cache, CacheOptions
from MissingModalitySegTraining.data.fill import fill_cache
from MissingModalitySegTraining.evaluation.cached import evaluate_cached
from MissingModalitySegTraining.evaluation.evaluate import evaluate

from .boxes import bright, case, write_datalist, write_volumes

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """Made from images at their own 1 mm: two labelled cases, an unlabelled one, and one of plain arrays."""
    write_volumes(tmp_path)
    flair = {"FLAIR": "flair.nii.gz"}
    datalist = write_datalist(
        tmp_path,
        case("half", brain_mask="brain.nii.gz", subject="s", dataset="phantom 1"),
        case("whole", modalities=flair, label="glioma.nii.gz", scheme="glioma"),
        case("unlabelled", label=None, scheme=None),
    )
    made = Cache(tmp_path / "cache", CacheOptions(spacing=1.0))
    fill_cache(made, read_datalist(datalist).cases)
    channels = np.zeros((5, 10, 11, 12), np.float32)  # sizes that the network's multiple does not divide
    channels[0] = np.random.default_rng(0).normal(0, 0.1, (10, 11, 12))
    channels[0, 2:5, 2:5, 2:5] = 4
    truth = np.zeros((10, 11, 12), np.uint8)
    truth[2:5, 2:5, 2:4] = 1
    made.add("arrays", channels, Code.parse("T1"), truth, ("lesion",), scheme=LESION)
    return made


def figures(row: dict) -> dict:
    return {key: value for key, value in row.items() if key not in ("seconds", "subject", "dataset")}


def test_on_the_same_grid_it_gives_the_rows_of_the_engine(cache: Cache, tmp_path: Path) -> None:
    through_images = evaluate(bright(), read_datalist(tmp_path / "datalist.json"))
    cached = evaluate_cached(bright(), cache, ["half", "whole", "unlabelled"])
    assert [figures(row) for row in cached.rows] == [figures(row) for row in through_images.rows]
    assert cached.grid == "model"
    assert [entry["case"] for entry in cached.skipped] == ["unlabelled"]
    assert cached.kinds == {"cache": "real", "phantom 1": "simulated"}
    assert cached.rows[0]["subject"] == "s"


def test_a_case_of_arrays_by_hand(cache: Cache) -> None:
    (row,) = evaluate_cached(bright(), cache, ["arrays"], "full", kind="simulated").rows
    assert row["dice"] == {"lesion": pytest.approx(2 * 18 / (18 + 27))}
    assert row["volume_ml"]["lesion"] == {"found": 0.027, "true": 0.018}


def test_all_cases_codes_and_models_of_fewer_modalities(cache: Cache) -> None:
    heard = []
    result = evaluate_cached(bright(), cache, codes=[Code.parse("T1"), Code.parse("T2+FLAIR")], report=heard.append)
    assert [(row["case"], row["code"]) for row in result.rows] == [("arrays", "T1"), ("half", "T2+FLAIR")]
    assert len(heard) == 2
    assert ("whole", "T2+FLAIR") in [(entry["case"], entry["code"]) for entry in result.skipped]
    model = bright((Modality.FLAIR, Modality.DWI))
    result = evaluate_cached(model, cache, ["half", "arrays"])
    assert [(row["case"], row["code"]) for row in result.rows] == [("half", "FLAIR")]
    assert result.skipped == ({"case": "arrays", "code": "", "why": "it has none of the model's sequences"},)
    assert model.network.images[0].shape[1] == 2


def test_what_does_not_fit_is_refused(cache: Cache, tmp_path: Path) -> None:
    other = Cache(tmp_path / "coarse", CacheOptions(spacing=2.0))
    with pytest.raises(InputError, match="2 mm"):
        evaluate_cached(bright(), other)
    with pytest.raises(InputError, match="nowhere"):
        evaluate_cached(bright(), cache, ["nowhere"])


def test_it_needs_no_images() -> None:
    """The machine that trains has neither SimpleITK nor nibabel nor nilearn."""
    script = (
        "import sys\n"
        "for name in ('SimpleITK', 'nibabel', 'nilearn', 'matplotlib'): sys.modules[name] = None\n"
        f"sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'training')!r}]\n"
        "import importlib.util as u\n"
        "found = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'SimpleITK' else found(name, *rest)\n"
        "from MissingModalitySegTraining.evaluation import cached, statistics, tables, plots, evaluate\n"
    )
    run = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, cwd="/")
    assert run.returncode == 0, run.stderr
