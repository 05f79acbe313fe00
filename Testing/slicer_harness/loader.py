"""Loading `.ui` files as Slicer's QUiLoader does: with the widgets of CTK and MRML, and connections among them."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import slicer
from PySide6 import QtCore, QtUiTools, QtWidgets

from Testing.slicer_harness import ctk_widgets, mrml_widgets, pythonqt


class UnknownWidgetError(Exception):
    """The file names a widget that no stand-in stands for."""


class QUiLoader(QtUiTools.QUiLoader):
    """Makes stand-ins for custom widgets, and refuses what it does not know instead of showing a plain widget."""

    def load(self, file: QtCore.QFile, parent: Any = None) -> QtWidgets.QWidget:
        tree = ET.fromstring(file.readAll().data())
        connections = tree.find("connections")
        wanted = [] if connections is None else [{part.tag: part.text for part in one} for one in connections]
        if connections is not None:
            tree.remove(connections)
        data = QtCore.QByteArray(ET.tostring(tree))
        buffer = QtCore.QBuffer(data)
        buffer.open(QtCore.QIODevice.ReadOnly)
        self._made: list[QtWidgets.QWidget] = []
        widget = super().load(buffer, parent)
        for one in wanted:
            _connect(_named(widget, one["sender"]), one["signal"], _named(widget, one["receiver"]), one["slot"])
        return widget

    def createWidget(self, kind: str, parent: Any = None, name: str = "") -> QtWidgets.QWidget:
        made = _stand_in(kind)
        if made is None:
            if kind not in self.availableWidgets():
                raise UnknownWidgetError(kind)
            self._made.append(super().createWidget(kind, parent, name))
            return self._made[-1]
        widget = made(parent)
        widget.setObjectName(name)
        self._made.append(widget)
        return widget


def _stand_in(kind: str) -> type | None:
    if kind.startswith("qMRML"):
        return getattr(slicer, kind, None) or getattr(mrml_widgets, kind, None)
    return getattr(ctk_widgets, kind, None)


def _named(top: QtWidgets.QWidget, name: str) -> QtWidgets.QWidget:
    found = top if top.objectName == name else top.findChild(QtWidgets.QWidget, name)
    if found is None:
        raise UnknownWidgetError(f"A connection names {name}, which is not there.")
    return found


def _connect(sender: Any, signal: str, receiver: Any, slot: str) -> None:
    function = getattr(receiver, slot.split("(", 1)[0])
    pythonqt.connect(sender, signal, lambda value=None: function(value))
