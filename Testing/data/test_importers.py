"""Every importer on a miniature of its data set, in the layout in which it is downloaded."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from MissingModalitySegLib.datalists import Datalist, missing_files, read_datalist
from MissingModalitySegLib.errors import InputError
from MissingModalitySegTraining.data.importers import Imported, import_dataset

from .trees import labels, read, volume


def imported(kind: str, root: Path, tmp_path: Path) -> tuple[Datalist, Imported, Path]:
    """Import, and hold what must hold for all: what was written can be read, files exist, sources are untouched."""
    before = contents(root)
    output = tmp_path / "out" / "datalist.json"
    result = import_dataset(kind, root, output)
    assert contents(root) == before
    datalist = read_datalist(output)
    assert [case.id for case in datalist.cases] == [case.id for case in result.datalist.cases]
    assert missing_files(datalist) == []
    return datalist, result, output


def contents(root: Path) -> dict[str, str]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def names(case) -> dict[str, str]:
    return {modality.value: path.name for modality, path in case.modalities.items()}


def remarks(result: Imported, where: str) -> str:
    return "; ".join(remark.why for remark in result.remarks if remark.where == where)


def brats(
    folder: Path, kinds=("flair", "t1", "t1ce", "t2", "seg"), values=(1, 2, 4), joint="_", ending=".nii.gz"
) -> None:
    for kind in kinds:
        volume(folder / f"{folder.name}{joint}{kind}{ending}", labels(*values) if kind == "seg" else None)


def test_brats_2018(tmp_path: Path) -> None:
    root = tmp_path / "MICCAI_BraTS_2018_Data_Training"
    brats(root / "HGG" / "Brats18_TCIA08_167_1")
    brats(root / "LGG" / "Brats18_2013_10_1", kinds=("flair", "t1", "t2", "seg"), values=(1, 2))
    (root / "survival_data.csv").write_text(
        "BraTS18ID,Age,Survival,ResectionStatus\nBrats18_TCIA08_167_1,74.907,153,GTR\n"
    )
    datalist, result, _ = imported("brats2018", root, tmp_path)
    other, case = datalist.cases
    assert names(case) == {
        "T1": "Brats18_TCIA08_167_1_t1.nii.gz",
        "T1ce": "Brats18_TCIA08_167_1_t1ce.nii.gz",
        "T2": "Brats18_TCIA08_167_1_t2.nii.gz",
        "FLAIR": "Brats18_TCIA08_167_1_flair.nii.gz",
    }
    assert (case.id, case.subject, case.dataset) == ("Brats18_TCIA08_167_1", "Brats18_TCIA08_167", "BraTS-2018")
    assert (case.scheme, case.brain_extracted, case.aligned) == ("glioma", True, True)
    assert case.metadata["grade"] == "HGG"
    assert (case.metadata["age"], case.metadata["survival_days"], case.metadata["resection"]) == (
        "74.907",
        "153",
        "GTR",
    )
    source = root / "HGG" / case.id / f"{case.id}_seg.nii.gz"
    assert case.label != source
    expected = read(source)
    expected[expected == 4] = 3
    np.testing.assert_array_equal(read(case.label), expected)
    # Without enhancing tumour there is nothing to convert, and no copy is made.
    assert other.label.resolve() == (root / "LGG" / other.id / f"{other.id}_seg.nii.gz").resolve()
    assert str(other.code) == "T1+T2+FLAIR"
    assert remarks(result, other.id) == "has no T1ce"
    assert result.skipped == ()


def test_brats_2020_and_its_misnamed_label(tmp_path: Path) -> None:
    root = tmp_path / "MICCAI_BraTS2020_TrainingData"
    brats(root / "BraTS20_Training_001", ending=".nii")
    brats(root / "BraTS20_Training_355", kinds=("flair", "t1", "t1ce", "t2"), ending=".nii")
    volume(root / "BraTS20_Training_355" / "W39_1998.09.19_Segm.nii", labels(1, 4))
    (root / "name_mapping.csv").write_text(
        "Grade,BraTS_2017_subject_ID,BraTS_2020_subject_ID\nHGG,Brats17_CBICA_AAB_1,BraTS20_Training_001\n"
    )
    (root / "survival_info.csv").write_text(
        "Brats20ID,Age,Survival_days,Extent_of_Resection\nBraTS20_Training_001,60.463,289,NA\n"
    )
    datalist, result, _ = imported("brats2020", root, tmp_path)
    first, second = datalist.cases
    assert {key: first.metadata[key] for key in ("grade", "age", "survival_days")} == {
        "grade": "HGG",
        "age": "60.463",
        "survival_days": "289",
    }
    assert "resection" not in first.metadata
    assert set(np.unique(read(second.label))) == {0, 1, 3}
    assert "W39_1998.09.19_Segm.nii" in remarks(result, second.id)
    assert result.skipped == ()


def test_brats_2021_with_validation_cases_and_a_stray_file(tmp_path: Path) -> None:
    root = tmp_path / "BraTS2021"
    brats(root / "BraTS2021_00000")
    brats(root / "BraTS2021_00002", kinds=("flair", "t1", "t1ce", "t2"))
    volume(root / "BraTS2021_00000" / "BraTS2021_00000_adc.nii.gz")
    (root / "BraTS2021_00000" / "._BraTS2021_00000_t1.nii.gz").write_bytes(b"finder")
    datalist, result, output = imported("brats2021", root, tmp_path)
    assert [case.label is not None for case in datalist.cases] == [True, False]
    assert datalist.cases[1].scheme is None
    assert remarks(result, "BraTS2021_00002") == "has no label"
    assert [remark.where for remark in result.skipped] == ["BraTS2021_00000/BraTS2021_00000_adc.nii.gz"]
    entry = json.loads(output.read_text())["cases"][0]
    assert entry["label"] == "datalist_converted_labels/BraTS2021_00000.nii.gz"
    assert entry["label_converted"] == "4 → 3"


def test_brats_2023_keeps_3_and_follows_subjects_over_time(tmp_path: Path) -> None:
    root = tmp_path / "ASNR-MICCAI-BraTS2023-GLI-Challenge-TrainingData"
    new = ("t1n", "t1c", "t2w", "t2f", "seg")
    brats(root / "BraTS-GLI-00000-000", new, (1, 2, 3), "-")
    brats(root / "BraTS-GLI-00000-001", new, (2, 4), "-")  # 2024: 4 is the cavity
    brats(root / "BraTS-PED-00001-000", new, (1, 2), "-")
    brats(root / "BraTS2021_00003")  # the older names in the same folder keep the older meaning of 4
    datalist, result, _ = imported("brats2023", root, tmp_path)
    first, second, child = (
        datalist.case(f"BraTS-{name}") for name in ("GLI-00000-000", "GLI-00000-001", "PED-00001-000")
    )
    assert str(first.code) == "T1+T1ce+T2+FLAIR"
    assert names(first)["T1ce"] == "BraTS-GLI-00000-000-t1c.nii.gz"
    assert first.subject == second.subject == "BraTS-GLI-00000"
    assert (first.metadata["time_point"], second.metadata["time_point"]) == ("000", "001")
    assert first.label.name == "BraTS-GLI-00000-000-seg.nii.gz"
    assert set(np.unique(read(second.label))) == {0, 2}
    assert set(np.unique(read(datalist.case("BraTS2021_00003").label))) == {0, 1, 2, 3}
    assert child.label is None
    assert "BraTS-PED" in remarks(result, child.id)


def test_msseg_2016(tmp_path: Path) -> None:
    root = tmp_path / "MSSEG"
    first = root / "Training" / "Center_01" / "Patient_01"
    for name in ("3DFLAIR", "3DT1", "3DT1GADO", "DP", "T2"):
        volume(first / "Raw_Data" / f"{name}.nii.gz")
    for name in ("FLAIR", "T1", "GADO", "DP", "T2"):
        volume(first / "Preprocessed_Data" / f"{name}_preprocessed.nii.gz")
    volume(first / "Masks" / "Consensus.nii.gz", labels(1))
    volume(first / "Masks" / "Brain_Mask.nii.gz", labels(1, 1))
    volume(first / "Masks" / "ManualSegmentation_1.nii.gz", labels(1))
    second = root / "Training" / "Center_08" / "Patient_01"  # the same patient number in another centre
    volume(second / "Raw_Data" / "3DFLAIR.nii.gz")
    volume(second / "Raw_Data" / "T1.nii.gz")
    for rater, drawn in enumerate(
        [(1, 1), (1, 0), (0, 0), (1, 1)], start=1
    ):  # 3 of 4, and 2 of 4, which is no majority
        volume(second / "Masks" / f"ManualSegmentation_{rater}.nii.gz", labels(*drawn))
    datalist, result, _ = imported("msseg2016", root, tmp_path)
    one, two = datalist.cases
    assert (one.id, two.id) == ("Center_01_Patient_01", "Center_08_Patient_01")
    assert names(one) == {
        m: f"{n}_preprocessed.nii.gz"
        for m, n in zip(("T1", "T1ce", "T2", "FLAIR"), ("T1", "GADO", "T2", "FLAIR"), strict=True)
    }
    assert one.label.name == "Consensus.nii.gz"
    assert one.brain_mask.name == "Brain_Mask.nii.gz"
    assert (one.brain_extracted, one.aligned, one.scheme, one.metadata["centre"]) == (True, True, "lesion", "Center_01")
    assert [r.why for r in result.skipped] == ["is not one of the five sequences"]
    assert names(two) == {"T1": "T1.nii.gz", "FLAIR": "3DFLAIR.nii.gz"}
    assert (two.brain_extracted, two.aligned) == (False, False)
    np.testing.assert_array_equal(read(two.label), labels(1, 0))
    assert two.metadata["label_converted"] == "majority of 4 raters"


def test_wmh_2017(tmp_path: Path) -> None:
    root = tmp_path / "WMH"
    for place in ("training/Utrecht/0", "training/Amsterdam/GE3T/100", "test/Amsterdam/Philips_VU .PETMR_01./161"):
        for stage in ("orig", "pre"):
            for name in ("FLAIR", "T1"):
                volume(root / place / stage / f"{name}.nii.gz")
        volume(root / place / "orig" / "3DT1.nii.gz")
        volume(root / place / "wmh.nii.gz", labels(1, 2))
    volume(root / "training/Singapore/50/orig/FLAIR.nii.gz")
    volume(root / "additional_annotations/observer_o3/training/Utrecht/0/result.nii.gz", labels(1))
    datalist, result, _ = imported("wmh2017", root, tmp_path)
    by_id = {case.id: case for case in datalist.cases}
    assert set(by_id) == {"Utrecht_0", "Amsterdam_GE3T_100", "Amsterdam_Philips_VU_.PETMR_01._161", "Singapore_50"}
    case = by_id["Amsterdam_GE3T_100"]
    assert {path.parent.name for path in case.modalities.values()} == {"pre"}
    assert (case.brain_extracted, case.aligned, case.metadata["site"]) == (False, True, "Amsterdam GE3T")
    np.testing.assert_array_equal(read(case.label), labels(1, 0))
    assert by_id["Amsterdam_Philips_VU_.PETMR_01._161"].metadata["part"] == "test"
    assert str(by_id["Singapore_50"].code) == "FLAIR"
    assert "original" in remarks(result, "Singapore_50")
    assert "has no T1" in remarks(result, "Singapore_50")


@pytest.mark.parametrize("first_release", [False, True])
def test_isles_2022(tmp_path: Path, first_release: bool) -> None:
    root = tmp_path / "ISLES-2022"
    for number in ("0001", "0002"):
        name = f"sub-strokecase{number}_ses-0001"
        session = f"sub-strokecase{number}/ses-0001"
        raw = root / "rawdata" / session if first_release else root / session
        dwi, anat = (raw, raw) if first_release else (raw / "dwi", raw / "anat")
        volume(dwi / f"{name}_dwi.nii.gz")
        volume(dwi / f"{name}_adc.nii.gz")
        if number == "0001":
            volume(anat / f"{name}_{'flair' if first_release else 'FLAIR'}.nii.gz")
        volume(root / "derivatives" / session / f"{name}_msk.nii.gz", labels(1))
    datalist, result, _ = imported("isles2022", root, tmp_path)
    one, two = datalist.cases
    assert one.id == "sub-strokecase0001_ses-0001"
    assert one.subject == "sub-strokecase0001"
    assert (str(one.code), str(two.code)) == ("FLAIR+DWI", "DWI")
    assert one.label.name == "sub-strokecase0001_ses-0001_msk.nii.gz"
    assert (one.scheme, one.brain_extracted, one.aligned) == ("lesion", True, False)
    assert len(result.skipped) == 2  # the ADC maps
    assert "has no FLAIR" in remarks(result, two.id)


def test_atlas_2(tmp_path: Path) -> None:
    root = tmp_path / "ATLAS_2"
    common = "{0}/ses-1/anat/{0}_ses-1_space-MNI152NLin2009aSym_"
    one, two, three = (common.format(name) for name in ("sub-r001s001", "sub-r009s010", "sub-r010s002"))
    volume(root / "Training/R001" / f"{one}T1w.nii.gz")
    volume(root / "Training/R001" / f"{one}label-L_desc-T1lesion_mask.nii.gz", labels(1))
    volume(root / "Testing/R010" / f"{three}T1w.nii.gz")
    volume(root / "Training/R009" / f"{two}label-L_desc-T1lesion_mask.nii.gz", labels(1))
    datalist, result, _ = imported("atlas2", root, tmp_path)
    assert [case.id for case in datalist.cases] == ["sub-r001s001_ses-1", "sub-r010s002_ses-1"]
    assert [case.label is None for case in datalist.cases] == [False, True]
    assert datalist.cases[0].subject == "sub-r001s001"
    assert datalist.cases[0].metadata["cohort"] == "r001"
    assert [(r.where, r.why) for r in result.skipped] == [("sub-r009s010_ses-1", "has a label but no T1")]


def test_oasis(tmp_path: Path) -> None:
    root = tmp_path / "OASIS3"
    session = root / "OAS30001_MR_d0129"
    volume(session / "anat1" / "NIFTI" / "sub-OAS30001_ses-d0129_run-01_T1w.nii.gz")
    volume(session / "anat2" / "NIFTI" / "sub-OAS30001_ses-d0129_run-02_T1w.nii.gz")
    volume(session / "anat3" / "NIFTI" / "sub-OAS30001_ses-d0129_FLAIR.nii.gz")
    volume(session / "swi1" / "NIFTI" / "sub-OAS30001_ses-d0129_swi.nii.gz")
    volume(root / "OAS30001_MR_d0757" / "anat1" / "sub-OAS30001_ses-d0757_T1w.nii.gz")
    volume(root / "sub01" / "T1.nii.gz")
    volume(root / "sub01" / "FLAIR.nii.gz")
    volume(root / "sub01" / "wmh.nii.gz", labels(1))
    datalist, result, _ = imported("oasis", root, tmp_path)
    assert [case.id for case in datalist.cases] == ["OAS30001_d0129", "OAS30001_d0757", "sub01"]
    one, later, plain = datalist.cases
    assert names(one)["T1"] == "sub-OAS30001_ses-d0129_run-01_T1w.nii.gz"
    assert one.subject == later.subject == "OAS30001"
    assert (str(one.code), str(later.code), str(plain.code)) == ("T1+FLAIR", "T1", "T1+FLAIR")
    assert (one.label, plain.label.name, plain.scheme) == (None, "wmh.nii.gz", "lesion")
    assert sorted(remark.why.split(";")[0] for remark in result.skipped) == [
        "is a further T1",
        "is not one of the five sequences",
    ]


def test_bids(tmp_path: Path) -> None:
    root = tmp_path / "ds000001"
    visit = root / "sub-01" / "ses-1"
    volume(visit / "anat" / "sub-01_ses-1_T1w.nii.gz")
    volume(visit / "anat" / "sub-01_ses-1_ce-gadolinium_T1w.nii.gz")
    volume(visit / "anat" / "sub-01_ses-1_run-1_FLAIR.nii.gz")
    volume(visit / "anat" / "sub-01_ses-1_run-2_FLAIR.nii.gz")
    volume(visit / "anat" / "sub-01_ses-1_T2starw.nii.gz")
    frames(visit / "dwi" / "sub-01_ses-1_dwi.nii.gz")
    volume(root / "sub-01" / "ses-2" / "dwi" / "sub-01_ses-2_trace.nii.gz")
    volume(root / "sub-02" / "anat" / "sub-02_T2w.nii.gz")
    derived = root / "derivatives" / "manual" / "sub-01" / "ses-1" / "anat"
    volume(derived / "sub-01_ses-1_space-FLAIR_label-lesion_mask.nii.gz", labels(1))
    volume(derived / "sub-01_ses-1_desc-brain_mask.nii.gz", labels(1))
    volume(derived / "sub-01_ses-1_desc-preproc_T1w.nii.gz")
    datalist, result, _ = imported("bids", root, tmp_path)
    assert [case.id for case in datalist.cases] == ["sub-01_ses-1", "sub-01_ses-2", "sub-02"]
    one, two, three = datalist.cases
    assert names(one) == {
        "T1": "sub-01_ses-1_T1w.nii.gz",
        "T1ce": "sub-01_ses-1_ce-gadolinium_T1w.nii.gz",
        "FLAIR": "sub-01_ses-1_run-1_FLAIR.nii.gz",
    }
    assert one.label.name == "sub-01_ses-1_space-FLAIR_label-lesion_mask.nii.gz"
    assert {m.value: p.name for m, p in one.brain_masks.items()} == {"T1": "sub-01_ses-1_desc-brain_mask.nii.gz"}
    assert (str(two.code), str(three.code), three.aligned) == ("DWI", "T2", None)
    assert one.subject == two.subject == "sub-01"
    reasons = " | ".join(remark.why for remark in result.skipped)
    for words in ("further FLAIR", "not one of the five", "series of frames", "derived volume"):
        assert words in reasons


def frames(path: Path) -> None:
    import SimpleITK as sitk  # noqa: N813

    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(sitk.Image([8, 8, 8, 3], sitk.sitkInt16), str(path))


MSD = {"0": "background", "1": "edema", "2": "non-enhancing tumor", "3": "enhancing tumour"}
REGIONS = {"background": 0, "whole tumor": [1, 2, 3], "tumor core": [2, 3], "enhancing tumor": [3]}

PLAQUES = {"background": 0, "MS": 1, "ignore": 2}


@pytest.mark.parametrize(
    ("description", "converted"),
    [
        ({"modality": {"0": "FLAIR", "1": "T1w", "2": "T1gd"}, "labels": MSD}, {1: 2, 2: 1, 3: 3}),
        ({"channel_names": {"0": "FLAIR", "1": "T1", "2": "T1ce"}, "labels": REGIONS}, {1: 2, 2: 1, 3: 3}),
        ({"channel_names": {"0": "FLAIR", "1": "T1", "2": "T1ce"}, "labels": PLAQUES}, {1: 1, 2: 0}),
    ],
)
def test_nnunet(tmp_path: Path, description: dict, converted: dict[int, int]) -> None:
    root = tmp_path / "Dataset137_BraTS"
    for channel in range(3):
        volume(root / "imagesTr" / f"case_001_{channel:04d}.nii.gz")
    volume(root / "imagesTr" / "case_002_0000.nii.gz")
    volume(root / "imagesTs" / "case_010_0001.nii.gz")
    volume(root / "labelsTr" / "case_001.nii.gz", labels(*converted))
    (root / "dataset.json").write_text(json.dumps({"file_ending": ".nii.gz", "numTraining": 2, **description}))
    datalist, result, _ = imported("nnunet", root, tmp_path)
    assert [case.id for case in datalist.cases] == ["case_001", "case_002", "case_010"]
    one, two, test = datalist.cases
    assert names(one) == {"T1": "case_001_0001.nii.gz", "T1ce": "case_001_0002.nii.gz", "FLAIR": "case_001_0000.nii.gz"}
    np.testing.assert_array_equal(read(one.label), labels(*converted.values()))
    assert one.scheme == ("glioma" if 3 in converted else "lesion")
    assert one.aligned
    assert (two.label, str(two.code)) == (None, "FLAIR")
    assert (test.metadata["part"], str(test.code)) == ("Ts", "T1")
    assert "has no label" in remarks(result, "case_002")


def test_nnunet_with_unknown_channels_and_labels(tmp_path: Path) -> None:
    root = tmp_path / "Dataset500_Other"
    for channel in range(2):
        volume(root / "imagesTr" / f"a_{channel:04d}.nii.gz")
    volume(root / "labelsTr" / "a.nii.gz", labels(1))
    labelling = {"background": 0, "hippocampus": 1, "amygdala": 2}
    (root / "dataset.json").write_text(json.dumps({"channel_names": {"0": "ADC", "1": "T2"}, "labels": labelling}))
    datalist, result, _ = imported("nnunet", root, tmp_path)
    assert str(datalist.cases[0].code) == "T2"
    assert datalist.cases[0].label is None
    assert "“ADC”" in remarks(result, "channel 0")
    assert "cannot be understood" in remarks(result, "labels")


def test_what_an_import_refuses(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for kind, root, output, code in (
        ("mnist", tmp_path, "x.json", "unknown-dataset"),
        ("bids", tmp_path / "nowhere", "x.json", "no-such-folder"),
        ("bids", tmp_path / "empty", "x.json", "nothing-to-import"),
        ("nnunet", tmp_path / "empty", "x.json", "nothing-to-import"),
    ):
        with pytest.raises(InputError) as caught:
            import_dataset(kind, root, tmp_path / output)
        assert caught.value.code == code
    brats(tmp_path / "data" / "BraTS2021_00000")
    description = tmp_path / "dataset.json"
    description.write_text('{"numTraining": 1}')
    with pytest.raises(InputError, match="is no datalist"):
        import_dataset("brats2021", tmp_path / "data", description)
    assert description.read_text() == '{"numTraining": 1}'


def test_importing_twice_gives_the_same_and_an_unreadable_label_costs_only_the_label(tmp_path: Path) -> None:
    root = tmp_path / "data"
    brats(root / "BraTS2021_00000")
    brats(root / "BraTS2021_00001")
    (root / "BraTS2021_00001" / "BraTS2021_00001_seg.nii.gz").write_bytes(b"cut off")
    output = root / "datalist.json"  # inside the source: own copies must not be taken for data the second time
    first = import_dataset("brats2021", root, output)
    text = output.read_text()
    second = import_dataset("brats2021", root, output)
    assert output.read_text() == text
    assert first.remarks == second.remarks
    assert [case.label is None for case in second.datalist.cases] == [False, True]
    assert "kept without its label" in remarks(second, "BraTS2021_00001")
