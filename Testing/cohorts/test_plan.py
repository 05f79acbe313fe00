"""What each study of a source comes to: folder, options, what is used and why not the rest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from MissingModalitySegLib.cohorts import Source, find_source_studies, make_plan
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Modality
from MissingModalitySegLib.options import Options
from Testing.cohorts.cohort_runs import write_models
from Testing.dicom.made_series import T1, Scan, datasets, made_image, write


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    return write_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(autouse=True)
def _found(models: Path, monkeypatch) -> None:
    monkeypatch.setenv("MISSING_MODALITY_SEG_MODELS", str(models))


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")
    return root


def test_a_data_list(tmp_path: Path) -> None:
    touch(tmp_path, "x.nii", "mask.nii")
    cases = [
        {"id": "one", "modalities": {"T1": "x.nii", "T1ce": "x.nii"}, "brain_mask": "mask.nii", "aligned": True},
        {"id": "two", "modalities": {"DWI": "x.nii"}},
    ]
    listing = tmp_path / "list.json"
    listing.write_text(json.dumps({"name": "few", "cases": cases}))
    studies = find_source_studies(Source.DATALIST, listing)
    plan = make_plan(Source.DATALIST, listing, studies, tmp_path / "out", "one", Options(reference=Modality.T2))
    one, two = plan.cases
    assert one.folder == tmp_path / "out" / "one"
    assert set(one.volumes) == {"T1", "T1ce"}
    assert one.options == Options(brain=str(tmp_path / "mask.nii"), register="off")
    assert one.choice.used == {"T1": "x.nii"}
    assert "the model takes T1, T2, FLAIR" in one.choice.skipped["x.nii"]
    assert (one.problem, two.problem) == ("", "The model takes none of DWI.")
    assert plan.settings()["model"] == "one"


def test_bids_leaves_out_what_is_none(tmp_path: Path) -> None:
    touch(tmp_path, "sub-1/anat/sub-1_T1w.nii", "notes/T1.nii", "derivatives/x/sub-1/anat/sub-1_FLAIR.nii")
    assert [one.id for one in find_source_studies(Source.BIDS, tmp_path)] == ["sub-1"]
    touch(tmp_path, "second/sub-1/anat/sub-1_T2w.nii")
    assert [one.id for one in find_source_studies(Source.BIDS, tmp_path)] == ["second/sub-1", "sub-1"]
    with pytest.raises(InputError) as caught:
        find_source_studies(Source.BIDS, touch(tmp_path / "other", "a/T1.nii"))
    assert caught.value.code == "not-bids"


def test_dicom_without_and_with_names(tmp_path: Path) -> None:
    """The finest of two series of one sequence; nothing leads to the patient unless that is asked for."""
    scan = Scan(name="Müster^Zoë", id="PAT-4711")
    thick = made_image((24, 24, 8), (4.0, 4.0, 12.0))
    fine = made_image((32, 32, 24), (3.0, 3.0, 4.0))
    t1 = {**T1, "InversionTime": None}
    series = [(fine, {}), (thick, {}), (fine, t1), (fine, {**t1, "SeriesDescription": "ADC Müster"})]
    for number, (image, attributes) in enumerate(series, 1):
        write(datasets(image, scan, number, **attributes), tmp_path / "Müster Zoë" / str(number))
    (study,) = find_source_studies(Source.DICOM, tmp_path)
    assert study.id.startswith("study-")
    assert study.choice.used == {"T1": "series 3 “T1 SE”", "FLAIR": "series 1 “T2 FLAIR”"}
    assert "4 mm at most, not 12 mm" in study.choice.reasons["FLAIR"]
    assert set(study.choice.skipped) == {"series 2 “T2 FLAIR”", "series 4 “ADC …”"}
    plan = make_plan(Source.DICOM, tmp_path, (study,), tmp_path / "out", "one", Options())
    (case,) = plan.cases
    assert case.volumes["FLAIR"] == tmp_path / "out" / study.id / "inputs" / "FLAIR.nii.gz"
    told = " ".join([case.id, str(case.choice), str(case.notes), str(plan.settings())])
    assert not any(word in told for word in ("Müster", "Zoë", "4711"))
    (named,) = find_source_studies(Source.DICOM, tmp_path, include_phi=True)
    assert named.id.startswith("PAT-4711")


def test_what_cannot_be_planned(tmp_path: Path) -> None:
    studies = find_source_studies(Source.FOLDER, touch(tmp_path / "in", "a/T1.nii"))

    def code(model: str, options: Options, source: Source = Source.FOLDER, output: str = "out") -> str:
        with pytest.raises(InputError) as caught:
            make_plan(source, tmp_path / "in", studies, tmp_path / output, model, options)
        return caught.value.code

    assert code("nothing", Options()) == "bundle-not-found"
    assert code("synthesis", Options()) == "no-labels"
    assert code("one", Options(brain="mask.nii")) == "one-mask"
    assert code("one", Options(), Source.BIDS, "in") == "output-is-input"
