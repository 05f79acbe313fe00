"""The site: built without a warning, every page in the navigation, every room in the reference, every link alive."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from Testing.docs.pages import DOCS, PAGES, ROOT
from Testing.screenshots.architecture import DOMAIN, IN_TRAINING, ROOMS

API = DOCS / "reference" / "api"
LIBRARY, TRAINING = ROOT / "MissingModalitySegLib", ROOT / "training" / "MissingModalitySegTraining"
KINDS = ("tutorials", "how-to", "reference", "explanation")


def packages(folder: Path) -> set[str]:
    return {path.parent.name for path in folder.glob("*/__init__.py")}


@pytest.mark.long
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr  # `--quiet` would hide warnings from `--strict` as well
    reference = (tmp_path / "site" / "reference" / "api" / "engine.html").read_text(encoding="utf-8")
    assert "MissingModalitySegLib.engine.segment" in reference
    home = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    for kind in KINDS:
        assert f'href="{kind}/' in home
    fetched = re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="(https?://[^"]+)"', home)
    assert [one for one in fetched if 'rel="canonical"' not in one and "github.io" not in one] == []


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in DOCS.rglob("*.md"):
        assert f" {page.relative_to(DOCS).as_posix()}\n" in navigation, page


def test_pages_lie_in_the_four_kinds() -> None:
    assert {page.parent.name for page in DOCS.glob("*/*.md")} == set(KINDS)
    assert [page.name for page in DOCS.glob("*.md")] == ["index.md"]


def test_every_room_is_in_the_reference() -> None:
    shown = set(re.findall(r"^::: ([\w.]+)$", "\n".join(page.read_text() for page in API.glob("*.md")), re.MULTILINE))
    files = {path.stem for path in LIBRARY.glob("*.py")} - {"__init__", "__main__"}
    for name in packages(LIBRARY) - {"cli", "ui"} | files:
        assert f"MissingModalitySegLib.{name}" in shown
    for name in packages(TRAINING):
        assert f"MissingModalitySegTraining.{name}" in shown


def test_the_drawn_house_is_the_one_that_stands() -> None:
    rooms = set(ROOMS) - {"domain", "MissingModalitySeg", "MissingModalitySegTraining"}
    assert rooms | set(DOMAIN) == packages(LIBRARY)
    assert set(IN_TRAINING) == packages(TRAINING)


OTHERS = [ROOT / name for name in ("CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "SECURITY.md")]


@pytest.mark.parametrize("page", [*PAGES, *OTHERS], ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """To files that are there, and to headings that are in them."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, heading = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        if heading:
            assert heading in headings(found), target


def headings(page: Path) -> set[str]:
    """The anchors that GitHub and MkDocs make of headings."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def test_pictures_are_small_and_shown() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for picture in (DOCS / "images").iterdir():
        assert picture.stat().st_size <= 300_000, picture
        assert f"images/{picture.name})" in text, picture
