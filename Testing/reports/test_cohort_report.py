"""The page of a cohort: every case with its state, its figures and a link, whatever it is called."""

from __future__ import annotations

import statistics
from pathlib import Path
from urllib.parse import unquote

import pytest

from MissingModalitySegLib.case_results import summary_row, write_summary
from MissingModalitySegLib.reports import CohortCase, cases_in, write_cohort_report
from Testing.reports.made_reports import HOSTILE, made_report, write_case
from Testing.reports.test_markup import Read

ICON = "data:image/jpeg;base64,/9j/4AAQ"


def document_of(folder: Path, *cases: CohortCase, **options) -> str:
    return write_cohort_report(folder, cases or None, **options).read_text(encoding="utf-8")


def test_what_runs_left_is_found(tmp_path: Path) -> None:
    """The table of a batch, with failures, and a folder that it does not know."""
    first = write_case(tmp_path / "sub-01" / "ses-1")
    write_case(tmp_path / "other")
    write_case(tmp_path / ".hidden")
    rows = [
        summary_row("sub-01/ses-1", "done", made_report()),
        summary_row("sub-02", "failed", None, "FLAIR is empty."),
        summary_row("../outside", "failed", None, "No."),
    ]
    write_summary(tmp_path, rows)
    found = cases_in(tmp_path)
    assert [(one.id, one.state, one.folder) for one in found] == [
        ("sub-01/ses-1", "done", first),
        ("sub-02", "failed", None),
        ("../outside", "failed", None),
        ("other", "done", tmp_path / "other"),
    ]
    document = document_of(tmp_path)
    assert "FLAIR is empty." in document
    assert "61.22" in document
    assert not list(tmp_path.glob(".report*"))


def test_links_and_thumbnails(tmp_path: Path) -> None:
    """Relative, so that the folder may be moved; a page's icon is its picture."""
    folder = write_case(tmp_path / "a b" / "Größe#1?")
    (folder / "report.html").write_text(f'<head>\n<link rel="icon" href="{ICON}">\n', encoding="utf-8")
    read = Read(document_of(tmp_path, CohortCase("x", "done", folder)))
    (link,) = [one["href"] for tag, one in read.tags if tag == "a"]
    assert (tmp_path / unquote(link)).is_file()
    assert ICON in [one.get("src") for tag, one in read.tags if tag == "img"]


def test_nothing_in_it_is_run(tmp_path: Path) -> None:
    folder = write_case(
        tmp_path / "case",
        warnings=[{"code": "x", "message": HOSTILE}],
        code=HOSTILE,
        volumes_ml={HOSTILE: 1.0},
        model={"name": HOSTILE, "version": HOSTILE},
    )
    cases = [
        CohortCase(HOSTILE, HOSTILE, folder, HOSTILE, {HOSTILE: HOSTILE}),
        CohortCase("javascript:alert(1)", "failed", None, HOSTILE),
    ]
    (folder / "report.html").write_text('<link rel="icon" href="javascript:alert(1)">', encoding="utf-8")
    read = Read(document_of(tmp_path, *cases, title=HOSTILE))
    assert [tag for tag, _ in read.tags].count("script") == 1
    assert not [one for _, one in read.tags if any(name.startswith("on") for name in one)]
    assert all(one["href"].startswith("./") for tag, one in read.tags if tag == "a")
    assert not [one for tag, one in read.tags if tag == "img"]


def test_the_middle_of_volumes_is_that_of_the_standard_library(tmp_path: Path) -> None:
    values = [0.5, 3.25, 8.0, 41.5, 2.0]
    cases = [
        CohortCase(str(i), "done", write_case(tmp_path / str(i), volumes_ml={"lesion": value}))
        for i, value in enumerate(values)
    ]
    document = document_of(tmp_path, *cases)
    assert f'<td class="number">{statistics.median(values):.2f}</td>' in document
    assert document.count("<circle") == len(values)


def test_damaged_reports_and_none_at_all(tmp_path: Path) -> None:
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "report.json").write_text('{"volumes_ml": 3, "warnings": 1', encoding="utf-8")
    odd = write_case(tmp_path / "odd", volumes_ml={"lesion": None}, warnings=[3], timings_s={"read": "x"}, model=None)
    document_of(tmp_path)
    document_of(tmp_path, CohortCase("odd", "done", odd))
    assert "0 cases" in document_of(tmp_path / "new")


@pytest.mark.parametrize(
    "change",
    [{"timings_s": [1]}, {"timings_s": 3}, {"volumes_ml": {"lesion": 1e999}}, {"code": ["T1"]}, {"lesion_count": 1e999},
     {"model": {"name": {}}}, {"warnings": [{"message": None}]}],
    ids=str,
)  # fmt: skip
def test_one_damaged_report_does_not_cost_the_page(tmp_path: Path, change: dict) -> None:
    write_case(tmp_path / "odd", **change)
    assert "odd" in document_of(tmp_path)


def test_a_report_nested_without_end_does_not_cost_the_page(tmp_path: Path) -> None:
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "report.json").write_text("[" * 100_000)
    document_of(tmp_path)
