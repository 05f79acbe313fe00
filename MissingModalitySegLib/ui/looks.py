"""Colours and small words that several panels share."""

from __future__ import annotations

from typing import Any

import qt
import slicer

from .timers import let_go

ON_LIGHT = ("#0f6b52", "#8a5a00", "#b0302e", "#5f5f5f")
ON_DARK = ("#6fce9a", "#f0b65c", "#ff8f86", "#a8a8a8")
"""Good, doubtful, bad, quiet, as texts on Slicer's two styles. No colour says what no word or sign beside it says."""

_DARK_BELOW = 128
_COLOUR = "MissingModalitySegColour"
"""The property of a label that tells its colour by its number."""


class Colour:
    """A colour that is, as text, the one for the style that Slicer has at this moment: the user may change it."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __str__(self) -> str:
        is_dark = qt.QApplication.palette().window().color().lightness() < _DARK_BELOW
        return (ON_DARK if is_dark else ON_LIGHT)[self.number]


COLOURS = GOOD, DOUBTFUL, BAD, QUIET = tuple(map(Colour, range(4)))

_LOOKS_MS = (50, 300)
"""When to look where a widget is: its place may take a while on a machine that is busy."""

_MARGIN = 12


def say(label: Any, text: str, colour: Colour | None = None) -> None:
    """Show a text in a label, or hide the label where there is none."""
    label.text = text
    paint(label, colour)
    label.visible = bool(text)


def paint(label: Any, colour: Colour | None) -> None:
    """Give the text of a label a colour, or that of all others."""
    label.setProperty(_COLOUR, str(colour.number) if colour else "")
    label.styleSheet = f"color: {colour};" if colour else ""


def paint_anew(frame: Any) -> None:
    """Slicer's style is another one: give all labels in `frame` that have a colour the one that fits."""
    for widget in slicer.util.findChildren(frame):
        if number := widget.property(_COLOUR):
            paint(widget, COLOURS[int(number)])


class Reveal:
    """Scrolls the module panel so that a widget that has just appeared can be seen, once it has its place.

    Of one that is higher than what there is to see, the upper end is shown.
    """

    def __init__(self) -> None:
        self._widget: Any = None
        self._looks: list[int] = []
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.connect("timeout()", self._scroll)

    def show(self, widget: Any) -> None:
        self._widget, self._looks = widget, list(_LOOKS_MS)
        self._look_later()

    def stop(self) -> None:
        """To be called before the widget goes."""
        let_go(self._timer, self._scroll)

    def _scroll(self) -> None:
        above = self._widget.parent()
        while above is not None and not above.inherits("QScrollArea"):
            above = above.parent()
        if above is not None:
            above.ensureWidgetVisible(self._widget, 0, _MARGIN)
            if self._widget.height + 2 * _MARGIN > above.viewport().height:
                top = self._widget.mapTo(above.widget(), qt.QPoint(0, 0)).y()
                above.verticalScrollBar().value = top - _MARGIN
        self._look_later()

    def _look_later(self) -> None:
        if self._looks:
            self._timer.interval = self._looks.pop(0)
            self._timer.start()


def fill_table(table: Any, headers: list[str], rows: list[list[str]], numbers: frozenset[int] = frozenset()) -> None:
    """Fill a QTableWidget; `numbers` are the columns that are aligned to the right."""
    table.clearContents()
    table.setColumnCount(len(headers))
    table.setHorizontalHeaderLabels(headers)
    table.setRowCount(len(rows))
    for at, row in enumerate(rows):
        for column, text in enumerate(row):
            set_cell(table, at, column, text, column in numbers)
    table.verticalHeader().visible = False
    table.horizontalHeader().stretchLastSection = False  # else the last column stays as narrow as its contents
    table.resizeColumnsToContents()
    table.horizontalHeader().stretchLastSection = True


def set_cell(table: Any, row: int, column: int, text: str, number: bool = False, colour: Colour | None = None) -> None:
    """Write one cell."""
    item = qt.QTableWidgetItem(text)
    item.setTextAlignment(qt.Qt.AlignVCenter | (qt.Qt.AlignRight if number else qt.Qt.AlignLeft))
    item.setToolTip(text)
    if colour:
        item.setForeground(qt.QBrush(qt.QColor(str(colour))))
    table.setItem(row, column, item)


def decimal(value: Any, digits: int = 2) -> str:
    """A number for people; a dash where there is none."""
    return "–" if value is None or value != value else f"{value:.{digits}f}"


def duration(seconds: float) -> str:
    """About how long, in words."""
    if seconds < 60:
        return f"{max(round(seconds), 1)} s"
    if seconds < 3600:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
