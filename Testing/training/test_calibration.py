"""Calibrated models say yes where overlap was best on the cases held out."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from MissingModalitySegLib.engine.model import load_model
from MissingModalitySegLib.errors import InputError
from MissingModalitySegTraining.calibration import SUREST, best_offsets
from MissingModalitySegTraining.configs import read_config
from MissingModalitySegTraining.export import export
from MissingModalitySegTraining.runs import train

from .small_caches import overrides, small_cache


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    torch.set_num_threads(1)
    return small_cache(tmp_path_factory.mktemp("cases") / "cache")


def row(*voxels: tuple[float, bool]):
    probabilities, truth = zip(*voxels, strict=True)
    return np.array([probabilities, probabilities]), {"lesion": np.array(truth)}


def test_the_line_is_drawn_where_overlap_is_best() -> None:
    false_alarms = row((0.6, False), (0.7, False), (0.85, True), (0.9, True), (0.2, False))
    found = best_offsets([false_alarms], ("lesion", "core"))
    assert set(found) == {"lesion"}  # nobody has a core
    assert 0.82 < 1 / (1 + math.exp(-found["lesion"])) < 0.85  # the highest that keeps both and leaves the others out
    assert best_offsets([row((0.51, True), (0.4, False))], ("lesion",)) == {"lesion": 0.0}
    surest = best_offsets([row((0.999, True), (0.99, False), (0.97, False))], ("lesion",))["lesion"]
    assert surest <= math.log(SUREST / (1 - SUREST)) + 1e-9


def test_of_what_is_as_good_the_surest_is_asked_for() -> None:
    """Leaving out one voxel of a thousand is as good as keeping all, leaving out a tenth is not."""
    found = best_offsets([row(*[(0.96, True)] * 900, *[(0.8, True)] * 99, (0.6, True))], ("lesion",))
    assert 0.6 < 1 / (1 + math.exp(-found["lesion"])) < 0.8


def test_every_row_counts_alike() -> None:
    large = row(*[(0.6, True)] * 50, *[(0.55, False)] * 50)
    small = row((0.95, True), (0.6, False), (0.6, False))
    found = best_offsets([large, small, small, small], ("lesion",))
    assert 1 / (1 + math.exp(-found["lesion"])) > 0.6  # three small ones outvote the large one


def test_a_calibrated_model_asks_for_less(cache, tmp_path) -> None:
    known = {"loop.steps": 6, "validation.pictures": 0, "validation.final_codes": ["T1", "FLAIR", "T1+T2"]}
    run = train(read_config("modality_dropout", "tiny", overrides=overrides(cache, **known)), tmp_path / "run")
    plain = export(run.folder, tmp_path / "plain")
    bundle = export(run.folder, tmp_path / "model", calibrated=True)
    asked = bundle.manifest.provenance["calibration"]
    assert set(asked) == {"lesion", "core", "enhancing"}
    assert all(0.5 <= probability <= SUREST for probability in asked.values())
    before, after = (load_model(one).network.head.bias for one in (plain, bundle))
    names = ("lesion", "core", "enhancing")
    expected = [math.log(asked[name] / (1 - asked[name])) for name in names]
    np.testing.assert_allclose((before - after).detach(), expected, atol=0.01)
    assert {figure.code for figure in bundle.manifest.performance} == {
        figure.code for figure in plain.manifest.performance
    }
    best = {figure.region: [] for figure in plain.manifest.performance}
    for manifest, sign in ((plain.manifest, -1), (bundle.manifest, 1)):
        for figure in manifest.performance:
            best[figure.region].append(sign * figure.mean)
    assert all(sum(values) >= -0.01 for values in best.values())  # no worse on what it was calibrated on
    assert "- Calibrated: " in (bundle.folder / "MODEL_CARD.md").read_text()
    assert "calibration" not in json.loads((plain.folder / "manifest.json").read_text())["provenance"]


@pytest.mark.parametrize(("method", "held"), [("mome", 1), ("modality_dropout", 0)])
def test_what_cannot_be_calibrated_is_refused(cache, tmp_path, method: str, held: int) -> None:
    known = {"loop.steps": 3, "validation.pictures": 0, "validation.cases": held}
    run = train(read_config(method, "tiny", overrides=overrides(cache, **known)), tmp_path / "run")
    with pytest.raises(InputError) as refused:
        export(run.folder, tmp_path / "model", calibrated=True)
    assert refused.value.code == "not-calibrated"
    assert not (tmp_path / "model").exists()
