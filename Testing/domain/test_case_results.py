"""What a batch leaves behind, and which of it can be kept when it goes on."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from MissingModalitySegLib.bundles import Manifest
from MissingModalitySegLib.case_results import (
    case_options,
    finished_report,
    read_summary,
    result_folders,
    summary_row,
    write_summary,
)
from MissingModalitySegLib.checksums import sha256_of
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Modality
from MissingModalitySegLib.options import Options
from MissingModalitySegLib.study_folders import Choice
from Testing.bundles.samples import description

OPTIONS = Options(mirror=True, minimum_lesion_ml=0.1)


def model(weights: bytes = b"weights") -> Manifest:
    """A manifest that lists a file of this content."""
    entry = {"name": "weights.safetensors", "sha256": hashlib.sha256(weights).hexdigest(), "size": len(weights)}
    return Manifest.from_dict(description(files=[entry]))


@pytest.fixture
def done(tmp_path: Path) -> tuple[Path, dict[Modality, Path]]:
    """A folder with results, and the volumes that they are of."""
    volumes = {Modality.T1: tmp_path / "t1.nii", Modality.FLAIR: tmp_path / "flair.nii"}
    for path in volumes.values():
        path.write_bytes(path.name.encode())
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "segmentation.nii.gz").write_bytes(b"labels")
    report = {
        "model": {"files": {"weights.safetensors": hashlib.sha256(b"weights").hexdigest()}},
        "inputs": {str(modality): {"sha256": sha256_of(path)} for modality, path in volumes.items()},
        "options": OPTIONS.to_dict(),
        "brain": {"mask_sha256": None},
        "files": {"segmentation": "segmentation.nii.gz"},
        "volumes_ml": {"lesion": 1.23456},
    }
    (folder / "report.json").write_text(json.dumps(report))
    return folder, volumes


def test_the_same_is_kept(done) -> None:
    folder, volumes = done
    assert finished_report(folder, volumes, model(), OPTIONS)["volumes_ml"] == {"lesion": 1.23456}
    assert finished_report(folder, volumes, model(), replace(OPTIONS, device="cpu", threads=2)) is not None


def test_what_lies_elsewhere_or_has_another_date_is_the_same(done, tmp_path: Path) -> None:
    folder, volumes = done
    moved = volumes[Modality.T1].rename(tmp_path / "moved.nii")
    os.utime(moved)
    assert finished_report(folder, volumes | {Modality.T1: moved}, model(), OPTIONS) is not None


def test_anything_else_is_done_again(done, tmp_path: Path) -> None:
    folder, volumes = done
    assert finished_report(folder, volumes, model(b"other"), OPTIONS) is None
    assert finished_report(folder, volumes, model(), replace(OPTIONS, minimum_lesion_ml=0.2)) is None
    assert finished_report(folder, {Modality.T1: volumes[Modality.T1]}, model(), OPTIONS) is None
    assert (
        finished_report(folder, dict(zip(volumes, reversed(volumes.values()), strict=True)), model(), OPTIONS) is None
    )
    assert finished_report(tmp_path, volumes, model(), OPTIONS) is None


def test_a_volume_with_another_content_is_done_again_whatever_its_date(done) -> None:
    folder, volumes = done
    before = volumes[Modality.T1].stat()
    volumes[Modality.T1].write_bytes(b"t1.NII")
    os.utime(volumes[Modality.T1], ns=(before.st_atime_ns, before.st_mtime_ns))
    assert finished_report(folder, volumes, model(), OPTIONS) is None


def test_a_mask_counts_by_its_content(done, tmp_path: Path) -> None:
    folder, volumes = done
    mask = tmp_path / "mask.nii"
    mask.write_bytes(b"mask")
    report = json.loads((folder / "report.json").read_text())
    report["options"]["brain"], report["brain"]["mask_sha256"] = "mask.nii", sha256_of(mask)
    (folder / "report.json").write_text(json.dumps(report))
    asked = replace(OPTIONS, brain=str(mask))
    assert finished_report(folder, volumes, model(), asked) is not None
    assert finished_report(folder, volumes, model(), OPTIONS) is None
    mask.write_bytes(b"other")
    assert finished_report(folder, volumes, model(), asked) is None


def test_results_with_a_file_missing_are_done_again(done) -> None:
    folder, volumes = done
    (folder / "segmentation.nii.gz").unlink()
    assert finished_report(folder, volumes, model(), OPTIONS) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"model": 3}', '{"model": {"name": "one"}}'])
def test_a_report_that_cannot_be_read_is_done_again(done, text: str) -> None:
    folder, volumes = done
    (folder / "report.json").write_text(text)
    assert finished_report(folder, volumes, model(), OPTIONS) is None


def test_the_table(tmp_path: Path) -> None:
    report = {"code": "T1+FLAIR", "volumes_ml": {"lesion": 1.5, "core": 0.25}, "lesion_count": 3}
    choice = Choice({Modality.T1: "a.nii"}, {Modality.T1: "By name."}, {"b.nii": "A localiser.", "c.nii": "Coarser."})
    warned = {"warnings": [{"code": "odd", "message": "Odd."}]}
    rows = [
        summary_row("Zoë, “b”", "done", report | warned | {"timings_s": {"read": 0.4, "predict": 1.2}}, choice=choice),
        summary_row("c", "failed", None, "Line one.\nLine two."),
        summary_row("d", "done", {"code": "T2", "volumes_ml": {"lesion": 0.0, "other": 2.0}, "lesion_count": 0}),
    ]
    path = write_summary(tmp_path / "new", rows)
    with open(path, encoding="utf-8", newline="") as stream:
        table = list(csv.DictReader(stream))
    assert list(table[0]) == [
        "case", "state", "sequences", "found", "used", "skipped", "lesion_ml", "core_ml", "other_ml", "lesions",
        "seconds", "warnings", "problem",
    ]  # fmt: skip
    assert table[0]["case"] == "Zoë, “b”"
    assert (table[0]["lesion_ml"], table[0]["core_ml"], table[0]["seconds"]) == ("1.5", "0.25", "1.6")
    assert (table[0]["found"], table[0]["used"]) == ("a.nii | b.nii | c.nii", "T1: a.nii: By name.")
    assert (table[0]["skipped"], table[0]["warnings"]) == ("b.nii: A localiser. | c.nii: Coarser.", "Odd.")
    assert (table[1]["problem"], table[1]["lesion_ml"]) == ("Line one.\nLine two.", "")
    assert table[2]["lesions"] == "0"
    assert os.listdir(path.parent) == ["summary.csv"]


def test_a_spreadsheet_calculates_nothing(tmp_path: Path) -> None:
    names = ["=HYPERLINK(1)", "+1", "-sub", "@x", "'quoted", "plain"]
    path = write_summary(tmp_path, [summary_row(name, "failed", None, "=1+1") for name in names])
    with open(path, encoding="utf-8", newline="") as stream:
        cells = [row["case"] for row in csv.DictReader(stream)]
    assert cells == ["'=HYPERLINK(1)", "'+1", "'-sub", "'@x", "'quoted", "plain"]
    assert [(row["case"], row["problem"]) for row in read_summary(path)] == [(name, "=1+1") for name in names]


def test_a_case_keeps_what_is_known_of_it() -> None:
    options = Options(reference=Modality.T2, brain="auto", register="off")
    known = {"brain": "extracted", "register": "auto"}
    assert case_options(options, {Modality.T1}, known) == replace(options, reference=None, brain="extracted")
    assert case_options(options, {Modality.T2}, {}) == options


def test_names_that_would_share_a_folder() -> None:
    folders = result_folders(Path("/out"), ("a?b", "a:b", "A_B", "../x", "..", "sub/ses"))
    expected = ["/out/a_b", "/out/a_b (2)", "/out/A_B (3)", "/out/x", "/out/case", "/out/sub/ses"]
    assert [path.as_posix() for path in folders] == expected


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError) as caught:
        write_summary(tmp_path / "file" / "below", [])
    assert caught.value.code == "output-not-writable"


def test_a_report_nested_without_end_is_none(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("[" * 100_000)
    assert finished_report(tmp_path, {Modality.T1: tmp_path / "t1.nrrd"}, model(), OPTIONS) is None


def test_names_that_are_no_utf_8_are_told_as_far_as_they_are_letters(tmp_path: Path) -> None:
    """As on disks that an older system wrote; the whole run ended over it."""
    path = write_summary(tmp_path, [summary_row("M\udcfcller", "failed", None, "There is no M\udcfc.nii.")])
    with open(path, encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["case"] == r"M\udcfcller"
    assert row["problem"] == r"There is no M\udcfc.nii."
