"""Pages in Chromium: they ask nothing of the network, say nothing on the console, and obey mouse and keys."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from MissingModalitySegLib.reports import CohortCase, write_cohort_report
from Testing.reports.browser import Browser, Page, browser, find_browser
from Testing.reports.made_pages import write_page
from Testing.reports.made_reports import HOSTILE, write_case

pytestmark = pytest.mark.skipif(find_browser() is None or os.name != "posix", reason="there is no Chromium")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    return write_page(tmp_path_factory.mktemp("pages") / "report.html")


@pytest.fixture
def page(chromium: Browser, path: Path) -> Iterator[Page]:
    tab = chromium.page()
    tab.size(1200)
    yield tab.open(path)
    assert tab.errors == []
    assert tab.requests == []


def slice_of(page: Page) -> int:
    return int(page.run("document.getElementById('slice').value"))


def canvas(page: Page, number: int = 0) -> np.ndarray:
    """The pixels of a panel."""
    drawn = page.run(f"document.querySelectorAll('canvas')[{number}].toDataURL('image/png')")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(drawn.split(",", 1)[1]))).convert("RGB"))


def test_it_begins_at_the_largest_lesion(page: Page) -> None:
    report = json.loads(page.run("document.getElementById('report').textContent"))
    heights = page.run("JSON.parse(document.getElementById('pictures').textContent).heights")
    assert heights[slice_of(page)] == pytest.approx(report["lesions"][0]["centroid_ras_mm"][2], abs=2)
    pixels = canvas(page).astype(int)
    assert pixels.mean() > 20
    coloured = np.abs(pixels.max(-1) - pixels.min(-1)) > 25
    assert 200 < coloured.sum() < 0.2 * coloured.size
    assert np.argwhere(coloured)[:, 1].mean() < pixels.shape[1] / 2, "the patient's right is on the left"


def test_wheel_keys_and_slider_turn_slices(page: Page) -> None:
    start, before = slice_of(page), canvas(page)
    page.wheel("#viewer canvas", -120)
    page.settle()
    assert slice_of(page) > start
    assert not np.array_equal(canvas(page), before)
    page.run("document.getElementById('viewer').focus()")
    for key, expected in (
        ("Home", 0),
        ("ArrowUp", 1),
        ("ArrowRight", 2),
        ("ArrowDown", 1),
        ("PageUp", 11),
        ("PageDown", 1),
    ):
        page.press(key)
        assert slice_of(page) == expected, key
    page.press("End")
    count = page.run("JSON.parse(document.getElementById('pictures').textContent).count")
    assert slice_of(page) == count - 1
    assert page.run("document.getElementById('shown').textContent").startswith(f"{count} of {count}, S ")
    page.run("const s = document.getElementById('slice'); s.value = 3; s.dispatchEvent(new Event('input'))")
    assert page.run("document.getElementById('shown').textContent").startswith(f"4 of {count}")


def test_overlay_on_off_and_opacity(page: Page) -> None:
    def colour() -> int:
        pixels = canvas(page, 2).astype(int)
        return int(np.clip(pixels.max(-1) - pixels.min(-1) - 30, 0, None).sum())

    usual = colour()
    page.run("const o = document.getElementById('opacity'); o.value = 100; o.dispatchEvent(new Event('input'))")
    assert colour() > 1.3 * usual
    page.run("o.value = 0; o.dispatchEvent(new Event('input'))")
    assert 0 < colour() < usual, "the outline stays"
    page.run("document.getElementById('viewer').focus()")
    page.press("o", 79)
    assert colour() == 0
    assert page.run("getComputedStyle(document.querySelectorAll('.tile img + img')[0]).visibility") == "hidden"


def test_lesions_by_key_and_by_table(page: Page) -> None:
    places = page.run("JSON.parse(document.getElementById('pictures').textContent).places")
    page.run("document.getElementById('viewer').focus()")
    page.press("n", 78)
    assert slice_of(page) == places["1"][0]
    page.press("n", 78)
    assert slice_of(page) == places["2"][0]
    assert page.run("document.querySelector('tr.chosen button').dataset.lesion") == "2"
    page.click('button[data-lesion="1"]')
    assert slice_of(page) == places["1"][0]


def test_tables_sort_and_say_so(page: Page) -> None:
    def column() -> list[float]:
        return page.run(
            "[...document.querySelectorAll('table.sortable tbody tr')].map((r) => +r.cells[1].dataset.sort)"
        )

    assert column() == sorted(column(), reverse=True)
    page.run("document.querySelectorAll('table.sortable th button')[1].focus()")
    page.press("Enter", 13)
    page.press("\r", 13) if column() == sorted(column(), reverse=True) else None
    state = page.run("document.querySelectorAll('table.sortable th')[1].getAttribute('aria-sort')")
    assert column() == sorted(column(), reverse=state == "descending")
    page.click("table.sortable th:nth-child(2) button")
    turned = page.run("document.querySelectorAll('table.sortable th')[1].getAttribute('aria-sort')")
    assert {state, turned} == {"ascending", "descending"}


def test_generated_sequences_are_marked_everywhere(page: Page) -> None:
    told = page.run("[...document.querySelectorAll('#viewer figure')].map((f) => [f.className, f.textContent])")
    assert [name for name, _ in told] == ["", "generated", ""]
    assert told[1][1] == "T2generated"
    assert page.run("document.querySelectorAll('.tile.generated .stamp').length") > 0
    pixels = canvas(page, 1).astype(int)
    foot = pixels[-40:]
    assert (np.abs(foot - (255, 185, 166)).max(-1) < 40).sum() > 50, "also in the picture, should somebody copy it"
    assert page.run("document.querySelectorAll('canvas')[1].getAttribute('aria-label')").endswith("not acquired")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_light_dark_and_narrow(chromium: Browser, path: Path, tmp_path: Path, scheme: str, width: int) -> None:
    page = chromium.page()
    page.size(width)
    page.scheme(scheme)
    page.open(path)
    assert page.run("document.documentElement.scrollWidth") <= width, "nothing but tables is wider than the window"
    shot = np.asarray(Image.open(page.screenshot(tmp_path / "page.png")).convert("L"))
    corner = shot[4, 4]
    assert corner > 200 if scheme == "light" else corner < 60
    page.run("document.getElementById('theme').click()")
    other = np.asarray(Image.open(page.screenshot(tmp_path / "page.png")).convert("L"))[4, 4]
    assert (other > 128) != (corner > 128)
    assert page.errors == []


def test_text_can_be_read_against_its_ground(chromium: Browser, path: Path) -> None:
    """A contrast of 4.5 to 1 for every colour of text in both schemes, by the formula of WCAG 2."""

    def luminance(colour: str) -> float:
        values = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in values]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    page = chromium.page()
    for scheme in ("light", "dark"):
        page.scheme(scheme)
        page.open(path)
        names = ("page", "sheet", "row", "text", "quiet", "accent", "good", "doubtful", "bad", "made")
        names += ("doubtful-sheet", "made-sheet")
        colours = {
            name: page.run(f"getComputedStyle(document.documentElement).getPropertyValue('--{name}').trim()")
            for name in names
        }
        pairs = [(one, ground) for one in names[3:10] for ground in ("page", "sheet", "row")]
        pairs += [("text", "doubtful-sheet"), ("text", "made-sheet")]
        for one, ground in pairs:
            light, dark = sorted((luminance(colours[one]), luminance(colours[ground])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (scheme, one, ground)


PRINTED = """
import sys
from PySide6.QtPdf import QPdfDocument

