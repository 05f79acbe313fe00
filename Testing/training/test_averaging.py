"""The mean of several trainings' weights: what it is, what the model says of it, and what cannot be averaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from MissingModalitySegLib.bundles import load, verify
from MissingModalitySegLib.cli.edge import run as command
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import MODALITIES
from MissingModalitySegTraining.configs import read_config
from MissingModalitySegTraining.export import export
from MissingModalitySegTraining.runs import VALIDATION, Run, train

from .small_caches import overrides, small_cache


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    torch.set_num_threads(1)
    return small_cache(tmp_path_factory.mktemp("cases") / "cache")


def trained(cache, folder: Path, method: str = "moe", **changes) -> Run:
    known = {"loop.steps": 3, "validation.pictures": 0, "validation.final_codes": ["T1", "FLAIR"]}
    return train(read_config(method, "tiny", overrides=overrides(cache, **(known | changes))), folder)


def weights(run: Run) -> dict[str, torch.Tensor]:
    return load_file(run.folder / "network" / "network.safetensors")


def test_the_weights_are_the_mean_and_figures_and_card_are_theirs(cache, tmp_path: Path) -> None:
    first = trained(cache, tmp_path / "first")
    second = trained(cache, tmp_path / "second", start=str(first.folder), seed=1, **{"loop.learning_rate": 0.05})
    third = export(trained(cache, tmp_path / "third", start=str(first.folder), seed=2).folder, tmp_path / "model-3")
    alone = export(second.folder, tmp_path / "alone")
    words = ["export", str(second.folder), str(tmp_path / "mean")]
    assert command([*words, "--average", str(first.folder), "--average", str(third.folder)]) == 0
    mean = load_file(tmp_path / "mean" / "weights.safetensors")
    others = weights(first), weights(second), load_file(third.folder / "weights.safetensors")
    for name, value in mean.items():
        expected = sum(other[name].double() for other in others) / 3
        torch.testing.assert_close(value.double(), expected, rtol=2e-3, atol=1e-4)  # half precision
    assert any(not torch.allclose(value.float(), weights(second)[name], atol=1e-3) for name, value in mean.items())

    bundle = load(tmp_path / "mean")
    verify(bundle)
    told = bundle.manifest.provenance
    assert told["began_from"] == {"start": "run first", "averaged_with": ["run first", "model-3 1.0.0"]}
    assert list(told["ancestors"]) == ["run first", "model-3 1.0.0"]
    card = (bundle.folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "- Weights: the mean of what this training left and those of run first (moe, 3 steps" in card
    assert "and model-3 1.0.0 (moe, 3 steps" in card
    figures = {(one.code, one.region): one.mean for one in bundle.manifest.performance}
    own = {(one.code, one.region): one.mean for one in alone.manifest.performance}
    assert figures.keys() == own.keys()
    assert figures != own  # measured anew


def test_answers_are_weighed_by_what_the_mean_reaches(cache, tmp_path: Path) -> None:
    """Not by what the training alone reached."""
    alone = {"validation.final_codes": "few", "loop.steps": 12}
    first = trained(cache, tmp_path / "first", "single_unet", **alone)
    second = trained(cache, tmp_path / "second", "single_unet", start=str(first.folder), seed=1, **alone)
    own = second.validation()
    for row in own["rows"]:
        row["dice"]["lesion"] = 0.9
    (second.folder / VALIDATION).write_text(json.dumps(own), encoding="utf-8")
    mean = export(second.folder, tmp_path / "mean", averaged=[str(first.folder)])
    weighed = export(second.folder, tmp_path / "weighed", averaged=[str(first.folder)], by_reliability=True)
    reached = {str(one.code): one.mean for one in mean.manifest.performance if one.region == "lesion"}
    assert weighed.manifest.fusion.weights == pytest.approx([reached[str(one)] for one in MODALITIES], abs=1e-3)
    assert 0.9 not in weighed.manifest.fusion.weights


def test_a_synthesiser_alone_is_not_averaged(cache, tmp_path: Path) -> None:
    run = trained(cache, tmp_path / "run", "mae_baseline", **{"loop.steps": 3})
    with pytest.raises(InputError) as refused:
        export(run.folder, tmp_path / "mean", what="synthesiser", averaged=[str(run.folder)])
    assert refused.value.code == "nothing-to-fuse"


def test_other_networks_are_not_averaged(cache, tmp_path: Path, capsys) -> None:
    run = trained(cache, tmp_path / "run")
    plain = trained(cache, tmp_path / "plain", "modality_dropout")
    for other, reason in ((plain.folder, "differs in network"), (tmp_path / "nothing", "nothing")):
        assert command(["export", str(run.folder), str(tmp_path / "mean"), "--average", str(other)]) != 0
        assert reason in capsys.readouterr().err.replace("\n", " ")
        assert not (tmp_path / "mean").exists()
