"""The window in another language: which file is taken, and that all of it is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
import qt
import slicer

from MissingModalitySegLib.ui import language
from MissingModalitySegLib.ui.language import speak, translation_for
from MissingModalitySegLib.ui.words import advice_words, column_word, region_word, side_word
from Testing.module.hands import load_and_guess
from Testing.module_rules.files import ROOT
from Testing.slicer_harness.module_window import close_module, open_module

FOLDER = ROOT / "MissingModalitySeg" / "Resources" / "Translations"


@pytest.fixture
def german(slicer_app):
    """Slicer set to German."""
    settings = qt.QSettings()
    settings.setValue("Internationalization/Enabled", True)
    settings.setValue("language", "de-DE")
    assert speak(FOLDER) == "de-DE"
    yield
    slicer.app.removeTranslator(language._translator)
    for name in ("Internationalization/Enabled", "language"):
        settings.remove(name)


def test_the_language_or_one_of_another_country_or_none(tmp_path: Path) -> None:
    for name in ("de-DE", "pt-BR"):
        (tmp_path / f"MissingModalitySeg_{name}.qm").touch()
    for wanted, found in (
        ("de_DE", "de-DE"),
        ("de-AT", "de-DE"),
        ("de", "de-DE"),
        ("pt", "pt-BR"),
        ("fr_FR", None),
        ("d", None),
        ("", None),
    ):
        path = translation_for(tmp_path, wanted)
        assert (None if path is None else path.stem.split("_")[1]) == found, wanted


def test_english_where_nothing_is_set_or_nothing_fits(slicer_app) -> None:
    settings = qt.QSettings()
    assert speak(FOLDER) == ""
    settings.setValue("language", "de-DE")
    assert speak(FOLDER) == ""  # but the user wants no translations
    settings.setValue("Internationalization/Enabled", True)
    settings.setValue("language", "xx")
    assert speak(FOLDER) == ""
    for name in ("Internationalization/Enabled", "language"):
        settings.remove(name)


def test_a_file_that_is_damaged_is_passed_over(slicer_app, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "MissingModalitySeg_de-DE.qm").write_bytes(b"no translations")
    monkeypatch.setattr(language, "_language", lambda: "de-DE")
    assert speak(tmp_path) == ""


def test_forms_messages_and_advice_are_german(german) -> None:
    widget = open_module()
    window = widget.window
    try:
        assert window.run.ui.segmentButton.text == "&Segmentieren"
        assert window.ui.tabs.tabText(1) == "&Mehrere"
        assert window.run.ui.whyNot.text == "Wählen Sie mindestens eine Sequenz."
        load_and_guess(widget, "T1", "DWI")
        assert window.inputs.ui.t1Badge.text == "● vorhanden"
        assert window.batch.ui.caseTable.horizontalHeaderItem(0).text() == "Untersuchung"
        shown = window.model._cards[0].text.text
        assert "DWI wird von diesem Modell nicht verwendet." in shown
        assert "Findet: Läsion, Kern, anreichernd." in shown
    finally:
        close_module(widget)


def test_words_of_tables(german) -> None:
    assert region_word("core") == "Kern"
    assert column_word("Volume [ml]") == "Volumen [ml]"
    assert column_word("Mean FLAIR") == "Mittel FLAIR"
    assert column_word("Volumetric") == "Volumetric"
    assert side_word("left") == "links"
    assert region_word("plaque") == "plaque"
    assert advice_words()["and"] == "{first} and {last}".replace("and", "und")
