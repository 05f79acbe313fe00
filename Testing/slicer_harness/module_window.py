"""The module in its window: imported from its file as it is, set up as Slicer does it."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import slicer
from PySide6 import QtCore, QtWidgets

from Testing.slicer_harness.mrml_widgets import qMRMLWidget
from Testing.slicer_harness.slicer_application import MODULE_FILE

PATIENCE_S = 240.0
"""No bound on anything but a test that hangs."""


class ModuleParent(qMRMLWidget):
    """What Slicer gives a module's widget as its parent."""

    isEntered = False
    path = str(MODULE_FILE)


def module() -> ModuleType:
    """The module's file, imported under its name."""
    if "MissingModalitySeg" not in sys.modules:
        spec = importlib.util.spec_from_file_location("MissingModalitySeg", MODULE_FILE)
        sys.modules["MissingModalitySeg"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["MissingModalitySeg"])
    return sys.modules["MissingModalitySeg"]


def open_module(width: int = 520, height: int = 900) -> Any:
    """The module's widget, set up and entered."""
    parent = ModuleParent()
    parent.setLayout(QtWidgets.QVBoxLayout())
    parent.setMRMLScene(slicer.mrmlScene)
    widget = module().MissingModalitySegWidget(parent)
    widget.setup()
    parent.isEntered = True
    widget.enter()
    parent.resize(width, height)
    parent.show()
    return widget


def close_module(widget: Any) -> None:
    widget.cleanup()
    widget.parent.close()
    QtCore.QObject.deleteLater(widget.parent)  # made here, by no wrapper of PythonQt
    QtCore.QCoreApplication.sendPostedEvents(None, QtCore.QEvent.DeferredDelete)


def until(condition: Callable[[], Any], patience_s: float = PATIENCE_S) -> None:
    """Let the application live until something has come about."""
    end = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < end, "It did not come about."
        QtWidgets.QApplication.processEvents(QtCore.QEventLoop.AllEvents, 20)
        time.sleep(0.002)


def make_room(widget: Any, width: int = 520) -> None:
    """Make the panel as high as it likes: in Slicer it lies in a scroll area."""
    for _ in range(3):
        QtWidgets.QApplication.processEvents()
        widget.resize(width, max(widget.layout().heightForWidth(width), widget.sizeHint().height()))


def picture(widget: Any, path: Path, width: int = 520) -> Path:
    """What all of the panel looks like, as PNG."""
    make_room(widget, width)
    assert widget.grab().save(str(path))
    return path
