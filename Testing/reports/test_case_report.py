"""The page of a case: all of the report in it, nothing that is run, pictures that show what the volumes hold."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from PIL import Image

from MissingModalitySegLib.cli.edge import run
from MissingModalitySegLib.engine.segment import segment, synthesize
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.labels import GLIOMA
from MissingModalitySegLib.options import Options
from MissingModalitySegLib.reports import case, from_folder, from_run
from MissingModalitySegLib.reports.drawing import Layer, draw, marks_of, mosaic, places_of
from MissingModalitySegLib.reports.images import jpeg, png
from MissingModalitySegLib.reports.page import when
from MissingModalitySegLib.reports.pictures import Kind, Pictures
from MissingModalitySegLib.reports.view import view_of
from MissingModalitySegLib.watch import Watch
from Testing.engine.made_studies import volume
from Testing.engine.small_runs import write_inputs, write_segmenter, write_synthesiser
from Testing.reports.made_reports import HOSTILE, made_report
from Testing.reports.test_markup import Read

CPU = Options(device="cpu", precision="float32", synthesize=True, uncertainty=True)


def pixels(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",", 1)[1]))))


def head(axes: str = "RAS", modality: str = "FLAIR") -> sitk.Image:
    return volume(modality, axes=axes)


def labels_like(image: sitk.Image, point: tuple[float, float, float], value: int = 2) -> sitk.Image:
    """A cube of 3 voxels around a point in LPS mm."""
    labels = sitk.Image(image.GetSize(), sitk.sitkUInt8)
    labels.CopyInformation(image)
    centre = image.TransformPhysicalPointToIndex(point)
    for offset in np.ndindex(3, 3, 3):
        labels[tuple(int(c + o - 1) for c, o in zip(centre, offset, strict=True))] = value
    return labels


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("2026-05-04T09:30:59+00:00", "2026-05-04 09:30 UTC"),
        ("2026-05-04T01:30:00+02:00", "2026-05-03 23:30 UTC"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
        ("yesterday", "yesterday"),
        (7, "7"),
        (None, ""),
    ],
)
def test_times_as_people_read_them(told, shown: str) -> None:
    assert when(told) == shown


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A run with everything, whose page was made as the worker makes it."""
    place = tmp_path_factory.mktemp("run")
    inputs = write_inputs(place / "in", "T1", "FLAIR")
    write_synthesiser(place / "models" / "synthesis")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MISSING_MODALITY_SEG_MODELS", str(place / "models"))
        one = write_segmenter(place / "models" / "one", synthesiser={"bundle": "synthesis"})
        segment(inputs, one, CPU, place / "out", page=from_run.page_of_run)
    return place


def test_a_run_leaves_a_page(finished: Path) -> None:
    out = finished / "out"
    document = (out / "report.html").read_text(encoding="utf-8")
    read, report = Read(document), json.loads((out / "report.json").read_text())
    assert "report.html" not in report["files"].values()
    for value in report["volumes_ml"].values():
        assert f"{value:.2f} ml" in document
    assert report["inputs"]["T1"]["sha256"] in document
    assert report["expected"]["sentences"]["unmeasured"] in read.texts["p"]
    captions = re.findall(r"</canvas><figcaption><span>(.*?)</span><span>(.*?)</span>", document)
    assert [name for name, _ in captions] == ["T1", "T2", "FLAIR", "Uncertainty"]
    assert [name for name, note in captions if note == "generated"] == ["T2"]
    assert len(document) < 2e6
    assert str(finished) not in document
    assert not re.search(r"(?:src|href)=\"(?!data:image/)", document), "everything lies in the page"


def test_what_to_expect_is_told_once() -> None:
    report = made_report()
    sentence = report["expected"]["sentences"]["expected"]
    assert sentence.startswith("Expected from FLAIR: Dice of the lesion 0.71")
    read = Read(case.case_page(report))
    assert "0.71" in read.texts["td"]
    assert not any("0.71" in one for one in read.texts["p"])
    report["expected"]["expected"] = []  # told of fewer sequences, of which there is no table
    assert sentence in Read(case.case_page(report)).texts["p"]


def test_a_lesion_that_a_sequence_does_not_show_has_a_dash_there() -> None:
    report = made_report()
    report["lesions"][0]["mean_intensity"] = {"T1": None, "FLAIR": 412.6}
    page = case.case_page(report)
    assert "Mean T1" in page
    assert re.search(r"<td[^>]*>–</td><td[^>]*>412.6</td></tr>", page)


