"""A model tells what it began from, as that was then; how the loss fell stands in its bundle."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from MissingModalitySegLib.bundles import load, verify
from MissingModalitySegLib.errors import InputError
from MissingModalitySegTraining.configs import read_config
from MissingModalitySegTraining.data.cache import Cache
from MissingModalitySegTraining.export import export
from MissingModalitySegTraining.model_card import _attribution
from MissingModalitySegTraining.origins import PREDECESSORS, _enter
from MissingModalitySegTraining.runs import train
from MissingModalitySegTraining.training_curves import POINTS, curves, picture, thinned

from .small_caches import overrides, small_cache


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    torch.set_num_threads(1)
    return small_cache(tmp_path_factory.mktemp("cases") / "cache")


def trained(cache, folder: Path, method: str, **changes):
    known = {"loop.steps": 3, "validation.cases": 0}
    return train(read_config(method, "tiny", overrides=overrides(cache, **(known | changes))), folder)


def test_a_model_tells_what_all_of_it_began_from(cache, tmp_path) -> None:
    first = trained(cache, tmp_path / "first", "mome")
    base = export(first.folder, tmp_path / "base", version="1.2.0")
    alone = trained(cache, tmp_path / "alone", "single_unet", modalities=["FLAIR"], start=str(base.folder))
    last = trained(cache, tmp_path / "last", "mome", start=str(base.folder), experts={"FLAIR": str(alone.folder)})
    export(first.folder, tmp_path / "base", version="2.0.0", replace_existing=True)  # too late to be told
    bundle = export(last.folder, tmp_path / "model")
    verify(load(bundle.folder))
    provenance = bundle.manifest.provenance
    assert provenance["began_from"] == {"start": "base 1.2.0", "experts": {"FLAIR": "run alone"}}
    assert list(provenance["ancestors"]) == ["base 1.2.0", "run alone"]  # each once
    expert = provenance["ancestors"]["run alone"]
    assert (expert["method"], expert["config"]["modalities"]) == ("single_unet", ["FLAIR"])
    assert expert["began_from"] == {"start": "base 1.2.0"}
    assert str(tmp_path) not in json.dumps(provenance)
    titles = [title for title, _ in curves(provenance)]
    assert titles == ["experts", "joint", "run alone: network", "base 1.2.0: experts", "base 1.2.0: joint"]
    card = (bundle.folder / "MODEL_CARD.md").read_text()
    steps = load(base.folder).manifest.provenance["steps"]
    assert f"- Began from: base 1.2.0 (mome, {steps} steps" in card
    assert "expert for FLAIR: run alone (single_unet, 3 steps" in card
    assert "Hours with what came before" in card
    assert "![Loss by step" in card
    assert Image.open(bundle.folder / "curves.png").size[0] > 800  # four panels beside each other


def test_many_generations_fit_into_a_manifest(cache, tmp_path) -> None:
    export(trained(cache, tmp_path / "run", "modality_dropout").folder, tmp_path / "model", version="1.0.0")
    for generation in range(1, 9):
        run = trained(cache, tmp_path / f"run{generation}", "modality_dropout", start=str(tmp_path / "model"))
        export(run.folder, tmp_path / "model", version=f"1.{generation}.0", replace_existing=True)
    names = [f"model 1.{generation}.0" for generation in range(8)]
    assert list(load(tmp_path / "model").manifest.provenance["ancestors"]) == names


def test_others_of_one_name_stay_apart() -> None:
    table: dict = {}
    older, newer = ({"bundle": "m", "version": "1.0.0", "steps": steps} for steps in (1, 2))
    child = {"run": "r", "began_from": {"start": "m 1.0.0"}, "ancestors": {"m 1.0.0": newer}}
    assert _enter(older, table) == "m 1.0.0"
    assert _enter(child, table) == "run r"
    assert _enter(older, table) == "m 1.0.0"
    assert table["run r"]["began_from"] == {"start": "m 1.0.0 (2)"}
    assert table["m 1.0.0 (2)"]["steps"] == 2


def test_what_began_from_scans_of_patients_says_so(cache, tmp_path) -> None:
    scanned = Cache(tmp_path / "scanned", cache.options)
    for name in cache.ids:
        one = cache[name]
        metadata = {**one.metadata, "dataset": "ward"}
        scanned.add(name, one.channels, one.code, np.array(one.regions), brain=one.brain, metadata=metadata)
    first = trained(scanned, tmp_path / "first", "modality_dropout")
    second = trained(cache, tmp_path / "second", "modality_dropout", start=str(first.folder))
    own = export(trained(cache, tmp_path / "own", "modality_dropout").folder, tmp_path / "plain").manifest
    began = export(second.folder, tmp_path / "model").manifest
    assert own.licence == "Apache-2.0"
    assert "simulated scans only" in own.warning
    assert began.licence == "unspecified"
    assert "simulated scans only" not in began.warning


def test_a_card_names_the_sources_of_ancestors() -> None:
    masks = {"data": "phantom", "config": {"data": {"source": "phantom", "phantom": {"lesion_masks": "ms-masks"}}}}
    own = {"data": "list.json", "config": {"data": {"source": "list.json"}}, "ancestors": {"m 1.0.0": masks}}
    assert "MNI152" in _attribution(own)
    assert "“ms-masks”" in _attribution(own)
    assert _attribution({"data": "list.json"}) == ""


def test_an_abandoned_attempt_leaves_no_ancestors(cache, tmp_path) -> None:
    base = trained(cache, tmp_path / "base", "modality_dropout")
    with pytest.raises(InputError):
        trained(cache, tmp_path / "run", "modality_dropout", start=str(base.folder), **{"data.source": "absent"})
    assert (tmp_path / "run" / PREDECESSORS).exists()
    run = trained(cache, tmp_path / "run", "modality_dropout")
    assert "began_from" not in export(run.folder, tmp_path / "model").manifest.provenance


def test_what_is_missing_is_told_before_anything_is_written(cache, tmp_path) -> None:
    with pytest.raises(InputError):
        trained(cache, tmp_path / "run", "mome", start=str(tmp_path / "absent"))
    assert list((tmp_path / "run").glob("*")) == []


def test_a_training_from_nothing_tells_of_itself_alone(cache, tmp_path) -> None:
    bundle = export(trained(cache, tmp_path / "run", "modality_dropout").folder, tmp_path / "model")
    assert "began_from" not in bundle.manifest.provenance
    assert [title for title, _ in curves(bundle.manifest.provenance)] == ["network"]
    assert "Began from" not in (bundle.folder / "MODEL_CARD.md").read_text()


def test_a_curve_is_the_mean_of_spans(tmp_path) -> None:
    losses = np.random.default_rng(0).random(4 * POINTS)
    lines = [f"{step},{loss}" for step, loss in enumerate(losses, 1)] + [f"{4 * POINTS + 1},nan"]
    (tmp_path / "history.csv").write_text("step,loss\n" + "\n".join(lines) + "\n")
    curve = thinned(tmp_path / "history.csv")
    assert curve["step"] == list(range(4, 4 * POINTS + 1, 4))
    np.testing.assert_allclose(curve["loss"], losses.reshape(POINTS, 4).mean(1), atol=1e-4)
    assert thinned(tmp_path / "absent.csv") is None
    (tmp_path / "empty.csv").write_text("step,loss\n")
    assert thinned(tmp_path / "empty.csv") is None
    assert picture({"stages": {"network": {"steps": 3}}}) is None