document = QPdfDocument()
document.load(sys.argv[1])
print(document.pageCount())
print("".join(document.getAllText(i).text() for i in range(document.pageCount())))
"""
"""A process of its own: where the module's tests have been, Qt's methods may have become properties."""


def test_it_prints(page: Page, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PRINTED, str(page.pdf(tmp_path / "report.pdf"))]
    count, words = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n", 1)
    assert 1 <= int(count) <= 4
    for expected in ("Lesion report", "Largest lesions", "GENERATED", "SHA-256"):
        assert expected in words
    assert "Mouse wheel" not in words


def test_hostile_words_stay_words(chromium: Browser, tmp_path: Path) -> None:
    """In the page of a case and in that of a cohort; and a script that gets in all the same is not run."""
    warnings = [{"code": "x", "message": HOSTILE}]
    written = write_page(tmp_path / "case" / "report.html", warnings=warnings, case=HOSTILE)
    folder = write_case(tmp_path / "case", warnings=warnings, code=HOSTILE)
    cohort = write_cohort_report(
        tmp_path, [CohortCase(HOSTILE, HOSTILE, folder, HOSTILE, {HOSTILE: HOSTILE})], title=HOSTILE
    )
    page = chromium.page()
    for one in (written, cohort):
        page.open(one)
        assert page.run("window.hacked === undefined")
        assert HOSTILE in page.run("document.body.textContent")
        assert page.errors == page.requests == []
    smuggled = tmp_path / "smuggled.html"
    smuggled.write_text(
        written.read_text(encoding="utf-8").replace("<main>", f"<main>{HOSTILE[2:]}", 1), encoding="utf-8"
    )
    page.open(smuggled)
    assert page.run("window.hacked === undefined")
    assert page.errors != []


def test_a_cohort_is_searched_sorted_and_followed(chromium: Browser, tmp_path: Path) -> None:
    cases = []
    for number, value in enumerate((3.0, 40.5, 0.2)):
        folder = write_case(
            tmp_path / f"sub-{number}", volumes_ml={"lesion": value}, code=("T1", "FLAIR", "T2")[number]
        )
        write_page(folder / "report.html")
        cases.append(CohortCase(f"sub-{number}", "done", folder))
    cases.append(CohortCase("sub-9", "failed", None, "FLAIR.nii.gz is cut off."))
    page = chromium.page().open(write_cohort_report(tmp_path, cases))
    page.size(1200)
    rows = "[...document.querySelectorAll('table.filtered tbody tr')]"
    ids = f"{rows}.filter((row) => !row.hidden).map((row) => row.cells[1].textContent)"
    assert page.run(ids) == ["sub-0", "sub-1", "sub-2", "sub-9"]
    page.run("[...document.querySelectorAll('th button')].find((b) => b.textContent === 'Lesion, ml').click()")
    assert page.run(ids) == ["sub-1", "sub-0", "sub-2", "sub-9"]
    page.run("const f = document.getElementById('filter'); f.focus()")
    for letter in "cut":
        page.press(letter)
    assert page.run(ids) == ["sub-9"]
    page.run("f.value = ''; f.dispatchEvent(new Event('input')); const s = document.getElementById('state');")
    page.run("s.value = 'done'; s.dispatchEvent(new Event('change'))")
    assert len(page.run(ids)) == 3
    assert page.run("document.getElementById('count').textContent") == "3 of 4 shown"
    assert page.run(
        "[...document.querySelectorAll('svg circle')].every((one) => one.getBoundingClientRect().width > 3)"
    )
    assert page.run("[...document.querySelectorAll('td img')].every((one) => one.naturalWidth > 20)")
    page.follow("td a")
    assert page.run("document.querySelectorAll('canvas').length") == 3
    assert page.errors == page.requests == []
