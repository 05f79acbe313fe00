"""What a batch leaves behind, and which of it can be kept when it goes on."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from MissingModalitySegLib.case_results import finished_report, summary_row, write_summary
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Modality
from MissingModalitySegLib.options import Options

OPTIONS = Options(synthesize=True, minimum_lesion_ml=0.1)
MODEL = ("one", "1.0.0")


@pytest.fixture
def done(tmp_path: Path) -> tuple[Path, dict[Modality, Path]]:
    """A folder with results, and the volumes that they are of."""
    volumes = {Modality.T1: tmp_path / "t1.nii", Modality.FLAIR: tmp_path / "flair.nii"}
    for path in volumes.values():
        path.write_bytes(b"voxels")
        os.utime(path, (1000, 1000))
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "segmentation.nii.gz").write_bytes(b"labels")
    report = {
        "model": {"name": "one", "version": "1.0.0"},
        "inputs": {str(modality): {"file": path.name} for modality, path in volumes.items()},
        "options": OPTIONS.to_dict(),
        "files": {"segmentation": "segmentation.nii.gz"},
        "volumes_ml": {"lesion": 1.23456},
    }
    (folder / "report.json").write_text(json.dumps(report))
    return folder, volumes


def test_the_same_is_kept(done) -> None:
    folder, volumes = done
    assert finished_report(folder, volumes, MODEL, OPTIONS)["volumes_ml"] == {"lesion": 1.23456}
    assert finished_report(folder, volumes, MODEL, replace(OPTIONS, device="cpu", threads=2)) is not None


def test_anything_else_is_done_again(done, tmp_path: Path) -> None:
    folder, volumes = done
    assert finished_report(folder, volumes, ("two", "1.0.0"), OPTIONS) is None
    assert finished_report(folder, volumes, ("one", "1.1.0"), OPTIONS) is None
    assert finished_report(folder, volumes, MODEL, replace(OPTIONS, minimum_lesion_ml=0.2)) is None
    assert finished_report(folder, {Modality.T1: volumes[Modality.T1]}, MODEL, OPTIONS) is None
    assert finished_report(tmp_path, volumes, MODEL, OPTIONS) is None


def test_a_volume_that_changed_is_done_again(done) -> None:
    folder, volumes = done
    later = (folder / "report.json").stat().st_mtime + 10
    os.utime(volumes[Modality.T1], (later, later))
    assert finished_report(folder, volumes, MODEL, OPTIONS) is None


def test_results_with_a_file_missing_are_done_again(done) -> None:
    folder, volumes = done
    (folder / "segmentation.nii.gz").unlink()
    assert finished_report(folder, volumes, MODEL, OPTIONS) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"model": 3}', '{"model": {"name": "one"}}'])
def test_a_report_that_cannot_be_read_is_done_again(done, text: str) -> None:
    folder, volumes = done
    (folder / "report.json").write_text(text)
    assert finished_report(folder, volumes, MODEL, OPTIONS) is None


def test_the_table(tmp_path: Path) -> None:
    report = {"code": "T1+FLAIR", "volumes_ml": {"lesion": 1.5, "core": 0.25}, "lesion_count": 3}
    rows = [
        summary_row("Zoë, “b”", "done", report | {"timings_s": {"read": 0.4, "predict": 1.2}}),
        summary_row("c", "failed", None, "Line one.\nLine two."),
        summary_row("d", "done", {"code": "T2", "volumes_ml": {"lesion": 0.0, "other": 2.0}, "lesion_count": 0}),
    ]
    path = write_summary(tmp_path / "new", rows)
    with open(path, encoding="utf-8", newline="") as stream:
        table = list(csv.DictReader(stream))
    assert list(table[0]) == [
        "case", "state", "sequences", "lesion_ml", "core_ml", "other_ml", "lesions", "seconds", "problem",
    ]  # fmt: skip
    assert table[0]["case"] == "Zoë, “b”"
    assert (table[0]["lesion_ml"], table[0]["core_ml"], table[0]["seconds"]) == ("1.5", "0.25", "1.6")
    assert (table[1]["problem"], table[1]["lesion_ml"]) == ("Line one.\nLine two.", "")
    assert table[2]["lesions"] == "0"
    assert os.listdir(path.parent) == ["summary.csv"]


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError) as caught:
        write_summary(tmp_path / "file" / "below", [])
    assert caught.value.code == "output-not-writable"
