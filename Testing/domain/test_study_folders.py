"""Studies found on a disk: by folder, by BIDS session, by data list; results are no studies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.study_folders import find_studies


def touch(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return root


def found(root: Path) -> dict[str, dict[str, str]]:
    """Names of the files by study and modality."""
    return {
        one.id: {str(modality): path.relative_to(root).as_posix() for modality, path in one.volumes.items()}
        for one in find_studies(root)
    }


def test_a_folder_is_a_study(tmp_path: Path) -> None:
    touch(tmp_path, "b/flair.nii.gz", "a/T1.NII", "a/t2_tse.mha", "a/notes.txt", "c/deep/er/T1.nrrd", "c/T2.nrrd")
    assert found(tmp_path) == {
        "a": {"T1": "a/T1.NII", "T2": "a/t2_tse.mha"},
        "b": {"FLAIR": "b/flair.nii.gz"},
        "c": {"T2": "c/T2.nrrd"},
        "c/deep/er": {"T1": "c/deep/er/T1.nrrd"},
    }


def test_the_root_itself_may_be_one(tmp_path: Path) -> None:
    root = touch(tmp_path / "Zoë", "T1.nii", "FLAIR.nii")
    assert list(found(root)) == ["Zoë"]


def test_bids_sessions(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "sub-01/ses-a/anat/sub-01_ses-a_T1w.nii.gz",
        "sub-01/ses-a/anat/sub-01_ses-a_FLAIR.nii.gz",
        "sub-01/ses-b/anat/sub-01_ses-b_T2w.nii.gz",
        "sub-02/anat/sub-02_T1w.nii.gz",
        "derivatives/other/sub-01/sub-01_ses-a_T1w.nii.gz",
        "sourcedata/sub-03_T1w.nii.gz",
        ".git/sub-04_T1w.nii.gz",
    )
    assert found(tmp_path) == {
        "sub-01/ses-a": {
            "T1": "sub-01/ses-a/anat/sub-01_ses-a_T1w.nii.gz",
            "FLAIR": "sub-01/ses-a/anat/sub-01_ses-a_FLAIR.nii.gz",
        },
        "sub-01/ses-b": {"T2": "sub-01/ses-b/anat/sub-01_ses-b_T2w.nii.gz"},
        "sub-02": {"T1": "sub-02/anat/sub-02_T1w.nii.gz"},
    }


def test_patients_of_one_name_in_several_data_sets_stay_apart(tmp_path: Path) -> None:
    """Volumes beside the data sets, in a folder without `sub-…`, join the only one that there is."""
    touch(tmp_path, "siteA/sub-01/anat/sub-01_T1w.nii.gz", "siteA/sub-02/ses-1/anat/sub-02_ses-1_T1w.nii.gz")
    touch(tmp_path, "siteB/raw/sub-01/anat/sub-01_T1w.nii.gz", "siteB/raw/sub-01/anat/sub-01_FLAIR.nii.gz")
    touch(tmp_path, "siteB/raw/sub-03/anat/sub-03_T1w.nii.gz", "more/sub-03_FLAIR.nii.gz")
    assert found(tmp_path) == {
        "siteA/sub-01": {"T1": "siteA/sub-01/anat/sub-01_T1w.nii.gz"},
        "siteB/raw/sub-01": {
            "T1": "siteB/raw/sub-01/anat/sub-01_T1w.nii.gz",
            "FLAIR": "siteB/raw/sub-01/anat/sub-01_FLAIR.nii.gz",
        },
        "sub-02/ses-1": {"T1": "siteA/sub-02/ses-1/anat/sub-02_ses-1_T1w.nii.gz"},
        "sub-03": {"T1": "siteB/raw/sub-03/anat/sub-03_T1w.nii.gz", "FLAIR": "more/sub-03_FLAIR.nii.gz"},
    }
    assert list(found(tmp_path / "siteA")) == ["sub-01", "sub-02/ses-1"]


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    touch(tmp_path, "a/T2.nii", "a/t2 axial.nii", "a/T1.nii", "a/scout.nii", "a/pd t1 maybe.nii")
    (study,) = find_studies(tmp_path)
    assert {str(modality): path.name for modality, path in study.volumes.items()} == {"T1": "T1.nii", "T2": "T2.nii"}
    assert study.choice.used == {"T1": "T1.nii", "T2": "T2.nii"}
    assert "the plainest name" in study.choice.reasons["T2"]
    assert set(study.choice.skipped) == {"t2 axial.nii", "scout.nii", "pd t1 maybe.nii"}
    assert any(note.startswith("scout.nii: ") and "localiser" in note for note in study.choice.notes)
    assert study.choice.found == sorted(["T1.nii", "T2.nii", "t2 axial.nii", "scout.nii", "pd t1 maybe.nii"])


def test_what_a_model_does_not_take_is_left_out(tmp_path: Path) -> None:
    touch(tmp_path, "a/T2.nii", "a/T1.nii")
    (study,) = find_studies(tmp_path)
    choice = study.choice.only(["T1"], "the model does not take it.")
    assert (list(choice.used), choice.skipped) == (["T1"], {"T2.nii": "T2: the model does not take it."})
    assert choice.found == study.choice.found


def test_a_converter_s_notes_are_read(tmp_path: Path) -> None:
    touch(tmp_path, "a/series 5.nii.gz", "a/series 6.nii.gz", "a/series 7.nii.gz")
    flair = {"EchoTime": 0.09, "RepetitionTime": 9, "InversionTime": 2.5, "ScanningSequence": "SE_IR"}
    (tmp_path / "a" / "series 5.json").write_text(json.dumps(flair))
    (tmp_path / "a" / "series 6.json").write_text("[cut")
    assert found(tmp_path) == {"a": {"FLAIR": "a/series 5.nii.gz"}}


def test_results_are_no_studies(tmp_path: Path) -> None:
    """Neither in a folder of their own nor beside the volumes that they were made from."""
    touch(tmp_path, "out/a/report.json", "out/a/segmentation.nii.gz", "out/a/synthetic_T2.nii.gz")
    touch(tmp_path, "a/T1.nii", "a/report.json", "a/segmentation.nii.gz", "a/synthetic_FLAIR.nii.gz")
    assert found(tmp_path) == {"a": {"T1": "a/T1.nii"}}
    assert find_studies(tmp_path)[0].choice.notes == ()


def test_a_data_list(tmp_path: Path) -> None:
    touch(tmp_path, "x.nii", "mask.nii")
    cases = [
        {"id": "one", "modalities": {"T1": "x.nii"}, "brain_extracted": True, "aligned": True},
        {"id": "two", "modalities": {"FLAIR": "x.nii"}, "brain_mask": "mask.nii", "brain_extracted": True},
        {"id": "three", "modalities": {"T2": "x.nii"}, "brain_extracted": False},
    ]
    listing = tmp_path / "list.json"
    listing.write_text(json.dumps({"name": "few", "cases": cases}))
    studies = find_studies(listing)
    assert [one.id for one in studies] == ["one", "two", "three"]
    assert studies[0].volumes == {"T1": tmp_path / "x.nii"}
    assert [dict(one.known) for one in studies] == [
        {"brain": "extracted", "register": "off"},
        {"brain": str(tmp_path / "mask.nii")},
        {},
    ]


def volume(path: Path, *edges: float) -> None:
    """A file that is read as far as its header."""
    numbers = " ".join(map(str, edges))
    path.write_text(f"ObjectType = Image\nNDims = 3\nDimSize = 9 9 9\nElementSpacing = {numbers}\n")


def test_of_a_mask_for_each_sequence_that_of_the_finest_volume_is_taken(tmp_path: Path) -> None:
    volume(tmp_path / "T1.mhd", 1, 1, 1.2)
    volume(tmp_path / "FLAIR.mhd", 0.9, 0.9, 1)
    volume(tmp_path / "DWI.mhd", 0.5, 0.5, 0.5)
    touch(tmp_path, "T2.mhd")  # damaged
    names = ("T1", "T2", "FLAIR", "DWI")
    case = {
        "id": "one",
        "modalities": {name: f"{name}.mhd" for name in names},
        "brain_masks": {name: f"{name}_brain.mhd" for name in names if name != "DWI"},
        "brain_extracted": True,
    }
    alone = {"id": "two", "modalities": {"T2": "T2.mhd"}, "brain_masks": {"T2": "T2_brain.mhd"}}
    both = case | {"id": "three", "brain_mask": "all.mhd"}
    listing = tmp_path / "list.json"
    listing.write_text(json.dumps({"name": "few", "cases": [case, alone, both]}))
    masks = [Path(one.known["brain"]).name for one in find_studies(listing)]
    assert masks == ["FLAIR_brain.mhd", "T2_brain.mhd", "all.mhd"]


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        find_studies(tmp_path)
    assert caught.value.code == "no-studies"
    with pytest.raises(InputError) as caught:
        find_studies(tmp_path / "missing")
    assert caught.value.code == "no-such-folder"
