"""The window in Slicer's module panel, from which it is taken at every visit to another module."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6 import QtWidgets

from MissingModalitySegLib.ui.module_panel import enter_panel, leave_panel


class ModulePanel:
    """A scroll area that takes modules in and out as `qSlicerModulePanel` of Slicer 5.10 and 5.12 does."""

    def __init__(self) -> None:
        self.area, content = QtWidgets.QScrollArea(), QtWidgets.QWidget()
        self.column = QtWidgets.QVBoxLayout(content)
        self.column.addWidget(QtWidgets.QLabel("Help & Acknowledgement"))
        self.area.setWidgetResizable(True)
        self.area.setWidget(content)
        self.area.resize(520, 600)
        self.area.show()
        self._leaked: list[Any] = []

    def add(self, widget: Any) -> None:
        self.column.insertWidget(1, widget, 1)
        widget.setVisible(True)
        settle()

    def remove(self, widget: Any, leave: Any) -> None:
        place = self.column.indexOf(widget)
        leave()
        self._leaked.append(self.column.takeAt(place))  # which Slicer never deletes
        widget.setVisible(False)
        widget.setParent(None)
        settle()


def settle() -> None:
    for _ in range(5):
        QtWidgets.QApplication.processEvents()


@pytest.fixture
def panel(slicer_app) -> Any:
    panel = ModulePanel()
    yield panel
    panel.area.close()


@pytest.mark.parametrize("mended", [False, True])
def test_a_text_has_the_height_that_it_needs(panel, mended) -> None:
    """Not mended, it has not: this is what the panel of these tests is worth."""
    widget = QtWidgets.QWidget()
    text = QtWidgets.QLabel("One line.")
    text.wordWrap = True
    QtWidgets.QVBoxLayout(widget).addWidget(text)
    panel.add(widget)
    for _visit in range(2):
        panel.remove(widget, lambda: leave_panel(widget) if mended else None)
        panel.add(widget)
    text.text = "Many words. " * 400
    settle()
    assert (text.height >= text.heightForWidth(text.width)) == mended
    if mended:
        assert panel.column.count() == 2


def test_short_pages_are_not_stretched_after_a_visit(panel, window) -> None:
    widget, tabs = window.parent, window.window.ui.tabs
    panel.add(widget)
    panel.remove(widget, window.exit)
    panel.add(widget)
    widest = widget.height
    tabs.setCurrentWidget(window.window.ui.batchPage)
    settle()
    assert widget.height <= panel.area.viewport().height < widest
    panel.remove(widget, window.exit)


def test_outside_the_panel_nothing_is_done(slicer_app) -> None:
    leave_panel(QtWidgets.QWidget())
    above = QtWidgets.QWidget()
    below = QtWidgets.QWidget(above)
    leave_panel(below)
    form = QtWidgets.QFormLayout(above)
    form.addRow(below)
    leave_panel(below)
    assert form.rowCount() == 1


def test_the_window_can_be_narrower_than_it_would_like_to_be(panel, window) -> None:
    """Slicer's panel takes what a module would like best for the least: the policy that it gives to its widget."""
    window.window.ui.optionsSection.collapsed = False
    widget, best = window.parent, QtWidgets.QSizePolicy.Minimum
    widget.setSizePolicy(best, best)
    panel.add(widget)
    before = panel.column.minimumSize().width()
    enter_panel(widget)
    settle()
    assert panel.column.minimumSize().width() < before
    panel.remove(widget, lambda: leave_panel(widget))
