"""Evaluation against a network whose answer is known: it calls lesion whatever is bright."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import torch

from MissingModalitySegLib.datalists import read_datalist
from MissingModalitySegLib.engine import labels_from, predict, prepare, read_study, restore_labels
from MissingModalitySegLib.errors import CancelledError, InputError
from MissingModalitySegLib.labels import GLIOMA
from MissingModalitySegLib.modalities import Code, Modality
from MissingModalitySegTraining.data.case_volumes import CaseVolumes, groups
from MissingModalitySegTraining.evaluation.evaluate import evaluate

from .boxes import BRIGHT, HALF, MISLEADING, brain, bright, case, tissue, write, write_datalist, write_volumes


@pytest.fixture
def datalist(tmp_path: Path) -> Path:
    write_volumes(tmp_path)
    write(tmp_path / "odd.nii.gz", np.where(BRIGHT, 4, 0).astype(np.uint8))
    flair = {"FLAIR": "flair.nii.gz"}
    return write_datalist(
        tmp_path,
        case("half"),
        case("whole", modalities=flair, label="glioma.nii.gz", scheme="glioma"),
        case("unlabelled", label=None, scheme=None),
        case("head", brain_extracted=False),
        case("odd", modalities={"T2": "t2.nii.gz"}, label="odd.nii.gz", scheme="glioma"),
        case("gone", modalities={"T2": "absent.nii.gz"}),
    )


def by_place(rows) -> dict[tuple[str, str], dict]:
    return {(row["case"], row["code"]): row for row in rows}


def test_every_code_of_every_case_is_scored_on_the_labels_grid(datalist: Path) -> None:
    model = bright()
    rows = by_place(evaluate(model, read_datalist(datalist)).rows)
    assert list(rows) == [("half", "T2"), ("half", "FLAIR"), ("half", "T2+FLAIR"), ("whole", "FLAIR")]
    assert rows["half", "FLAIR"]["dice"] == {"lesion": pytest.approx(2 * 32 / (64 + 32))}
    assert rows["half", "T2"]["dice"] == {"lesion": pytest.approx(2 * 32 / (128 + 32))}
    assert rows["whole", "FLAIR"]["dice"] == {"lesion": 1, "core": 1, "enhancing": 1}
    assert [0, 0, 1, 0, 0] in model.network.codes
    assert [0, 0, 1, 1, 0] in model.network.codes


def test_a_row_by_hand(datalist: Path) -> None:
    row = by_place(evaluate(bright(), read_datalist(datalist)).rows)["half", "T2"]
    assert row["ppv"] == {"lesion": 32 / 128}
    assert row["sensitivity"] == {"lesion": 1}
    assert row["lesions"]["lesion"] == {
        "true": 1,
        "found": 2,
        "hit": 1,
        "false": 1,
        "ltpr": 1,
        "lfpr": 0.5,
        "f1": pytest.approx(2 / 3, abs=1e-6),
    }
    assert row["volume_ml"]["lesion"] == {"found": 0.128, "true": 0.032}
    assert row["volume_ml"]["core"] == {"found": 0, "true": None}
    # Of 112 surface voxels found the 4 farthest lie 6 voxels away in x and 2 in z, the 4 before them 6 and 1.
    assert row["hd95"]["lesion"] == pytest.approx(37**0.5, abs=1e-5)
    assert row["cscore"] == row["cscore_as_printed"] == {"lesion": None}  # Corr needs three subjects
    assert row["seconds"] > 0


def test_what_cannot_be_scored_is_listed_with_its_reason(datalist: Path) -> None:
    skipped = {entry["case"]: entry["why"] for entry in evaluate(bright(), read_datalist(datalist)).skipped}
    assert set(skipped) == {"unlabelled", "head", "odd", "gone"}
    assert "no label" in skipped["unlabelled"]
    assert "whole head" in skipped["head"]
    assert "4" in skipped["odd"]
    assert "absent.nii.gz" in skipped["gone"]


def test_subsets_can_be_chosen(datalist: Path) -> None:
    full = evaluate(bright(), read_datalist(datalist), "full")
    assert set(by_place(full.rows)) == {("half", "T2+FLAIR"), ("whole", "FLAIR")}
    chosen = evaluate(bright(), read_datalist(datalist), [Code.parse("T2"), Code.parse("T1+FLAIR")])
    assert set(by_place(chosen.rows)) == {("half", "T2")}
    reasons = [(entry["code"], entry["why"]) for entry in chosen.skipped if entry["case"] == "whole"]
    assert reasons == [("T2", "it has FLAIR only"), ("T1+FLAIR", "it has FLAIR only")]


def test_a_model_of_fewer_modalities(datalist: Path) -> None:
    model = bright((Modality.T1, Modality.FLAIR))
    result = evaluate(model, read_datalist(datalist))
    assert set(by_place(result.rows)) == {("half", "FLAIR"), ("whole", "FLAIR")}
    assert model.network.images[0].shape[1] == 2
    assert {"case": "odd", "code": "", "why": "it has none of the model's sequences"} in result.skipped
    chosen = evaluate(model, read_datalist(datalist), [Code.parse("FLAIR")])
    assert {"case": "odd", "code": "FLAIR", "why": "it has none of the model's sequences"} in chosen.skipped


def test_a_synthesiser_is_refused(datalist: Path) -> None:
    with pytest.raises(InputError, match="finds no lesions"):
        evaluate(replace(bright(), scheme=None), read_datalist(datalist))


def test_damaged_volumes_cost_only_the_codes_that_need_them(tmp_path: Path) -> None:
    """ITK fills what a cut file lacks with zeros and makes NaN zero, without a word."""
    write_volumes(tmp_path)
    whole = (tmp_path / "t2.nii.gz").read_bytes()
    (tmp_path / "cut.nii.gz").write_bytes(whole[: len(whole) * 2 // 3])
    write(tmp_path / "nan.nii.gz", np.where(MISLEADING, np.nan, tissue()).astype(np.float32))
    write(tmp_path / "nan.nrrd", np.where(MISLEADING, np.nan, tissue()).astype(np.float32))
    label = (tmp_path / "lesion.nii.gz").read_bytes()
    (tmp_path / "cut_lesion.nii.gz").write_bytes(label[:-40])
    datalist = write_datalist(
        tmp_path,
        *(case(name, modalities={"FLAIR": "flair.nii.gz", "T2": name}) for name in ("cut.nii.gz", "nan.nii.gz")),
        case("nrrd", modalities={"T2": "nan.nrrd"}),
        case("label", label="cut_lesion.nii.gz"),
        case("mask", brain_mask="cut.nii.gz"),
    )
    result = evaluate(bright(), read_datalist(datalist))
    assert set(by_place(result.rows)) == {("cut.nii.gz", "FLAIR"), ("nan.nii.gz", "FLAIR")}
    why = {(entry["case"], entry["code"]): entry["why"] for entry in result.skipped}
    for code in ("T2", "T2+FLAIR"):
        assert "damaged or cut off" in why["cut.nii.gz", code]
        assert why["cut.nii.gz", code].startswith("T2: ")
        assert "NaN" in why["nan.nii.gz", code]
    assert "NaN" in why["nrrd", "T2"]
    assert "cut off" in why["label", ""]
    assert why["mask", "T2"].startswith("brain_mask: ")


@pytest.mark.parametrize("mask", [None, "brain.nii.gz"])
def test_shared_preparation_changes_nothing(tmp_path: Path, mask: str | None) -> None:
    """Each code through the engine by itself, with nothing but its own volumes, gives the very same answer.

    The volumes were extracted differently, so that the brain of a code depends on which of them it has.
    """
    write_volumes(tmp_path)
    small = brain() & (np.arange(28) < 20)[:, None, None]
    write(tmp_path / "t1.nii.gz", np.where(small, tissue(1), -3).astype(np.float32))
    files = {"T1": "t1.nii.gz", "T2": "t2.nii.gz", "FLAIR": "flair.nii.gz"}
    datalist = read_datalist(write_datalist(tmp_path, case("a", modalities=files, brain_mask=mask)))
    shared, alone = bright(), bright()
    evaluate(shared, datalist)
    for code in [Code.parse(text) for text in ("T1", "T2", "T1+T2", "FLAIR", "T1+FLAIR", "T2+FLAIR", "T1+T2+FLAIR")]:
        study = read_study({m: tmp_path / files[m] for m in code}, mask and tmp_path / mask)
        predict(alone, prepare(study, 1.0, multiple=8))
    assert sorted(map(tuple, shared.network.codes)) == sorted(map(tuple, alone.network.codes))
    for vector, image in zip(alone.network.codes, alone.network.images, strict=True):
        other = shared.network.images[shared.network.codes.index(vector)]
        assert torch.equal(image, other), vector


def test_volumes_on_other_grids_are_prepared_code_by_code(tmp_path: Path) -> None:
    write_volumes(tmp_path)
    thick = np.where(BRIGHT, 160, tissue())[:, :, ::2].astype(np.float32)
    write(tmp_path / "thick.nii.gz", thick, (1.0, 1.0, 2.0))
    files = {"FLAIR": "flair.nii.gz", "DWI": "thick.nii.gz"}
    datalist = read_datalist(write_datalist(tmp_path, case("a", modalities=files, aligned=False)))
    rows = by_place(evaluate(bright(), datalist).rows)
    assert set(rows) == {("a", "FLAIR"), ("a", "DWI"), ("a", "FLAIR+DWI")}
    study = read_study({"DWI": tmp_path / "thick.nii.gz"})
    prepared = prepare(study, 1.0, multiple=8)
    labels = restore_labels(labels_from(predict(bright(), prepared), GLIOMA), prepared.frame)
    label = sitk.ReadImage(str(tmp_path / "lesion.nii.gz"))
    found = sitk.GetArrayFromImage(sitk.Resample(labels, label, sitk.Transform(), sitk.sitkNearestNeighbor, 0)) > 0
    truth = HALF.transpose(2, 1, 0)
    expected = 2 * (found & truth).sum() / (found.sum() + truth.sum())
    assert rows["a", "DWI"]["dice"]["lesion"] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("aligned", "together"), [(True, 1), (None, 3), (False, 3)])
def test_volumes_that_may_be_moved_are_prepared_code_by_code(
    tmp_path: Path, aligned: bool | None, together: int
) -> None:
    """Also on one grid: the FLAIR alone is not to lie where a T1 that it does not have would have put it."""
    write_volumes(tmp_path)
    codes = [Code.parse(text) for text in ("T2", "FLAIR", "T2+FLAIR")]
    entry = case("a", aligned=aligned, brain_mask="brain.nii.gz")
    (one,) = read_datalist(write_datalist(tmp_path, entry)).cases
    volumes = CaseVolumes(one)
    assert len(list(groups({code: volumes.study(code) for code in codes}, aligned))) == together


def test_masks_per_sequence_are_used(tmp_path: Path) -> None:
    """The mask of the finest volume that a code has; a head without any is skipped."""
    write_volumes(tmp_path)
    head = np.where(brain(), tissue(), 50 + tissue(3) * 0 + np.random.default_rng(5).normal(0, 4, (28,) * 3))
    write(tmp_path / "head.nii.gz", np.where(BRIGHT, 160, head).astype(np.float32))
    half = brain() & (np.arange(28) < 12)[None, None, :]
    write(tmp_path / "half.nii.gz", half.astype(np.uint8))
    files = {"FLAIR": "head.nii.gz", "T2": "head.nii.gz", "T1": "head.nii.gz"}
    masks = {"FLAIR": "half.nii.gz", "T2": "brain.nii.gz"}
    entry = case("a", modalities=files, brain_masks=masks, brain_extracted=False, aligned=False)
    result = evaluate(bright(), read_datalist(write_datalist(tmp_path, entry)))
    rows = by_place(result.rows)
    assert rows["a", "T2"]["volume_ml"]["lesion"]["found"] == 0.064
    assert rows["a", "FLAIR"]["volume_ml"]["lesion"]["found"] == 0.032  # the mask ends within the box
    assert rows["a", "T1+FLAIR"]["volume_ml"]["lesion"]["found"] == 0.032
    assert [(entry["code"], "whole head" in entry["why"]) for entry in result.skipped] == [("T1", True)]


def test_a_case_said_to_be_extracted_is_taken_at_its_word(tmp_path: Path) -> None:
    """With voxels of 8 mm the ball is larger than any brain."""
    files = {"FLAIR": write(tmp_path / "flair.nii.gz", np.where(BRIGHT, 160, tissue()).astype(np.float32), (8, 8, 8))}
    write(tmp_path / "lesion.nii.gz", HALF.astype(np.uint8), (8, 8, 8))
    datalist = write_datalist(
        tmp_path, case("said", modalities=files), case("not said", modalities=files, brain_extracted=None)
    )
    model = replace(bright(), spacing=8.0)
    result = evaluate(model, read_datalist(datalist))
    assert set(by_place(result.rows)) == {("said", "FLAIR")}
    assert ("not said", "FLAIR") in {(entry["case"], entry["code"]) for entry in result.skipped}


def test_an_interrupted_evaluation_goes_on(datalist: Path, tmp_path: Path) -> None:
    cases, output = read_datalist(datalist), tmp_path / "out"
    model = bright()

    def stop(row: dict) -> None:
        if row["code"] == "FLAIR":
            raise CancelledError("cancelled", "Stopped.")

    with pytest.raises(CancelledError):
        evaluate(model, cases, output=output, report=stop)
    assert len(model.network.images) == 2
    assert not (output / "results.json").exists()
    journal = output / "journal.jsonl"
    journal.write_text(journal.read_text()[:-10])  # killed while it wrote its last line
    resumed = evaluate(model, cases, output=output)
    assert len(model.network.images) == 2 + 3  # the first row was kept
    again = evaluate(model, cases, output=output)
    assert len(model.network.images) == 5
    assert again == resumed
    fresh = evaluate(model, cases)
    assert [{**row, "seconds": 0} for row in fresh.rows] == [{**row, "seconds": 0} for row in resumed.rows]
    assert json.loads((output / "results.json").read_text())["rows"] == list(resumed.rows)


def test_other_weights_and_other_files_are_computed_anew(datalist: Path, tmp_path: Path) -> None:
    cases, output = read_datalist(datalist), tmp_path / "out"
    first = evaluate(bright(), cases, output=output)
    other = bright(threshold=99.0)
    second = evaluate(other, cases, output=output)
    assert len(other.network.images) == 4
    assert by_place(second.rows)["half", "T2"]["dice"]["lesion"] == 0
    model = bright()
    assert evaluate(model, cases, output=output) == first
    assert model.network.images == []
    write(tmp_path / "lesion.nii.gz", (BRIGHT | HALF).astype(np.uint8))  # the truth was drawn again
    changed = evaluate(model, cases, output=output)
    assert by_place(changed.rows)["half", "FLAIR"]["dice"]["lesion"] == 1
    assert len(model.network.images) == 3  # those of that case


def test_an_output_that_cannot_be_written_is_told_at_once(datalist: Path, tmp_path: Path) -> None:
    model = bright()
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        evaluate(model, read_datalist(datalist), output=tmp_path / "file" / "out")
    assert model.network.images == []


def test_simulated_scans_are_said_to_be(tmp_path: Path) -> None:
    write_volumes(tmp_path)

    def kinds(*cases: dict, **top) -> dict:
        return evaluate(bright(), read_datalist(write_datalist(tmp_path, *cases, **top)), "full").kinds

    assert kinds(case("a"), case("b", dataset="phantom")) == {"boxes": "real", "phantom": "simulated"}
    assert kinds(case("a"), phantom={"seed": 1}) == {"boxes": "simulated"}
    assert kinds(case("a"), data="simulated") == {"boxes": "simulated"}
    assert kinds(case("a", data="simulated"), case("b")) == {"boxes": "simulated"}
