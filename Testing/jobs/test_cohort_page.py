"""The page of a batch, written by a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from MissingModalitySegLib.case_results import CaseState, summary_row
from MissingModalitySegLib.errors import ResourceError
from MissingModalitySegLib.jobs.cohort_page import write_cohort_page


def test_a_page_is_written_whatever_lies_in_the_present_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('a file of somebody was imported')", encoding="utf-8")
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    row = summary_row("a", CaseState.FAILED, None, "It could not be read.")
    page = write_cohort_page(sys.executable, tmp_path / "out", "one", "1.0.0", [(row, None)])
    assert "It could not be read." in page.read_text(encoding="utf-8")


def test_a_python_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="could not be written") as caught:
        write_cohort_page(str(tmp_path / "python"), tmp_path, "one", "1.0.0", [])
    assert caught.value.code == "no-page"
