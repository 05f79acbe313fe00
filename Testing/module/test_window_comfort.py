"""Comfort: every control says what it does, the keyboard goes as the eye does, letters of buttons are told apart."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PySide6 import QtCore, QtGui, QtTest, QtWidgets

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.ui.keyboard import stops_in
from MissingModalitySegLib.ui.looks import GOOD, ON_DARK, ON_LIGHT
from Testing.module.hands import load_and_guess, segment
from Testing.module_rules.files import ROOT
from Testing.slicer_harness.module_window import make_room, until

FORMS = ROOT / "MissingModalitySeg" / "Resources" / "UI"
TRANSLATIONS = ROOT / "MissingModalitySeg" / "Translations"
SLICERS_OWN = set("fevh")
"""File, Edit, View, Help."""

PAGES = {
    "One study": ("Inputs", "Model", "Options", "Run", "Results"),
    "Many studies": ("Batch",),
    "Set-up": ("SetUp",),
}
CHANGING = {"One study": "ui.run", "Many studies": "ui.batch_panel", "Set-up": "ui.set_up"}
"""Where buttons get other words as work goes on."""

CONTROLS = (
    QtWidgets.QAbstractButton, QtWidgets.QComboBox, QtWidgets.QAbstractSpinBox, QtWidgets.QProgressBar,
    QtWidgets.QAbstractItemView, QtWidgets.QPlainTextEdit,
)  # fmt: skip


@pytest.fixture
def filled(window):
    """The window with results, so that all that is made late is there."""
    load_and_guess(window, "T1", "FLAIR")
    window.window.parameters.synthesize = True
    segment(window)
    window.window.ui.optionsSection.collapsed = False
    return window


def named_controls(window) -> list[QtWidgets.QWidget]:
    """What a user can press, choose, type or read in; parts of Qt's own widgets have no name."""
    every = window.parent.findChildren(QtWidgets.QWidget)
    named = [one for one in every if isinstance(one, CONTROLS) and one.name and not one.name.startswith("qt_")]
    return [one for one in named if not isinstance(one.parentWidget(), QtWidgets.QTabBar)]


def explained(widget: QtWidgets.QWidget) -> bool:
    """Whether the widget, or what it is a part of, has a tooltip: Qt shows the nearest."""
    while widget is not None and not widget.inherits("ctkCollapsibleButton"):
        if widget.toolTip:
            return True
        widget = widget.parentWidget()
    return False


def test_every_control_has_a_tooltip(filled) -> None:
    controls = named_controls(filled)
    assert len(controls) > 40
    assert [one.name for one in controls if not explained(one)] == []
    selectors = [filled.window.inputs.ui.t1Selector, filled.window.batch.ui.sourcePath]
    assert all(one.toolTip for one in selectors)


def test_every_form_has_tooltips_on_its_own_controls() -> None:
    kinds = {
        *("QPushButton", "QToolButton", "QCheckBox", "QComboBox", "QDoubleSpinBox", "QTableWidget", "QProgressBar"),
        *("QPlainTextEdit", "ctkSliderWidget", "ctkPathLineEdit", "ctkCollapsibleButton", "qMRMLNodeComboBox"),
    }
    silent = []
    for form in FORMS.glob("*.ui"):
        for widget in ET.parse(form).getroot().iter("widget"):
            told = [one.get("name") for one in widget.findall("property")]
            if widget.get("class") in kinds and "toolTip" not in told:
                silent.append(f"{form.stem}.{widget.get('name')}")
    assert silent == []


def tab_stops(window) -> list[QtWidgets.QWidget]:
    """What the tab key goes through, by Qt's own chain, from the first."""
    first = window.window.ui.tabs.tabBar()
    chain, at = [], first
    while True:
        takes = QtCore.Qt.FocusPolicy(at.focusPolicy) & QtCore.Qt.TabFocus
        if takes and at.isVisibleTo(window.parent) and window.parent.isAncestorOf(at) and at.focusProxy() is None:
            chain.append(at)
        at = at.nextInFocusChain()
        if at is first:
            return chain


