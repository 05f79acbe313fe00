"""Files under the name of another sequence are told, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from MissingModalitySegLib.engine.slots import check_names
from MissingModalitySegLib.modalities import MODALITIES, Modality
from MissingModalitySegLib.watch import Notes, Watch

T1, T1CE, T2, FLAIR, DWI = MODALITIES


def findings(**files: str) -> list[tuple[str, tuple[Modality, ...]]]:
    notes = Notes(Watch())
    found = check_names({Modality.parse(name): Path(path) for name, path in files.items()}, notes)
    assert notes.warnings == [(one.code, one.message) for one in found]
    return [(one.code, one.modalities) for one in found]


def test_names_that_fit_or_say_nothing_pass() -> None:
    assert (
        findings(T1="a/t1.nii.gz", T1ce="a/t1_gd.nii.gz", T2="a/t2.nii.gz", FLAIR="a/flair.nii", DWI="a/b1000.nii")
        == []
    )
    assert findings(FLAIR="a/0001.nii.gz", DWI="a/scan (2).nrrd") == []
    assert findings(T2="in/T2_to_FLAIR.nii.gz", T1ce="in/sub-01_T1w.nii.gz") == []


def test_two_in_the_place_of_each_other() -> None:
    """FLAIR and DWI have too much in common for their contrast to tell."""
    assert findings(FLAIR="a/dwi.nii.gz", DWI="a/flair.nii.gz") == [("perhaps-swapped", (FLAIR, DWI))]
    assert findings(FLAIR="a/DWI/1.nii", DWI="a/FLAIR/1.nii", T1="a/T1/1.nii") == [("perhaps-swapped", (FLAIR, DWI))]


@pytest.mark.parametrize(
    ("slot", "path"),
    [("FLAIR", "a/dwi.nii"), ("T2", "a/sub-1_FLAIR.nii.gz"), ("T1", "a/t1_post.nii"), ("T1ce", "a/t2.nii")],
)
def test_one_under_another_name(slot: str, path: str) -> None:
    assert findings(**{slot: path}) == [("named-otherwise", (Modality.parse(slot),))]


def test_what_is_no_input_by_its_name() -> None:
    notes = Notes(Watch())
    check_names({DWI: Path("study/adc.nii.gz")}, notes)
    ((code, message),) = notes.warnings
    assert code == "named-otherwise"
    assert "DWI" in message
    assert "study/adc.nii.gz" in message
    assert "diffusion coefficient" in message
