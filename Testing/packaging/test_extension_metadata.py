"""What CMake hands on to the index of extensions. The index's own rules are in module_rules/index.py."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOP = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
ICONS = ROOT / "MissingModalitySeg" / "Resources" / "Icons"


def told(name: str) -> str:
    return re.search(rf'set\(EXTENSION_{name} "([^"]*)"\)', TOP)[1]


def test_the_licence_is_there() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_the_module_leads_to_its_documentation() -> None:
    text = (ROOT / "MissingModalitySeg" / "MissingModalitySeg.py").read_text(encoding="utf-8")
    assert re.search(r'^HOMEPAGE = "([^"]*)"$', text, re.MULTILINE)[1] == told("HOMEPAGE")
    page = re.search(r'^DOCUMENTATION = f"\{HOMEPAGE\}/blob/main/([^"]*)"$', text, re.MULTILINE)[1]
    assert (ROOT / page).is_file()
    assert "DOCUMENTATION" in text.split("helpText", 1)[1]


@pytest.mark.parametrize("name", ["DESCRIPTION", "CONTRIBUTORS", "CATEGORY"])
def test_cmake_passes_words_on_unbroken(name: str) -> None:
    """Slicer hands these on without quotes: a semicolon would split them."""
    assert ";" not in told(name)


def test_the_icon_is_drawn_twice() -> None:
    """SVG for Slicer, PNG for the catalogue."""
    assert ElementTree.parse(ICONS / "MissingModalitySeg.svg").getroot().get("viewBox") == "0 0 256 256"
    header = (ICONS / "MissingModalitySeg.png").read_bytes()[:24]
    assert struct.unpack(">II", header[16:24]) == (128, 128)
