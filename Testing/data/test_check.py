"""Each problem provoked alone, then all at once; and what must not be taken for a problem."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from MissingModalitySegLib.errors import InputError
from MissingModalitySegTraining.data.check import Checked, check_datalist

from .trees import SIZE, ball, extracted, head, labels, volume


def case(folder: Path, name: str = "one", **changes) -> dict:
    """A flawless case and its files."""
    for modality in ("T1", "FLAIR"):
        volume(folder / name / f"{modality}.nii.gz", extracted(f"{name}{modality}"))
    volume(folder / name / "lesion.nii.gz", labels(1))
    volume(folder / name / "brain.nii.gz", ball(radius=0.4).astype(np.uint8))
    entry = {
        "id": name,
        "modalities": {modality: f"{name}/{modality}.nii.gz" for modality in ("T1", "FLAIR")},
        "label": f"{name}/lesion.nii.gz",
        "scheme": "lesion",
        "brain_mask": f"{name}/brain.nii.gz",
        "brain_extracted": True,
        "aligned": True,
    }
    return {key: value for key, value in (entry | changes).items() if value is not None}


def check(folder: Path, *cases: dict, **top) -> Checked:
    path = folder / "datalist.json"
    path.write_text(json.dumps({"name": "test", "cases": list(cases)} | top))
    return check_datalist(path)


def only(checked: Checked) -> tuple[str, str, str]:
    """Severity, code and place of the single finding."""
    assert len(checked.findings) == 1, [str(finding) for finding in checked.findings]
    finding = checked.findings[0]
    return finding.severity, finding.code, finding.where


def test_a_flawless_list_has_no_findings(tmp_path: Path) -> None:
    heard = []
    path = tmp_path / "datalist.json"
    path.write_text(json.dumps({"name": "test", "cases": [case(tmp_path, "a", fold=0), case(tmp_path, "b", fold=1)]}))
    checked = check_datalist(path, lambda done, of: heard.append((done, of)))
    assert checked.findings == ()
    assert checked.cases == 2
    assert heard == [(0, 2), (1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.full((SIZE,) * 3, 7.0), ("error", "constant")),
        (ball(), ("error", "mask-as-image")),
        (ball() * 3.5, ("error", "mask-as-image")),
        (labels(1, 2, 3), ("error", "labels-as-image")),
        (np.where(ball(radius=0.3), np.nan, extracted(0)), ("error", "not-finite")),
        (np.where(ball(radius=0.1), np.inf, extracted(0)), ("error", "not-finite")),
    ],
)
def test_volumes_that_are_no_mri(tmp_path: Path, values: np.ndarray, expected: tuple[str, str]) -> None:
    entry = case(tmp_path)
    volume(tmp_path / "one" / "T1.nii.gz", values.astype(np.float32))
    assert only(check(tmp_path, entry)) == (*expected, "cases[0] (one).modalities.T1")


def ct(bone: bool) -> np.ndarray:
    """Air, a skull of bone, a brain of 35 Hounsfield units with noise."""
    noise = np.random.default_rng(0).normal(0, 8, (SIZE,) * 3)
    brain = np.where(ball(radius=0.38), 35 + noise, 1200 if bone else -1000)
    return np.where(ball(radius=0.44), brain, -1000).astype(np.int16)


def test_ct_is_recognised(tmp_path: Path) -> None:
    entry = case(tmp_path, brain_extracted=None)
    volume(tmp_path / "one" / "T1.nii.gz", ct(bone=True))
    assert only(check(tmp_path, entry))[:2] == ("error", "looks-like-ct")
    volume(tmp_path / "one" / "T1.nii.gz", ct(bone=False))
    assert only(check(tmp_path, entry))[:2] == ("warning", "looks-like-ct")


@pytest.mark.parametrize("background", [0.0, -3.0, -1024.0])
def test_z_scored_and_negative_values_are_welcome(tmp_path: Path, background: float) -> None:
    entry = case(tmp_path)
    brain = ball(radius=0.4)
    scored = head("z")
    scored = (scored - scored[brain].mean()) / scored[brain].std()
    volume(tmp_path / "one" / "T1.nii.gz", np.where(brain, scored, background).astype(np.float32))
    assert check(tmp_path, entry).findings == ()


def test_files_that_are_missing_or_no_volumes(tmp_path: Path) -> None:
    entry = case(tmp_path)
    whole = (tmp_path / "one" / "T1.nii.gz").read_bytes()
    (tmp_path / "one" / "T1.nii.gz").write_bytes(whole[:-500])  # ITK reads this without a word
    assert only(check(tmp_path, entry)) == ("error", "damaged-file", "cases[0] (one).modalities.T1")
    (tmp_path / "one" / "T1.nii.gz").write_bytes(b"hello")
    assert only(check(tmp_path, entry)) == ("error", "unreadable-image", "cases[0] (one).modalities.T1")
    (tmp_path / "one" / "T1.nii.gz").unlink()
    assert only(check(tmp_path, entry)) == ("error", "file-not-found", "cases[0] (one).modalities.T1")
    sitk.WriteImage(sitk.Image([8, 8, 8, 3], sitk.sitkInt16), str(tmp_path / "one" / "T1.nii.gz"))
    assert only(check(tmp_path, entry))[1] == "not-three-dimensional"
    sitk.WriteImage(sitk.Image([8, 8, 8], sitk.sitkVectorUInt8, 3), str(tmp_path / "one" / "T1.nii.gz"))
    assert only(check(tmp_path, entry))[1] == "colour-image"


@pytest.mark.parametrize("moved", ["modalities.FLAIR", "label", "brain_mask"])
@pytest.mark.parametrize("how", [{"origin": (0.0, 2.0, 0.0)}, {"spacing": (1.0, 1.0, 1.2)}, {"size": SIZE - 2}])
def test_grids_that_differ(tmp_path: Path, moved: str, how: dict) -> None:
    entry = case(tmp_path)
    how = dict(how)
    size = how.pop("size", SIZE)
    made = {
        "modalities.FLAIR": ("FLAIR", extracted("m", size)),
        "label": ("lesion", ball(size).astype(np.uint8)),
        "brain_mask": ("brain", ball(size, 0.4).astype(np.uint8)),
    }
    name, array = made[moved]
    volume(tmp_path / "one" / f"{name}.nii.gz", array, **how)
    assert only(check(tmp_path, entry)) == ("error", "geometry", f"cases[0] (one).{moved}")
    not_aligned = check(tmp_path, entry | {"aligned": False})
    if moved == "modalities.FLAIR":
        assert not_aligned.findings == ()
    else:
        assert only(not_aligned) == ("warning", "geometry", f"cases[0] (one).{moved}")


def test_a_hair_of_difference_between_headers_does_not_matter(tmp_path: Path) -> None:
    entry = case(tmp_path)
    volume(tmp_path / "one" / "lesion.nii.gz", labels(1), origin=(0.001, 0.0, 0.0))
    assert check(tmp_path, entry).findings == ()


@pytest.mark.parametrize(
    ("array", "scheme", "expected"),
    [
        (labels(1, 2, 4), "glioma", ("error", "unexpected-label-values")),
        (labels(1, 2), "lesion", ("error", "unexpected-label-values")),
        (ball() * np.float32(0.7), "lesion", ("error", "unexpected-label-values")),
        (labels(0), "lesion", ("warning", "empty-label")),
    ],
)
def test_labels_outside_the_scheme_and_empty_ones(tmp_path: Path, array, scheme: str, expected) -> None:
    entry = case(tmp_path, scheme=scheme)
    volume(tmp_path / "one" / "lesion.nii.gz", array)
    assert only(check(tmp_path, entry)) == (*expected, "cases[0] (one).label")


def test_masks(tmp_path: Path) -> None:
    entry = case(tmp_path)
    volume(tmp_path / "one" / "brain.nii.gz", labels(0))
    assert only(check(tmp_path, entry))[:2] == ("error", "empty-mask")
    volume(tmp_path / "one" / "brain.nii.gz", np.ones((SIZE,) * 3, np.uint8))
    assert only(check(tmp_path, entry))[:2] == ("warning", "full-mask")
    entry = case(tmp_path, brain_mask=None, brain_masks={"T1": "one/brain.nii.gz"}, aligned=False)
    volume(tmp_path / "one" / "brain.nii.gz", ball().astype(np.uint8), origin=(0.0, 0.0, 3.0))
    assert only(check(tmp_path, entry)) == ("error", "geometry", "cases[0] (one).brain_masks.T1")


def test_what_a_case_says_of_itself_and_what_it_repeats(tmp_path: Path) -> None:
    entry = case(tmp_path)
    volume(tmp_path / "one" / "T1.nii.gz", head("with skull") + 1)
    assert only(check(tmp_path, entry)) == ("warning", "not-extracted", "cases[0] (one).modalities.T1")
    entry = case(tmp_path)
    os.replace(tmp_path / "one" / "FLAIR.nii.gz", tmp_path / "one" / "T1.nii.gz")
    volume(tmp_path / "one" / "FLAIR.nii.gz", extracted("oneFLAIR"))
    assert only(check(tmp_path, entry)) == ("error", "same-volume-twice", "cases[0] (one).modalities.FLAIR")
    volume(tmp_path / "one" / "T1.nii.gz", extracted("oneT1"), spacing=(0.001,) * 3)
    entry = case(tmp_path, modalities={"T1": "one/T1.nii.gz"}, label=None, brain_mask=None)
    volume(tmp_path / "one" / "T1.nii.gz", extracted("oneT1"), spacing=(0.001,) * 3)
    assert only(check(tmp_path, entry))[:2] == ("warning", "odd-extent")


def test_between_cases(tmp_path: Path) -> None:
    one, two = case(tmp_path, "a", subject="s", fold=0), case(tmp_path, "b", subject="s", fold=1)
    severity, code, where = only(check(tmp_path, one, two))
    assert (severity, code) == ("error", "subject-in-two-folds")
    assert "(a)" in where
    assert "(b)" in where
    assert only(check(tmp_path, one, {**two, "fold": None}))[:2] == ("warning", "fold-missing")
    shared = {**two, "fold": 0, "modalities": {**two["modalities"], "T1": one["modalities"]["T1"]}}
    assert only(check(tmp_path, one, shared))[:2] == ("warning", "shared-file")


def test_everything_at_once(tmp_path: Path) -> None:
    """Flaws of the file do not hide those of the volumes, nor one case those of another."""
    good, twin, gone = case(tmp_path, "a"), case(tmp_path, "b"), case(tmp_path, "c")
    twin["id"] = "A"
    (tmp_path / "c" / "T1.nii.gz").unlink()
    volume(tmp_path / "c" / "lesion.nii.gz", labels(7))
    volume(tmp_path / "a" / "lesion.nii.gz", labels(0))
    broken = {"id": "d", "modalities": {"T3": "x.nii.gz"}, "label": "y.nii.gz"}
    checked = check(tmp_path, good, twin, gone, broken)
    assert checked.cases == 4
    assert sorted((finding.code, finding.where) for finding in checked.errors) == [
        ("bad-datalist", "cases[1].id"),
        ("bad-datalist", "cases[3].modalities.T3"),
        ("bad-datalist", "cases[3].scheme"),
        ("file-not-found", "cases[2] (c).modalities.T1"),
        ("unexpected-label-values", "cases[2] (c).label"),
    ]
    assert [finding.code for finding in checked.warnings] == ["empty-label"]
    json.dumps(checked.as_dict())


def test_files_that_are_no_datalist(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no data list"):
        check_datalist(tmp_path / "nothing.json")
    assert only(check(tmp_path))[1] == "no-case"
    (tmp_path / "list.json").write_text("[1]")
    assert only(check_datalist(tmp_path / "list.json"))[:2] == ("error", "bad-datalist")
