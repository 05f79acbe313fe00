"""Results under the names of BIDS: links, sidecars, and nothing that an older run had."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from MissingModalitySegLib.bundles import Manifest
from MissingModalitySegLib.cohorts import bids
from MissingModalitySegLib.cohorts.plan import Plan, Planned
from MissingModalitySegLib.cohorts.sources import Source
from MissingModalitySegLib.modalities import Modality
from MissingModalitySegLib.options import Options
from MissingModalitySegLib.study_folders import Choice
from Testing.bundles.samples import description

FILES = {
    "segmentation": "segmentation.nii.gz",
    "synthetic_T1ce": "synthetic_T1ce.nii.gz",
    "synthetic_DWI": "synthetic_DWI.nii.gz",
    "uncertainty": "uncertainty.nii.gz",
}
REPORT = {"reference": "FLAIR", "code": "FLAIR", "files": FILES}


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    raw, folder = tmp_path / "raw", tmp_path / "out" / "sub-1" / "ses-b"
    folder.mkdir(parents=True)
    for name in FILES.values():
        (folder / name).write_text(name)
    anat = raw / "sub-1" / "ses-b" / "anat"
    volumes = {
        Modality.T2: anat / "sub-1_ses-b_T2w.nii.gz",
        Modality.FLAIR: anat / "sub-1_ses-b_acq-3D_FLAIR.nii.gz",
    }
    case = Planned("sub-1/ses-b", folder, volumes, Options(), Choice())
    entry = {"name": "weights.safetensors", "sha256": "0" * 64, "size": 1}
    manifest = Manifest.from_dict(description(files=[entry]))
    return Plan(Source.BIDS, raw, tmp_path / "out", "one", tmp_path, manifest, Options(), (case,))


def names(plan: Plan) -> set[str]:
    return {path.name for path in (plan.cases[0].folder / "anat").iterdir()}


def test_names_sidecars_and_what_is_gone(plan: Plan) -> None:
    (case,) = plan.cases
    bids.publish(plan, case, REPORT)
    stems = {
        "sub-1_ses-b_space-FLAIR_desc-lesions_dseg",
        "sub-1_ses-b_ce-gadolinium_space-FLAIR_desc-synthetic_T1w",
        "sub-1_ses-b_space-FLAIR_desc-synthetic_trace",
        "sub-1_ses-b_space-FLAIR_desc-uncertainty_map",
    }
    assert names(plan) == {f"{stem}{suffix}" for stem in stems for suffix in (".nii.gz", ".json")}
    labels = case.folder / "anat" / "sub-1_ses-b_space-FLAIR_desc-lesions_dseg.nii.gz"
    assert os.path.samefile(labels, case.folder / "segmentation.nii.gz")
    facts = json.loads(labels.with_name(labels.name.replace(".nii.gz", ".json")).read_text())
    raw = "bids:raw:sub-1/ses-b/anat/sub-1_ses-b_acq-3D_FLAIR.nii.gz"
    assert facts == {"Sources": [raw], "SpatialReference": raw, "Manual": False}

    (case.folder / "segmentation.nii.gz").unlink()
    (case.folder / "segmentation.nii.gz").write_text("new")
    bids.publish(plan, case, REPORT | {"files": {"segmentation": "segmentation.nii.gz"}})
    assert names(plan) == {labels.name, labels.name.replace(".nii.gz", ".json")}
    assert labels.read_text() == "new"


def test_the_folder_of_a_data_set_is_no_part_of_a_name(plan: Plan) -> None:
    (case,) = plan.cases
    bids.publish(plan, replace(case, id="site/sub-1/ses-b"), REPORT)
    assert "sub-1_ses-b_space-FLAIR_desc-lesions_dseg.nii.gz" in names(plan)


def test_a_disk_without_links(plan: Plan, monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(bids.os, "link", refuse)
    (case,) = plan.cases
    bids.publish(plan, case, REPORT)
    copy = case.folder / "anat" / "sub-1_ses-b_space-FLAIR_desc-lesions_dseg.nii.gz"
    assert copy.read_text() == "segmentation.nii.gz"
    assert not os.path.samefile(copy, case.folder / "segmentation.nii.gz")


def test_the_data_set_describes_itself(plan: Plan) -> None:
    bids.describe(plan)
    told = json.loads((plan.output / "dataset_description.json").read_text())
    assert {"Name", "BIDSVersion", "DatasetType", "GeneratedBy"} <= set(told)  # what derivatives must say
    assert told["DatasetLinks"] == {"raw": "../raw"}
    ignored = (plan.output / ".bidsignore").read_text().splitlines()
    assert {"report.json", "report.html", "summary.parquet", ".batch/"} <= set(ignored)
