"""Evaluation against a network whose answer is known: it calls lesion whatever is bright."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import torch
from torch import nn

from MissingModalitySegLib.datalists import read_datalist
from MissingModalitySegLib.modalities import Code
from MissingModalitySegTraining.evaluation.evaluate import evaluate


class Bright(nn.Module):
    """Lesion where any present channel is two deviations above the brain; core nowhere; enhancing nowhere."""

    multiple = 8

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.codes: list[list[float]] = []

    def fold(self, code: torch.Tensor) -> nn.Module:
        self.codes.append(code.tolist())
        return self

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        lesion = 20 * (x.amax(1, keepdim=True) - 2)
        return torch.cat([lesion, torch.full_like(lesion, -20), torch.full_like(lesion, -20)], dim=1)


def write(path: Path, array: np.ndarray) -> str:
    image = sitk.GetImageFromArray(np.ascontiguousarray(array.transpose(2, 1, 0)))
    image.SetDirection([-1, 0, 0, 0, -1, 0, 0, 0, 1])
    sitk.WriteImage(image, str(path))
    return path.name


@pytest.fixture
def datalist(tmp_path: Path) -> Path:
    """A ball of brain with a bright box; half of the box is labelled, in T2 a second bright box is misleading."""
    rng = np.random.default_rng(0)
    axes = np.meshgrid(*[np.arange(28) - 13.5] * 3, indexing="ij")
    brain = sum(axis**2 for axis in axes) < 11**2
    plain = np.where(brain, 100 + rng.normal(0, 1, brain.shape), 0).astype(np.float32)
    flair, t2, lesion, glioma = (
        plain.copy(),
        plain.copy(),
        np.zeros(brain.shape, np.uint8),
        np.zeros(brain.shape, np.uint8),
    )
    flair[10:14, 10:14, 10:14] = 160
    t2[10:14, 10:14, 10:14] = t2[16:20, 10:14, 10:14] = 160
    lesion[10:14, 10:14, 10:12] = 1
    glioma[10:14, 10:14, 10:14] = 2
    write(tmp_path / "flair.nii.gz", flair)
    write(tmp_path / "t2.nii.gz", t2)
    write(tmp_path / "lesion.nii.gz", lesion)
    write(tmp_path / "glioma.nii.gz", glioma)
    write(tmp_path / "odd.nii.gz", np.where(glioma, 4, 0).astype(np.uint8))
    both = {"FLAIR": "flair.nii.gz", "T2": "t2.nii.gz"}
    extracted = {"brain_extracted": True, "aligned": True}
    cases = [
        {"id": "half", "modalities": both, "label": "lesion.nii.gz", "scheme": "lesion", **extracted},
        {
            "id": "whole",
            "modalities": {"FLAIR": "flair.nii.gz"},
            "label": "glioma.nii.gz",
            "scheme": "glioma",
            **extracted,
        },
        {"id": "unlabelled", "modalities": both, **extracted},
        {"id": "head", "modalities": both, "label": "lesion.nii.gz", "scheme": "lesion", "brain_extracted": False},
        {"id": "odd", "modalities": {"T2": "t2.nii.gz"}, "label": "odd.nii.gz", "scheme": "glioma", **extracted},
        {
            "id": "gone",
            "modalities": {"T2": "absent.nii.gz"},
            "label": "lesion.nii.gz",
            "scheme": "lesion",
            **extracted,
        },
    ]
    (tmp_path / "datalist.json").write_text(json.dumps({"name": "boxes", "cases": cases}))
    return tmp_path / "datalist.json"


def test_every_code_of_every_case_is_scored_on_the_labels_grid(datalist: Path) -> None:
    network = Bright()
    result = evaluate(network, read_datalist(datalist))
    scores = {(row["case"], row["code"]): row["dice"] for row in result.rows}
    assert set(scores) == {("half", "T2"), ("half", "FLAIR"), ("half", "T2+FLAIR"), ("whole", "FLAIR")}
    assert scores["half", "FLAIR"] == {"lesion": pytest.approx(2 * 32 / (64 + 32))}
    assert scores["half", "T2"] == {"lesion": pytest.approx(2 * 32 / (128 + 32))}
    assert scores["whole", "FLAIR"] == {"lesion": pytest.approx(1.0), "core": 1.0, "enhancing": 1.0}
    volumes = {(row["case"], row["code"]): row["volume_ml"]["lesion"] for row in result.rows}
    assert volumes["half", "T2"] == pytest.approx(0.128)
    assert [0, 0, 1, 0, 0] in network.codes
    assert [0, 0, 1, 1, 0] in network.codes


def test_what_cannot_be_scored_is_listed_with_its_reason(datalist: Path) -> None:
    skipped = {entry["case"]: entry["why"] for entry in evaluate(Bright(), read_datalist(datalist)).skipped}
    assert set(skipped) == {"unlabelled", "head", "odd", "gone"}
    assert "no label" in skipped["unlabelled"]
    assert "whole head" in skipped["head"]
    assert "4" in skipped["odd"]
    assert "absent.nii.gz" in skipped["gone"]


def test_subsets_can_be_chosen(datalist: Path) -> None:
    full = evaluate(Bright(), read_datalist(datalist), "full")
    assert {(row["case"], row["code"]) for row in full.rows} == {("half", "T2+FLAIR"), ("whole", "FLAIR")}
    chosen = evaluate(Bright(), read_datalist(datalist), [Code.parse("T2"), Code.parse("T1+FLAIR")])
    assert [(row["case"], row["code"]) for row in chosen.rows] == [("half", "T2")]
    reasons = [entry["why"] for entry in chosen.skipped if entry["case"] == "whole"]
    assert reasons == ["it has FLAIR only", "it has FLAIR only"]


def test_the_summary_is_mean_and_standard_error(datalist: Path) -> None:
    summary = evaluate(Bright(), read_datalist(datalist)).summary()
    values = [2 * 32 / 96, 1.0]
    assert summary["FLAIR"]["lesion"]["mean"] == pytest.approx(np.mean(values))
    assert summary["FLAIR"]["lesion"]["se"] == pytest.approx(np.std(values, ddof=1) / np.sqrt(2))
    assert summary["FLAIR"]["lesion"]["n"] == 2
    assert summary["T2"]["lesion"]["se"] == 0
