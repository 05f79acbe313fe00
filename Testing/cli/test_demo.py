"""`demo`: its claims hold."""

from __future__ import annotations

import json

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import torch
from PIL import Image

from MissingModalitySegLib.cli import demo_case
from MissingModalitySegLib.cli.edge import run
from MissingModalitySegLib.cli.tour import fold_all
from MissingModalitySegLib.networks import registry
from Testing.engine.small_runs import write_segmenter, write_synthesiser


def test_without_a_model(capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(demo_case, "available", lambda: ())
    shown = tour(capsys, tmp_path)
    assert "No model is installed" in shown
    report = json.loads((tmp_path / "demo" / "demo.json").read_text())
    assert report["answers"] == []
    assert report["data"] == "simulated"


def test_every_model_is_asked(capsys, tmp_path, monkeypatch) -> None:
    """Two small models through the real worker; one cannot take what is shown."""
    models = tmp_path / "models"
    write_segmenter(models / "one", synthesiser={"bundle": "synthesis"})
    write_synthesiser(models / "synthesis")
    write_segmenter(models / "other", name="other", modalities=["T1ce", "T2", "DWI"])
    monkeypatch.setenv("MISSING_MODALITY_SEG_MODELS", str(models))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    case = demo_case.generate(tmp_path / "cases")
    answers = {answer.model: answer for answer in demo_case.ask_all(case, tmp_path / "answers")}
    truth = sitk.GetArrayFromImage(sitk.ReadImage(str(case.truth))) > 0
    one = answers["one"]
    found = sitk.GetArrayFromImage(sitk.ReadImage(str(one.folder / "segmentation.nii.gz"))) > 0
    assert one.error == ""
    assert one.dice == pytest.approx(2 * np.sum(found & truth) / (found.sum() + truth.sum()))
    assert one.true_ml == pytest.approx(truth.sum() * 8 / 1000)
    assert one.lesion_ml == pytest.approx(found.sum() * 8 / 1000, abs=1e-3)
    assert one.generated == ()
    assert answers["synthesis"].generated == ("T2",)
    assert answers["synthesis"].dice is None
    assert "not T1 and FLAIR" in answers["other"].error
    demo_case.draw(case, list(answers.values()), tmp_path / "montage.png")
    picture = Image.open(tmp_path / "montage.png")
    assert picture.width > 2 * picture.height  # two shown, one generated, the truth, the answer, in a row
    assert json.dumps(demo_case.figures_of(case, list(answers.values())))


def tour(capsys, folder) -> str:
    assert run(["demo", "--output", str(folder / "demo")]) == 0
    shown = capsys.readouterr().out
    for name in registry.ARCHITECTURES:
        assert name in shown
    assert "31 subsets" in shown
    assert "localiser" in shown
    assert "segment --help" in shown
    assert (folder / "demo" / "cases" / "datalist.json").exists()
    assert (folder / "demo" / "montage.png").stat().st_size > 1000
    starter = registry.build({"architecture": "moe", "preset": "starter"})
    assert f"{sum(parameter.numel() for parameter in starter.parameters()):,}" in shown
    return shown


def test_folding_is_exact_and_the_comparison_could_fail() -> None:
    torch.manual_seed(3)
    folds = fold_all()
    assert len(folds) == 31
    assert max(fold.difference for fold in folds) < 1e-5
    assert min(fold.wrong_difference for fold in folds) > 0.1
    assert folds[0].parameters < folds[-1].parameters  # one channel in the stem against five
