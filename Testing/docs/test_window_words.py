"""What the guides tell users to click exists in the window, under that name."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from MissingModalitySegLib.samples import samples
from Testing.docs.pages import DOCS, ROOT

TEXTS = ROOT / "MissingModalitySeg" / "Translations" / "MissingModalitySeg_en-US.ts"
GUIDES = [DOCS / "tutorials" / "first-study.md", DOCS / "how-to" / "slicer.md", DOCS / "how-to" / "install-offline.md"]

OF_SLICER = {
    "Add",
    "Add Data",
    "Additional module paths",
    "Application Settings",
    "DICOM",
    "Data",
    "Delete",
    "Download Sample Data",
    "Edit",
    "Extensions Manager",
    "File",
    "Install extension from file…",
    "Internationalization",
    "Modules",
    "PyTorch",
    "Reload and Test",
    "Save",
    "Segmentation",
}
"""What Slicer itself, or another extension, calls its own."""

ONLY_STRESSED = {
    "For research only.",
    "it is no finding",
    "what to expect of exactly these sequences",
    "are",
    "Here",
    "Carry",
    "There",
    "(synthetic, not acquired)",
    "Sequences.",
    "Model.",
    "Segment.",
    "Results",
    "lesion",
    "core",
    "enhancing",
}
"""Stressed in the text, and no name of anything."""


def window() -> set[str]:
    """All texts of the window, without the marks of keys."""
    found = re.findall(r"<source>(.*?)</source>", TEXTS.read_text(encoding="utf-8"), re.DOTALL)
    return {html.unescape(text).replace("&", "") for text in found} | {sample.title for sample in samples()}


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_what_is_to_be_clicked_is_there(page: Path) -> None:
    text = re.sub(r"```.*?```|^!\[.*?$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    stressed = set(re.findall(r"\*{1,2}([^*]+?)\*{1,2}", " ".join(text.split())))
    named = {part.strip() for one in stressed - ONLY_STRESSED for part in one.split("→")} - OF_SLICER
    assert len(named) >= 4
    assert sorted(name for name in named if name not in window()) == []