def test_the_same_page_from_the_folder(finished: Path, tmp_path: Path) -> None:
    """A finished folder, its inputs elsewhere: found by name and contents, and drawn as the run drew them."""
    out, before = finished / "out", (finished / "out" / "report.html").read_text(encoding="utf-8")
    report = from_folder.read_report(out)
    assert from_folder.find_inputs(out, report) == {}
    assert set(from_folder.find_inputs(out, report, [finished])) == {"T1", "FLAIR"}
    again = from_folder.write_case_report(out, [finished / "in"]).read_text(encoding="utf-8")
    assert Read(again).tags == Read(before).tags
    without = from_folder.write_case_report(out, case="P <1>").read_text(encoding="utf-8")
    assert "<canvas" not in without
    assert "P &lt;1&gt;: lesion report" in without
    (finished / "in" / "copy").mkdir()
    (finished / "in" / "copy" / "T1.nii.gz").write_bytes(b"another")
    assert "copy" not in str(from_folder.find_inputs(out, report, [finished])["T1"])


def test_the_command_makes_pages_again(finished: Path, tmp_path: Path, capsys) -> None:
    shutil.copytree(finished / "out", tmp_path / "all" / "one")
    (tmp_path / "all" / "one" / "report.html").unlink()
    assert run(["report", str(tmp_path / "all" / "one"), "--inputs", str(finished / "in"), "--case", "A & B"]) == 0
    document = (tmp_path / "all" / "one" / "report.html").read_text(encoding="utf-8")
    assert "A &amp; B: lesion report" in document
    assert "<canvas" in document
    assert run(["report", str(tmp_path / "all"), "--case", "Trial"]) == 0
    cohort = (tmp_path / "all" / "report.html").read_text(encoding="utf-8")
    assert 'href="./one/report.html"' in cohort
    assert cohort.count("data:image/jpeg") == 1
    assert run(["report", str(tmp_path / "nowhere")]) == 2
    (tmp_path / "scans").mkdir()
    assert run(["report", str(tmp_path / "scans")]) == 2
    assert not list((tmp_path / "scans").iterdir())
    assert "no folder" in capsys.readouterr().err


def test_a_picture_that_fails_costs_no_result(finished: Path, tmp_path: Path, capsys) -> None:
    def broken(*_) -> str:
        raise ZeroDivisionError("no picture")

    class Heard(Watch):
        codes: list[str] = []  # noqa: RUF012

        def warn(self, code: str, message: str) -> None:
            self.codes.append(code)

    inputs = {name: finished / "in" / f"{name}.nii.gz" for name in ("T1", "FLAIR")}
    options = Options(device="cpu", precision="float32")
    outcome = segment(inputs, finished / "models" / "one", options, tmp_path / "out", Heard(), broken)
    assert "no-page" in Heard.codes
    assert [one["code"] for one in outcome.report["warnings"]].count("no-page") == 1
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == ["report.json", "segmentation.nii.gz"]
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_sequences_alone_have_a_page(finished: Path, tmp_path: Path) -> None:
    inputs = {"T1": finished / "in" / "T1.nii.gz"}
    outcome = synthesize(
        inputs, finished / "models" / "synthesis", Options(device="cpu"), tmp_path / "out", page=from_run.page_of_run
    )
    document = outcome.files["page"].read_text(encoding="utf-8")
    assert "no lesions were looked for" in document
    assert document.count('class="generated"') == 2


def test_what_is_no_report_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no report\.json"):
        from_folder.read_report(tmp_path)
    for text in ("{", "[]", "{}"):
        (tmp_path / "report.json").write_text(text)
        with pytest.raises(InputError, match=r"report\.json"):
            from_folder.read_report(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"lesions": [{"id": 1}]},
        {"lesions": 3},
        {"inputs": {"FLAIR": 3}},
        {"inputs": {"FLAIR": {}}},
        {"inputs": {"CT": {"file": "a.nii.gz"}}},
        {"volumes_ml": {"lesion": float("nan")}},
        {"timings_s": "long"},
        {"brain": []},
        {"warnings": {"a": 1}},
        {"files": [1]},
    ],
    ids=str,
)
def test_a_damaged_report_is_said(change: dict, tmp_path: Path, capsys) -> None:
    """Or shown without what is damaged; with no traceback."""
    (tmp_path / "report.json").write_text(json.dumps(made_report() | change))
    assert run(["report", str(tmp_path)]) in (0, 2)
    told = capsys.readouterr().err
    assert not told or (told.startswith("Error: ") and "Hint: " in told)
    assert "Traceback" not in told