def lines(window, stops: list[QtWidgets.QWidget]) -> list[tuple[int, int]]:
    """Where the middle of each lies, from above and from the left; small differences in height are one line."""
    places = [(one, one.mapTo(window.parent, one.rect.center())) for one in stops]
    return [(round(place.y() / 14), place.x()) for _, place in places]


def test_the_keyboard_goes_as_the_eye_does(filled) -> None:
    make_room(filled.parent)
    for page in (filled.window.ui.studyPage, filled.window.ui.batchPage, filled.window.ui.setUpPage):
        filled.window.ui.tabs.setCurrentWidget(page)
        make_room(filled.parent)
        stops = [one for one in tab_stops(filled) if not isinstance(one, QtWidgets.QTabBar)]
        headers = [one for one in stops if one.inherits("ctkCollapsibleButton")]
        own = [one for one in stops if one not in headers]
        places = lines(filled, own)
        assert len(own) >= 3
        assert places == sorted(places), [one.name for one in own]
        for header in headers:  # before what is in it, after what is above it
            inside = [at for at, one in enumerate(stops) if one is not header and header.isAncestorOf(one)]
            assert not inside or stops.index(header) == min(inside) - 1, header.name


def test_the_tab_key_leaves_a_table(filled) -> None:
    """Instead of going through its cells."""
    results = filled.window.results.ui
    table = results.lesionTable
    filled.parent.activateWindow()
    until(lambda: QtWidgets.QApplication.activeWindow() is not None)
    table.setRowCount(3)
    table.setCurrentCell(0, 0)
    table.setFocus()
    QtTest.QTest.keyClick(table, QtCore.Qt.Key_Tab)
    assert QtWidgets.QApplication.focusWidget() is not table
    assert not results.compareTable.tabKeyNavigation
    assert not filled.window.batch.ui.caseTable.tabKeyNavigation


def test_volumes_can_be_chosen_with_the_keyboard(filled) -> None:
    """Slicer's selectors keep it out, from the tab key as from the letters of their labels."""
    ui = filled.window.inputs.ui
    stops = [one.name or one.parentWidget().name for one in tab_stops(filled)]
    names = ["t1Selector", "t1ceSelector", "t2Selector", "flairSelector", "dwiSelector"]
    assert [name for name in stops if name in names] == names
    filled.parent.activateWindow()
    until(lambda: QtWidgets.QApplication.activeWindow() is not None)
    ui.t2Selector.setFocus()
    box = QtWidgets.QApplication.focusWidget()
    assert box.parentWidget() is ui.t2Selector
    QtTest.QTest.keyClick(box, QtCore.Qt.Key_Down)
    assert filled.window.parameters.t2 is ui.t2Selector.currentNode() is not None


def test_stops_are_those_of_the_layouts(filled) -> None:
    names = [one.name for one in stops_in(filled.parent)]
    made_late = ("choose-one", "choose-two", "show-label-1")
    ordered = ["skipButton", *made_late[:2], "importButton", "lesionTable", made_late[2], "editButton"]
    assert [name for name in names if name in ordered] == ordered


def letters(text: str) -> str:
    """The letter that is underlined."""
    found = re.search(r"&([^&\s])", text)
    return found[1].lower() if found else ""


def texts(language: str) -> dict[tuple[str, str], str]:
    """By context and English text, what is shown."""
    root = ET.parse(TRANSLATIONS / f"MissingModalitySeg_{language}.ts").getroot()
    shown = {}
    for context in root.iter("context"):
        for message in context.iter("message"):
            source = message.findtext("source")
            shown[context.findtext("name"), source] = message.findtext("translation") or source
    return shown


