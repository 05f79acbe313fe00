"""The translations are complete, and the compiled files that the module loads hold just them."""

from __future__ import annotations

import re
import string
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from Testing.module_rules.files import ROOT

FOLDER = ROOT / "MissingModalitySeg" / "Translations"
COMPILED = ROOT / "MissingModalitySeg" / "Resources" / "Translations"
LANGUAGES = sorted(path.stem.split("_")[1] for path in FOLDER.glob("*.ts") if not path.stem.endswith("en-US"))


def messages(language: str) -> list[tuple[str, str, str, str | None]]:
    """Context, English text, translation, and what is said of its state."""
    tree = ET.parse(FOLDER / f"MissingModalitySeg_{language}.ts").getroot()
    assert tree.get("language") == language.replace("-", "_")
    found = [(context.findtext("name"), one) for context in tree.iter("context") for one in context.iter("message")]
    return [
        (name, one.findtext("source"), one.findtext("translation"), one.find("translation").get("type"))
        for name, one in found
    ]


def texts(language: str) -> set[tuple[str, str]]:
    return {(context, source) for context, source, _, _ in messages(language)}


def test_there_is_a_second_language() -> None:
    assert "de-DE" in LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language: str) -> None:
    assert texts(language) == texts("en-US")
    assert [source for _, source, text, state in messages(language) if not text or state is not None] == []


def places(text: str) -> list[str]:
    """What is put into the text later, and its tags."""
    names = [name for _, name, _, _ in string.Formatter().parse(text) if name]
    return sorted(names) + sorted(re.findall(r"</?\w+>", text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_places_for_values_tags_and_ends_are_kept(language: str) -> None:
    for _, source, text, _ in messages(language):
        assert places(text) == places(source), text
        for end in (":", "…", "."):
            assert text.endswith(end) == source.endswith(end), text
        assert text.startswith(" ") == source.startswith(" "), text
        assert text.count("&") == source.count("&"), text
        assert text.count("(*") == source.count("(*"), text  # patterns of files


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_text_is_the_same_everywhere(language: str) -> None:
    """But where a language bends it: those are named here."""
    bent = {"none"}
    found: dict[str, set[str]] = {}
    for _, source, text, _ in messages(language):
        found.setdefault(source, set()).add(text)
    assert {source for source, several in found.items() if len(several) > 1} <= bent


@pytest.mark.parametrize("language", LANGUAGES)
def test_qt_finds_every_translation_in_the_compiled_file(language: str) -> None:
    QtCore = pytest.importorskip("PySide6.QtCore")
    translator = QtCore.QTranslator()
    assert translator.load(str(COMPILED / f"MissingModalitySeg_{language}.qm")), "run .ci/list-texts"
    for context, source, text, _ in messages(language):
        assert translator.translate(context, source) == text, (context, source, "run .ci/list-texts")


def test_words_of_the_domain_are_those_that_are_translated() -> None:
    """The advice is worded by the domain; its English words stand in the window's sources for translators."""
    from MissingModalitySegLib.advice import WORDS

    known = {source for context, source in texts("en-US") if context == "ui.words"}
    assert set(WORDS.values()) <= known


def test_no_language_is_left_behind() -> None:
    assert {path.stem for path in COMPILED.glob("*.qm")} == {f"MissingModalitySeg_{one}" for one in LANGUAGES}
    assert Path(FOLDER / "MissingModalitySeg_en-US.ts").is_file()
