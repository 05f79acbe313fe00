"""Two finished runs of one patient, whose lesions differ in a known way: the table, the map, the page, the command."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import SimpleITK as sitk  # noqa: N813

from MissingModalitySegLib.checksums import sha256_of
from MissingModalitySegLib.cli.edge import run
from MissingModalitySegLib.engine.summarise import summarise
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.labels import GLIOMA
from MissingModalitySegLib.modalities import Modality
from MissingModalitySegLib.reports.changes import changes_page
from MissingModalitySegLib.reports.visits import read_visit, write_comparison
from Testing.engine.made_studies import volume
from Testing.engine.small_runs import write_inputs, write_segmenter
from Testing.reports.browser import browser, find_browser
from Testing.reports.made_pages import made_labels
from Testing.reports.made_reports import HOSTILE, made_report
from Testing.reports.test_markup import Read

GROWN, SAME = (-30.0, 10.0, 24.0), (34.0, 20.0, 10.0)
GONE, NEW = (30.0, -20.0, 20.0), (-20.0, -30.0, 0.0)
FIRST = ((GROWN, 8.0, 2), (SAME, 6.0, 1), (GONE, 6.0, 2))
SECOND = ((GROWN, 12.0, 2), (SAME, 6.0, 1), (NEW, 7.0, 2))
MOVE = sitk.Euler3DTransform((0.0, 0.0, 0.0), 0.05, -0.03, 0.06, (5.0, -3.0, 2.0))
"""From places in the second visit to places in the first."""

SINCE = "What has changed since the earlier visit"


def write_visit(folder: Path, spots, move: sitk.Transform | None = None, **changes) -> Path:
    """The volumes of a visit in `in`, and what a run leaves in `out`."""
    image = sitk.Cast(volume(Modality.FLAIR), sitk.sitkFloat32)
    image[20:30, 40:50, 30:38] = 200.0  # a head with two sides
    labels = made_labels(image, spots)
    if move is not None:
        image = sitk.Resample(image, image, move, sitk.sitkLinear, 0)
        labels = sitk.Resample(labels, labels, move, sitk.sitkNearestNeighbor, 0)
    for name in ("in", "out"):
        (folder / name).mkdir(parents=True)
    sitk.WriteImage(image, str(folder / "in" / "flair.nii.gz"))
    sitk.WriteImage(labels, str(folder / "out" / "segmentation.nii.gz"))
    found = summarise(labels, GLIOMA).to_dict()
    report = made_report(**{name: found[name] for name in ("volumes_ml", "lesions", "lesion_count")})
    report["inputs"]["FLAIR"]["sha256"] = sha256_of(folder / "in" / "flair.nii.gz")
    report |= {"synthetic": None, "files": {"segmentation": "segmentation.nii.gz"}} | changes
    (folder / "out" / "report.json").write_text(json.dumps(report))
    return folder / "out"


@pytest.fixture(scope="module")
def visits(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("visits")
    write_visit(place / "a", FIRST)
    write_visit(place / "b", SECOND, MOVE, code="T1+FLAIR")
    assert (
        run(["longitudinal", f"{place}/a/out", f"{place}/b/out", "--inputs", str(place), "--output", f"{place}/c"]) == 0
    )
    return place


def test_each_lesion_has_its_state(visits: Path) -> None:
    result = json.loads((visits / "c" / "longitudinal.json").read_text())
    assert {name: one["count"] for name, one in result["states"].items()} == {
        "new": 1, "enlarging": 1, "unchanged": 1, "shrinking": 0, "gone": 1,
    }  # fmt: skip
    new = next(one for one in result["lesions"] if one["state"] == "new")
    left, back, top = MOVE.GetInverse().TransformPoint(NEW)
    assert new["point_ras_mm"] == pytest.approx([-left, -back, top], abs=2.5)
    assert result["registration"]["shift_mm"] == pytest.approx(6.2, abs=1.5)
    volumes = [json.loads((visits / one / "out" / "report.json").read_text())["volumes_ml"] for one in "ab"]
    assert result["volumes_ml"]["lesion"]["difference"] == pytest.approx(
        volumes[1]["lesion"] - volumes[0]["lesion"], abs=1e-3
    )
    assert [one["code"] for one in result["warnings"]] == ["other-sequences"]
    written = sitk.ReadImage(str(visits / "c" / "changes.nii.gz"))
    second = sitk.ReadImage(str(visits / "b" / "out" / "segmentation.nii.gz"))
    assert written.GetSize() == second.GetSize()
    assert set(sitk.GetArrayFromImage(written).ravel().tolist()) == {0, 1, 2, 3, 5}
    assert sorted(one.name for one in (visits / "c").iterdir()) == [
        "changes.nii.gz", "longitudinal.html", "longitudinal.json",
    ]  # fmt: skip


def test_the_page_shows_both_visits(visits: Path) -> None:
    document = (visits / "c" / "longitudinal.html").read_text(encoding="utf-8")
    for words in (
        "first visit",
        "second visit",
        "What has changed",
        "+ 1",
        "Different sequences",
        "Largest differences",
    ):
        assert words in document
    assert document.count("<canvas") == 2
    assert str(visits) not in document


@pytest.mark.skipif(find_browser() is None, reason="there is no Chromium")
def test_the_page_in_a_browser(visits: Path) -> None:
    with browser() as started:
        page = started.page()
        page.open(visits / "c" / "longitudinal.html")
        page.click('button[data-lesion="2"]')
        assert page.run("document.querySelector('tr.chosen button').dataset.lesion") == "2"
        shown = page.run("[...document.querySelectorAll('figure.tile img + img')].map((one) => one.src)")
        assert len(set(shown)) > 1, "each visit has its own marks"
        assert page.errors == page.requests == []


def test_without_registration_places_are_taken_as_they_are(visits: Path, tmp_path: Path) -> None:
    result = write_comparison(visits / "a" / "out", visits / "a" / "out", tmp_path, register="off")
    assert result["registration"] is None
    assert {one["state"] for one in result["lesions"]} == {"unchanged"}
    assert all(one["overlap"] == 1 for one in result["lesions"])
    assert "<canvas" not in (tmp_path / "longitudinal.html").read_text(encoding="utf-8"), "no volumes, no pictures"


def test_what_is_missing_is_said(visits: Path, tmp_path: Path, capsys) -> None:
    with pytest.raises(InputError, match="volumes of a visit are missing"):
        write_comparison(visits / "a" / "out", visits / "b" / "out", tmp_path / "c")
    assert not (tmp_path / "c").exists()
    with pytest.raises(InputError, match="the second visit"):
        write_comparison(visits / "a" / "out", tmp_path, tmp_path / "c")
    report = json.loads((visits / "a" / "out" / "report.json").read_text()) | {"files": {}}
    (tmp_path / "report.json").write_text(json.dumps(report))
    with pytest.raises(InputError, match="no segmentation"):
        read_visit(tmp_path)
    command = ["longitudinal", str(visits / "a" / "in"), str(visits / "b" / "out"), "--output", str(tmp_path / "c")]
    assert run(command) == 2
    assert "no model was named" in capsys.readouterr().err
    assert run([*command, "--share", "-1"]) == 2


def test_studies_are_segmented_first(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    write_inputs(tmp_path / "visit", "T1", "FLAIR")
    shutil.copytree(tmp_path / "visit", tmp_path / "again")
    model = write_segmenter(tmp_path / "models" / "one")
    command = ["longitudinal", f"{tmp_path}/visit", f"{tmp_path}/again", "--output", f"{tmp_path}/out", "--json"]
    assert run([*command, "--model", str(model), "--register", "off"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["first"]["lesion_count"] == result["second"]["lesion_count"]
    assert {one["state"] for one in result["lesions"]} <= {"unchanged"}
    first, second = ((tmp_path / "out" / one / "report.html").read_text() for one in ("first", "second"))
    assert SINCE not in first
    assert SINCE in second
    assert "<canvas" in second


def test_the_report_of_the_later_visit_tells_of_the_earlier_one(visits: Path, tmp_path: Path, capsys) -> None:
    for one in "ab":
        shutil.copytree(visits / one / "out", tmp_path / one)
    command = ["report", str(tmp_path / "b"), "--changes", str(visits / "c")]
    assert run(command) == 0
    page = (tmp_path / "b" / "report.html").read_text(encoding="utf-8")
    result = json.loads((visits / "c" / "longitudinal.json").read_text())
    assert SINCE in page
    assert f"{result['volumes_ml']['lesion']['before']:.2f}" in page
    assert "Different sequences" in page
    assert page.index("What was found") < page.index(SINCE) < page.index("What went in")

    capsys.readouterr()
    for folder, changes, words in (
        ("a", visits / "c", "its later visit is another one"),
        ("b", tmp_path / "a", "There is no longitudinal.json"),
        (".", visits / "c", "There is no report.json"),
    ):
        assert run(["report", str(tmp_path / folder), "--changes", str(changes)]) == 2
        assert words in " ".join(capsys.readouterr().err.split())
    (tmp_path / "a" / "longitudinal.json").write_text('{"second": 3}')
    assert run(["report", str(tmp_path / "b"), "--changes", str(tmp_path / "a")]) == 2
    assert "no comparison of two visits" in " ".join(capsys.readouterr().err.split())


def test_nothing_in_it_is_run(visits: Path) -> None:
    result = json.loads((visits / "c" / "longitudinal.json").read_text())
    result["warnings"] = [{"code": HOSTILE, "message": HOSTILE}]
    result["first"]["code"] = result["lesions"][0]["note"] = HOSTILE
    result["volumes_ml"] = {HOSTILE: result["volumes_ml"]["lesion"]}
    read = Read(changes_page(result))
    assert [tag for tag, _ in read.tags].count("script") == 2
    assert not [one for tag, one in read.tags if tag == "img" or any(name.startswith("on") for name in one)]


@pytest.mark.parametrize(
    "change",
    [{"volumes_ml": {"lesion": "much"}}, {"volumes_ml": [1]}, {"model": "moe"}, {"warnings": 3}, {"reference": {}},
     {"inputs": {"FLAIR": 3}}, {"files": [1]}, {"lesion_count": float("nan")}],
    ids=str,
)  # fmt: skip
def test_a_damaged_report_is_said_of_its_visit(visits: Path, tmp_path: Path, change: dict) -> None:
    shutil.copytree(visits / "a" / "out", tmp_path / "a")
    path = tmp_path / "a" / "report.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=r"the second visit: report\.json in .* is damaged"):
        write_comparison(visits / "b" / "out", tmp_path / "a", tmp_path / "c", register="off")
    assert not (tmp_path / "c").exists()
