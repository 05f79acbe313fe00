"""What the index of extensions is told agrees with CMake, with the Python package and with the files that are there."""

from __future__ import annotations

import json
import re
import struct
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENTRY = json.loads((ROOT / "MissingModalitySeg.json").read_text(encoding="utf-8"))
TOP = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
ICONS = ROOT / "MissingModalitySeg" / "Resources" / "Icons"
SCHEMA = {
    "$schema": str, "category": str, "scm_url": str, "scm_revision": str, "scm_type": str, "build_dependencies": list,
    "dicom_support_rule": str, "build_subdirectory": str, "enabled": bool, "tier": int,
}  # fmt: skip
"""Version 1.0.2 of the catalogue's schema allows these and no others."""


def told(name: str) -> str:
    return re.search(rf'set\(EXTENSION_{name} "([^"]*)"\)', TOP)[1]


def test_the_entry_is_one_of_the_catalogue() -> None:
    assert all(isinstance(value, SCHEMA[key]) for key, value in ENTRY.items())
    assert {"$schema", "category", "scm_url"} <= set(ENTRY)
    assert ENTRY["$schema"].endswith("slicer-extension-catalog-entry-schema-v1.0.2.json#")
    assert 1 <= ENTRY["tier"] <= 5


def test_the_entry_agrees_with_cmake() -> None:
    assert re.search(r"project\((\w+)\)", TOP)[1] == "MissingModalitySeg"  # the name of the entry's file
    assert ENTRY["category"] == told("CATEGORY")
    assert ENTRY["build_dependencies"] == told("DEPENDS").split()
    assert ENTRY["scm_url"] == told("HOMEPAGE") + ".git"


def test_the_repository_is_named_as_slicer_asks() -> None:
    homepage = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]["Homepage"]
    assert homepage == told("HOMEPAGE")
    assert homepage.rsplit("/", 1)[1].startswith("Slicer")


def test_pictures_of_the_extension_are_in_the_repository() -> None:
    start = told("HOMEPAGE").replace("github.com", "raw.githubusercontent.com") + "/main/"
    for url in (told("ICONURL"), *told("SCREENSHOTURLS").split()):
        assert url.startswith(start)
        assert (ROOT / url.removeprefix(start)).read_bytes().startswith(b"\x89PNG")


def test_the_licence_is_there() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["DESCRIPTION", "CONTRIBUTORS", "CATEGORY"])
def test_cmake_passes_words_on_unbroken(name: str) -> None:
    """Slicer hands these on without quotes: a semicolon would split them."""
    assert ";" not in told(name)


def test_the_icon_is_drawn_twice() -> None:
    """SVG for Slicer, PNG for the catalogue."""
    assert ElementTree.parse(ICONS / "MissingModalitySeg.svg").getroot().get("viewBox") == "0 0 256 256"
    header = (ICONS / "MissingModalitySeg.png").read_bytes()[:24]
    assert struct.unpack(">II", header[16:24]) == (128, 128)