@pytest.mark.parametrize("language", sorted(path.stem.split("_")[1] for path in TRANSLATIONS.glob("*.ts")))
@pytest.mark.parametrize("page", PAGES)
def test_letters_are_told_apart(language: str, page: str) -> None:
    """Alt and a letter must mean one thing on a page, and nothing in Slicer's menus."""
    contexts = {f"MissingModalitySeg{form}" for form in PAGES[page]} | {"MissingModalitySeg", CHANGING[page]}
    shown = {text for (context, _), text in texts(language).items() if context in contexts}
    used = [letter for text in shown if (letter := letters(text))]
    assert len(used) >= 6
    assert len(set(used)) == len(used), sorted(used)
    assert language != "en-US" or not set(used) & SLICERS_OWN


def test_labels_lead_to_their_fields() -> None:
    """A letter of a label goes to its field, which must be in the same form."""
    for form in FORMS.glob("*.ui"):
        root = ET.parse(form).getroot()
        names = {one.get("name") for one in root.iter("widget")}
        for label in (one for one in root.iter("widget") if one.get("class") == "QLabel"):
            text = label.findtext("property[@name='text']/string") or ""
            buddy = label.findtext("property[@name='buddy']/cstring")
            assert buddy is None or buddy in names, (form.name, buddy)
            assert not letters(text) or buddy is not None, (form.name, text)


def test_forms_are_where_this_test_looks() -> None:
    named = {Path(form).stem.removeprefix("MissingModalitySeg") for form in FORMS.glob("*.ui")} - {""}
    assert named == {form for forms in PAGES.values() for form in forms}


def test_texts_can_be_read_once_slicers_style_is_another(filled) -> None:
    """As Slicer changes it, at once: Edit, Application Settings, Appearance."""
    window = filled.window
    labels = [window.ui.notice, window.inputs.ui.t1Badge, window.options.ui.deviceFound, window.run.ui.problemLabel]
    window.run.tell(InputError("no-volume", "Nothing.", "Choose."))
    window.results.tell("Saved.", GOOD)
    labels.append(window.results.ui.resultsMessage)
    before = QtWidgets.QApplication.palette()
    try:
        for shade, expected, other in (("#353535", ON_DARK, ON_LIGHT), ("#efefef", ON_LIGHT, ON_DARK)):
            QtWidgets.QApplication.setPalette(QtGui.QPalette(QtGui.QColor(shade)))
            colours = [re.fullmatch(r"color: (#\w+);", label.styleSheet)[1] for label in labels]
            good, _, bad, quiet = expected
            assert colours == [quiet, good, quiet, bad, good]
            card = window.model._cards[0].text.text
            assert quiet in card
            assert not any(one in card for one in other)
    finally:
        QtWidgets.QApplication.setPalette(before)


def test_of_what_is_higher_than_the_panel_the_upper_end_is_shown(slicer_app) -> None:
    from MissingModalitySegLib.ui.looks import Reveal

    area, content = QtWidgets.QScrollArea(), QtWidgets.QWidget()
    column = QtWidgets.QVBoxLayout(content)
    parts = [QtWidgets.QFrame() for _ in range(3)]
    for part, pixels in zip(parts, (500, 900, 80), strict=True):
        part.setFixedHeight(pixels)
        column.addWidget(part)
    area.setWidget(content)
    area.resize(300, 400)
    area.show()
    reveal, bar = Reveal(), area.verticalScrollBar()
    reveal.show(parts[1])
    until(lambda: bar.value)
    until(lambda: not reveal._looks and not reveal._timer.isActive())
    top = parts[1].mapTo(content, QtCore.QPoint(0, 0)).y()
    assert 0 < top - bar.value < 30
    reveal.show(parts[2])  # this one fits
    until(lambda: not reveal._looks and not reveal._timer.isActive())
    lower = parts[2].mapTo(content, QtCore.QPoint(0, 80)).y() - bar.value
    assert lower <= area.viewport().height
    reveal.stop()
    area.close()
