"""Cards: what is known of a model before it runs; import of others."""

from __future__ import annotations

import shutil
import zipfile

import pytest
import slicer

from MissingModalitySegLib import bundles
from Testing.engine.small_runs import write_segmenter
from Testing.module.hands import click, load_and_guess
from Testing.module.tiny_models import write_ensemble
from Testing.slicer_harness.module_window import until
from Testing.slicer_harness.slicer_application import FileDialog


@pytest.fixture
def panel(window):
    return window.window.model


def card(panel, name: str):
    return next(one for one in panel._cards if one.name == name)


def message(panel) -> str:
    return "" if panel.ui.modelMessage.isHidden() else panel.ui.modelMessage.text


def test_only_models_that_find_lesions_are_offered(panel) -> None:
    assert panel.names == ("one", "two")


def test_what_to_expect_is_told_for_exactly_what_is_loaded(window, panel) -> None:
    assert "Choose sequences" in card(panel, "one").text.text
    load_and_guess(window, "T1", "FLAIR")
    text = card(panel, "one").text.text
    expected = "Expected from T1+FLAIR: Dice lesion 0.65, core 0.60, enhancing 0.55 (40 simulated scans only)"
    assert expected in text.replace("\n", " ")
    assert "T2 would help most" in text
    assert "0.65 → 0.75" in text
    assert "has not been measured" in card(panel, "two").text.text
    window.window.parameters.flair = None
    assert "Expected from T1: Dice lesion 0.50" in card(panel, "one").text.text
    assert "FLAIR would help most" in card(panel, "one").text.text


def test_each_data_set_and_where_none_was_measured_the_part_that_was(window, panel, tmp_path) -> None:
    rows = [("FLAIR", "lesion", 0.14, 2, "plaques"), ("FLAIR", "lesion", 0.88, 3, "tumours")]
    rows += [("FLAIR", "core", 0.55, 3, "tumours"), ("FLAIR", "lesion", 0.79, 1, "one tumour")]
    names = ("code", "region", "mean", "n", "dataset")
    figures = [dict(zip(names, row, strict=True)) | {"metric": "dice", "data": "real"} for row in rows]
    panel.import_from(str(write_segmenter(tmp_path / "told", name="told", performance=figures)))
    until(lambda: "was added" in message(panel))
    load_and_guess(window, "T1", "FLAIR")
    text = card(panel, "told").text.text
    assert "from T1 and FLAIR has not been measured" in text
    for told in (
        "Expected from FLAIR: Dice lesion 0.88, core 0.55 (3 real scans of tumours).",
        "Expected from FLAIR: Dice lesion 0.14 (2 real scans of plaques).",
        "Expected from FLAIR: Dice lesion 0.79 (1 case, real scans of one tumour).",
    ):
        assert told in text


def test_the_chosen_card_tells_all(window, panel) -> None:
    text = card(panel, "one").text.text
    for word in ("Trained on simulated scans only.", "2,000 simulated studies", "Apache-2.0", "Research."):
        assert word in text
    click(card(panel, "two").button)
    assert "Apache-2.0" not in card(panel, "one").text.text
    assert card(panel, "two").button.checked
    assert not card(panel, "one").button.checked


def test_a_model_from_a_zip(window, panel, tmp_path, monkeypatch) -> None:
    folder = write_segmenter(tmp_path / "four", name="four", title="Imported")
    archive = tmp_path / "mödel.zip"
    with zipfile.ZipFile(archive, "w") as target:
        for path in folder.iterdir():
            target.write(path, f"four/{path.name}")
    FileDialog.answers = [str(archive)]
    panel._archive.trigger()
    until(lambda: "was added" in message(panel))
    assert window.window.parameters.model == "four"
    assert (bundles.user_models() / "four" / "manifest.json").is_file()
    asked = []
    for answer in (False, True):
        monkeypatch.setattr(
            slicer.util, "confirmYesNoDisplay", lambda text, answer=answer: asked.append(text) or answer
        )
        FileDialog.answers = [str(archive)]
        panel._archive.trigger()
        until(lambda: panel.ui.importButton.enabled)
        assert ("was added" in message(panel)) == answer
    assert "Replace it?" in asked[0]


def test_an_ensemble_is_the_first_choice_and_tells_what_it_misses(window, panel, tmp_path) -> None:
    panel.import_from(str(write_ensemble(tmp_path / "joint", "one", "six")))
    until(lambda: "was added" in message(panel))
    assert "asks “six”, which cannot be used" in message(panel)
    assert window.window.parameters.model == panel.first_choice == "one"
    panel.import_from(str(write_segmenter(tmp_path / "six", name="six")))
    until(lambda: "was added" in message(panel) and "six" in panel.names)
    assert panel.first_choice == "joint"


def test_a_changed_model_is_refused(window, panel, tmp_path) -> None:
    folder = write_segmenter(tmp_path / "five", name="five")
    weights = folder / "weights.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    FileDialog.answers = [str(folder)]
    panel._folder.trigger()
    until(lambda: panel.ui.importButton.enabled)
    assert "SHA-256" in message(panel)
    assert "five" not in panel.names


def test_a_damaged_model_is_listed_with_its_fault(window, panel, models) -> None:
    folder = write_segmenter(models / "broken", name="broken")
    (folder / "weights.safetensors").write_bytes(b"cut")
    try:
        panel.look()
        window.window.refresh()
        assert "broken" not in panel.names
        assert not card(panel, "broken").button.enabled
        assert "weights.safetensors" in card(panel, "broken").text.text
    finally:
        shutil.rmtree(folder)


def test_a_long_card_does_not_widen_the_window(window, panel) -> None:
    before = window.parent.minimumSizeHint().width()
    click(card(panel, "two").button)
    card(panel, "two").text.text = "Donaudampfschifffahrtsgesellschaft" * 5
    assert window.parent.minimumSizeHint().width() == before


def test_training_data_in_words(panel, tmp_path, window) -> None:
    write_segmenter(bundles.user_models() / "five", name="five", provenance={"data": "phantom"})
    panel.look()
    click(card(panel, "five").button)
    assert "<i>Trained on:</i> simulated scans" in card(panel, "five").text.text


def test_only_the_page_in_front_asks_for_room(window, panel) -> None:
    card(panel, "one").text.setMinimumHeight(3000)
    tabs = window.window.ui.tabs
    assert tabs.sizeHint().height() > 3000
    for page in (window.window.ui.batchPage, window.window.ui.setUpPage):
        tabs.setCurrentWidget(page)
        assert tabs.sizeHint().height() < 2000
    tabs.setCurrentWidget(window.window.ui.studyPage)
    assert tabs.sizeHint().height() > 3000
