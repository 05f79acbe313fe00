"""How the window enters Slicer's module panel, so that it fits beside the views, and how it leaves it, so that it has
its height when it comes back.

Slicer makes the width that a module would like best the least that it gets: with large letters the main window would
become wider than the screen.

Slicer takes a module out of the panel's layout by the place of its item, which is then never deleted. A widget tells
only the first item that it was given when it wants another height, so that every later one would keep the height that
it was asked for first: after a visit to another module texts would be cut, boxes lie over tables, and short pages be
as high as the longest.
"""

from __future__ import annotations

from typing import Any

import qt


def enter_panel(widget: Any) -> None:
    """Let the panel be as narrow as the window can be. To be called as the module is entered."""
    widget.setSizePolicy(qt.QSizePolicy.Preferred, qt.QSizePolicy.Preferred)


def leave_panel(widget: Any) -> None:
    """Put an empty item where Slicer is about to take one; Qt deletes that of the widget when this has no parent.

    To be called as the module is left, while the widget is in the panel; elsewhere nothing is done.
    """
    panel = widget.parent()
    layout = None if panel is None else panel.layout()
    if layout is None or not layout.inherits("QBoxLayout"):
        return
    place = layout.indexOf(widget)
    if place >= 0:
        layout.insertSpacing(place, 0)
