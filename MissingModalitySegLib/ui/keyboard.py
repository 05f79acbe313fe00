"""The keyboard goes through the window as the eye does: from top to bottom, and in a line from left to right.

Qt goes by the order in which widgets were made; cards of models and boxes of regions are made late, and in the middle.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import qt

_WHOLE = ("QAbstractSpinBox", "QComboBox", "QAbstractScrollArea", "QTabBar")
"""Have parts of their own, whose order is theirs."""


class Rest:
    """Of a button that cannot be used for a while.

    Qt hands the keyboard on from what is disabled; it comes back, unless somebody has gone elsewhere meanwhile.
    """

    def __init__(self, button: Any) -> None:
        self._button = button
        self._went_to: Any = None

    def begin(self) -> None:
        had = self._button.hasFocus()
        self._button.enabled = False
        self._went_to = qt.QApplication.focusWidget() if had else None

    def end(self) -> None:
        """To be called once the button can be used again."""
        if self._went_to is not None and self._button.enabled:
            if qt.QApplication.focusWidget() == self._went_to:
                self._button.setFocus()
            self._went_to = None


def follow_the_eye(frame: Any) -> None:
    """Put all that takes the keyboard below `frame` into the order of its layouts."""
    for selector in _selectors_in(frame):
        _let_in(selector)
    for before, after in pairwise(stops_in(frame)):
        qt.QWidget.setTabOrder(before, after)


def _selectors_in(frame: Any) -> list[Any]:
    return [one for one in frame.findChildren(qt.QWidget) if one.inherits("qMRMLNodeComboBox")]


def _let_in(selector: Any) -> None:
    """Slicer's selectors of nodes keep the keyboard out: the box inside leaves it to the selector, which takes none."""
    for box in selector.findChildren(qt.QComboBox):
        box.setFocusProxy(None)
        selector.setFocusProxy(box)
        selector.focusPolicy = qt.Qt.StrongFocus


def stops_in(widget: Any) -> Iterator[Any]:
    """The widget and those below it that take the keyboard, as their layouts have them."""
    if widget.inherits("QTabWidget"):
        yield from stops_in(widget.tabBar())
        for index in range(widget.count):
            yield from stops_in(widget.widget(index))
        return
    if int(widget.focusPolicy) & int(qt.Qt.TabFocus) and widget.focusProxy() is None:
        yield widget
    if widget.layout() is not None and not any(widget.inherits(kind) for kind in _WHOLE):
        yield from _stops_of(widget.layout())


def _stops_of(layout: Any) -> Iterator[Any]:
    for index in range(layout.count()):
        item = layout.itemAt(index)
        if item.widget() is not None:
            yield from stops_in(item.widget())
        elif item.layout() is not None:
            yield from _stops_of(item.layout())
