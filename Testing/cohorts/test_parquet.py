"""The table of a cohort keeps types, whatever its rows lack."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow
import pyarrow.parquet

from MissingModalitySegLib.case_results import summary_row
from MissingModalitySegLib.cohorts.parquet import write_parquet
from MissingModalitySegLib.modalities import Modality
from MissingModalitySegLib.study_folders import Choice


def test_types_and_gaps(tmp_path: Path) -> None:
    choice = Choice({Modality.T1: "a.nii"}, {Modality.T1: "By name."}, {"b.nii": "A localiser."})
    report = {"code": "T1", "volumes_ml": {"lesion": 2}, "lesion_count": 3, "timings_s": {"read": 1}}
    rows = [summary_row("Zoë", "done", report, choice=choice), summary_row("b", "failed", None, "Bad.")]
    path = write_parquet(tmp_path / "new", rows)
    table = pyarrow.parquet.read_table(path)
    assert table.schema.field("lesion_ml").type == pyarrow.float64()
    assert table.schema.field("lesions").type == pyarrow.int64()
    first, second = table.to_pylist()
    assert first["used"] == [{"sequence": "T1", "file": "a.nii", "why": "By name."}]
    assert first["skipped"] == [{"file": "b.nii", "why": "A localiser."}]
    assert (first["lesion_ml"], first["lesions"], first["seconds"]) == (2.0, 3, 1.0)
    assert (second["lesion_ml"], second["lesions"], second["problem"]) == (None, None, "Bad.")
    assert os.listdir(path.parent) == ["summary.parquet"]
    assert pyarrow.parquet.read_table(write_parquet(tmp_path / "none", [])).num_rows == 0


def test_names_that_are_no_utf_8(tmp_path: Path) -> None:
    """As on disks that an older system wrote: told as far as they are letters, in cells and in lists of them."""
    choice = Choice({Modality.T1: "M\udcfc.nii"}, {Modality.T1: "By name."}, {"\udcff.nii": "A localiser."})
    path = write_parquet(tmp_path, [summary_row("M\udcfcller", "failed", None, "Bad.", choice)])
    (row,) = pyarrow.parquet.read_table(path).to_pylist()
    assert (row["case"], row["used"][0]["file"]) == (r"M\udcfcller", r"M\udcfc.nii")
    assert row["skipped"] == [{"file": r"\udcff.nii", "why": "A localiser."}]
