"""The report of a run: complete, plain JSON, and silent about folders and patients."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
import SimpleITK as sitk  # noqa: N813

from MissingModalitySegLib.advice import advise
from MissingModalitySegLib.bundles import Manifest
from MissingModalitySegLib.engine.report import SCHEMA, Run, report_of
from MissingModalitySegLib.engine.study import Study
from MissingModalitySegLib.engine.summarise import summarise
from MissingModalitySegLib.labels import GLIOMA
from MissingModalitySegLib.modalities import Modality
from MissingModalitySegLib.options import Options
from Testing.bundles.samples import manifest_data
from Testing.engine.made_studies import prepared, volume

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reference" / "report.md"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    images = {Modality.T1: volume(Modality.T1), Modality.FLAIR: volume(Modality.FLAIR)}
    path = tmp_path / "Mustermann" / "t1.nii.gz"
    path.parent.mkdir()
    sitk.WriteImage(images[Modality.T1], str(path))
    labels = sitk.Image(images[Modality.T1].GetSize(), sitk.sitkUInt8)
    labels.CopyInformation(images[Modality.T1])
    labels[30:36, 40:44, 30:33] = 2
    ready, manifest = prepared(images), Manifest.from_dict(manifest_data())
    return Run(
        study=Study(images),
        options=Options(brain=str(tmp_path / "Mustermann" / "mask.nii.gz")),
        inputs={Modality.T1: path},
        manifest=manifest,
        prepared=ready,
        advice=advise(manifest, ready.code),
        summary=summarise(labels, GLIOMA, ready),
        warnings=[("thick-slices", "Thick.")],
        timings={"read": 0.12345},
        files={"segmentation": tmp_path / "segmentation.nii.gz"},
    )


def test_a_report_is_plain_json_and_names_no_folder(run: Run) -> None:
    report = report_of(run)
    text = json.dumps(report, allow_nan=False)
    assert json.loads(text) == report
    assert "Mustermann" not in text
    assert report["options"]["brain"] == "mask.nii.gz"
    assert report["files"] == {"segmentation": "segmentation.nii.gz"}


def test_what_it_says_of_inputs_model_and_results(run: Run) -> None:
    report = report_of(run)
    first, second = report["inputs"]["T1"], report["inputs"]["FLAIR"]
    assert first["sha256"] == hashlib.sha256(run.inputs[Modality.T1].read_bytes()).hexdigest()
    assert first["geometry"]["spacing_mm"] == [2.0, 2.0, 2.0]
    assert (second["file"], second["sha256"]) == (None, None)  # handed over in memory
    assert report["model"]["files"] == {entry.name: entry.sha256 for entry in run.manifest.files}
    assert report["volumes_ml"]["lesion"] == pytest.approx(6 * 4 * 3 * 0.008)
    assert report["lesion_count"] == len(report["lesions"]) == 1
    assert report["warnings"] == [{"code": "thick-slices", "message": "Thick."}]
    assert report["timings_s"] == {"read": 0.123}
    assert report["schema"] == SCHEMA


def test_a_run_that_did_little_has_every_field(run: Run) -> None:
    assert report_of(Run(run.study, run.options)).keys() == report_of(run).keys()


def test_the_document_describes_every_field(run: Run) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    described = set(re.findall(r"^\| `([a-z0-9_]+)`", text, re.MULTILINE))
    report = report_of(run)
    assert set(report) <= described
    assert set(report["lesions"][0]) <= described
    example = json.loads(text.split("```json\n", 1)[1].split("```", 1)[0])
    assert set(example) == set(report)
    assert set(example["lesions"][0]) == set(report["lesions"][0])
    assert set(example["inputs"]["FLAIR"]) == set(report["inputs"]["FLAIR"])
    assert example["schema"] == SCHEMA