def test_a_report_nested_without_end_is_said(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text('{"inputs":' + "[" * 100_000)
    with pytest.raises(InputError, match="is damaged"):
        from_folder.read_report(tmp_path)


def test_nothing_in_it_is_run() -> None:
    """Whatever is in a report that somebody else wrote."""

    def poisoned(value):
        if isinstance(value, dict):
            return {key: poisoned(one) for key, one in value.items()}
        if isinstance(value, list):
            return [poisoned(one) for one in value] or [HOSTILE]
        return HOSTILE if isinstance(value, str) and value not in ("simulated", "dice") else value

    report = poisoned(made_report())
    report["inputs"][HOSTILE] = report["inputs"]["FLAIR"]
    report["warnings"] = [{"code": HOSTILE, "message": HOSTILE}]
    report["expected"]["additions"] = []
    report["lesions"][0]["mean_intensity"] = {HOSTILE: 1.0}
    report["volumes_ml"] = {HOSTILE: 1.0}
    read = Read(case.case_page(report, None, HOSTILE))
    assert [tag for tag, _ in read.tags].count("script") == 2
    assert not [one for tag, one in read.tags if tag == "img" or any(name.startswith("on") for name in one)]


def test_a_report_with_nothing_in_it() -> None:
    report = dict.fromkeys(made_report(), None) | {"inputs": {}, "warnings": [], "timings_s": {}, "files": {}}
    assert "lesions were looked for" in case.case_page(report)


@pytest.mark.parametrize("axes", ["RAS", "LPS", "ASL", "PIR"])
def test_right_is_left_and_the_front_is_on_top(axes: str) -> None:
    """However the voxels of a file are ordered: a mark at the patient's right front lies left and up."""
    reference = head(axes)
    labels = labels_like(reference, (-40.0, -50.0, 10.0))  # LPS: to the right, to the front, up
    view = view_of(reference, labels)
    slices = view.slices_of_labels(labels)
    where = np.argwhere(slices)
    assert where[:, 1].mean() < view.height / 2
    assert where[:, 2].mean() < view.width / 2
    assert view.heights_mm()[round(where[:, 0].mean())] == pytest.approx(10, abs=2)
    assert np.all(np.diff(view.heights_mm()) > 0)
    voxel = labels.TransformPhysicalPointToIndex((-40.0, -50.0, 10.0))
    place = places_of(view, [{"id": 1, "voxel": voxel}], labels)[1]
    assert (place.slice, place.y, place.x) == pytest.approx(where.mean(axis=0), abs=1)


def test_pictures_are_of_sensible_size() -> None:
    fine = sitk.Image([400, 480, 500], sitk.sitkUInt8)
    fine.SetSpacing((0.5, 0.5, 0.5))
    fine[100:300, 100:400, 50:490] = 100
    view = view_of(fine)
    assert (view.width, view.height, view.count) <= (208 + 8, 256 + 8, 160)
    assert view.count <= 160
    assert view.width % 8 == view.height % 8 == 0


def test_tiles_are_where_the_page_looks_for_them() -> None:
    reference = head()
    labels = labels_like(reference, (0.0, 0.0, 20.0), 3)
    view = view_of(reference, labels)
    marks = marks_of(view, labels, GLIOMA)
    layers = [Layer("FLAIR", Kind.ACQUIRED, reference), Layer("T2", Kind.GENERATED, reference)]
    made = draw(view, layers, [marks], places=places_of(view, [{"id": 1, "voxel": (38, 45, 45)}], labels))
    assert isinstance(made, Pictures)
    page = pixels(made.panels[0].image)
    assert page.shape[1] == made.columns * made.width
    i = made.overlays[0].slices[1]
    tile = page[i // made.columns * made.height :, i % made.columns * made.width :][: made.height, : made.width]
    expected = view.slices_of(reference)[i]
    assert np.corrcoef(tile.ravel(), expected.ravel())[0, 1] > 0.99
    fill = Image.open(io.BytesIO(base64.b64decode(made.overlays[0].fill.split(",", 1)[1]))).convert("RGBA")
    colours = {tuple(one) for one in np.asarray(fill).reshape(-1, 4).tolist() if one[3]}
    assert colours == {(*GLIOMA.label(3).colour, 255)}
    assert len(made.rows) == 1
    assert [one.kind for one in made.rows[0].tiles] == [Kind.ACQUIRED, Kind.GENERATED]


def test_png_and_jpeg_are_read_by_others() -> None:
    rng = np.random.default_rng(1)
    indices = rng.integers(0, 3, (13, 7), np.uint8)
    palette = [(0, 0, 0, 0), (255, 0, 10, 90), (1, 2, 3, 255)]
    uri = png(indices, palette)
    read = np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",", 1)[1]))).convert("RGBA"))
    assert np.array_equal(read, np.array(palette, np.uint8)[indices])
    ramp = np.linspace(0, 255, 64 * 48).reshape(48, 64).astype(np.uint8)
    assert np.abs(pixels(jpeg(ramp)).astype(int) - ramp).max() < 12
    colour = np.stack([ramp, ramp[::-1], ramp], -1)
    assert np.abs(pixels(jpeg(colour, 95)).astype(int) - colour).mean() < 6


def test_a_mosaic_is_read_row_by_row() -> None:
    slices = np.arange(5 * 2 * 3).reshape(5, 2, 3)
    page = mosaic(slices, 2)
    assert page.shape == (6, 6)
    assert np.array_equal(page[2:4, 3:], slices[3])
    assert not page[4:, 3:].any()
