"""Stand-ins for the widgets that know the scene: qMRMLWidget and qMRMLNodeComboBox, on real MRML."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import shiboken6
import slicer
import vtk
from PySide6 import QtCore, QtWidgets

_AFTER_OTHERS = -10.0
"""The priority of what qMRMLSceneModel does when a node is about to be removed."""


class qMRMLWidget(QtWidgets.QWidget):
    """The top of a module's window: whoever is connected to it learns which scene there is."""

    mrmlSceneChanged = QtCore.Signal(object)
    CPP_SIGNALS = {"mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged"}

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._scene = None

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        if scene is not self._scene:
            self._scene = scene
            self.mrmlSceneChanged.emit(scene)


class qMRMLNodeComboBox(QtWidgets.QWidget):
    """The nodes of some classes, by name; follows the scene."""

    currentNodeChanged = QtCore.Signal(object)
    nodeActivated = QtCore.Signal(object)
    CPP_SIGNALS = {
        "currentNodeChanged(vtkMRMLNode*)": "currentNodeChanged",
        "nodeActivated(vtkMRMLNode*)": "nodeActivated",
    }

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        line = QtWidgets.QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        self._box = QtWidgets.QComboBox(self)
        line.addWidget(self._box)
        self._box.setFocusProxy(self)  # as in Slicer: neither of them takes the keyboard then
        self._types: list[str] = []
        self._flags = {"noneEnabled": False, "addEnabled": True, "removeEnabled": True}
        self._flags |= {"editEnabled": False, "renameEnabled": False, "showHidden": False, "showChildNodeTypes": True}
        self._none = "None"
        self._scene, self._current, self._nodes = None, None, []
        self._tags: list[tuple[Any, int]] = []
        self._box.activated.connect(self._picked)

    def _flag(name: str):  # noqa: N805
        def read(self) -> bool:
            return self._flags[name]

        def write(self, value: bool) -> None:
            self._flags[name] = bool(value)
            self._refresh()

        return QtCore.Property(bool, read, write)

    noneEnabled, addEnabled, removeEnabled = _flag("noneEnabled"), _flag("addEnabled"), _flag("removeEnabled")
    editEnabled, renameEnabled = _flag("editEnabled"), _flag("renameEnabled")
    showHidden, showChildNodeTypes = _flag("showHidden"), _flag("showChildNodeTypes")

    def _get_types(self) -> list[str]:
        return self._types

    def _set_types(self, types: list[str]) -> None:
        self._types = list(types)
        self._refresh()

    def _get_none(self) -> str:
        return self._none

    def _set_none(self, text: str) -> None:
        self._none = text
        self._refresh()

    def _get_id(self) -> str:
        return "" if self._current is None else self._current.GetID()

    nodeTypes = QtCore.Property("QStringList", _get_types, _set_types)
    noneDisplay = QtCore.Property(str, _get_none, _set_none)

    def _set_id(self, name: str) -> None:
        self.setCurrentNode(self._scene.GetNodeByID(name) if self._scene is not None and name else None)

    currentNodeID = QtCore.Property(str, _get_id, _set_id)

    def currentNode(self) -> Any:
        return self._current

    def nodeCount(self) -> int:
        return len(self._nodes)

    def nodeFromIndex(self, index: int) -> Any:
        return self._nodes[index]

    def setCurrentNode(self, node: Any) -> None:
        if node is not None and node not in self._nodes:
            node = None
        if node is None and self._nodes and not self._flags["noneEnabled"]:
            node = self._nodes[0]
        self._select(node)

    def setMRMLScene(self, scene: Any) -> None:
        for subject, tag in self._tags:
            subject.RemoveObserver(tag)
        self._tags, self._scene = [], scene
        if scene is not None:
            follow, forget = (_follower(weakref.ref(self), then) for then in (type(self)._refresh, type(self)._forget))
            events = (scene.NodeAddedEvent, scene.NodeRemovedEvent, scene.EndBatchProcessEvent, scene.EndCloseEvent)
            self._tags = [(scene, scene.AddObserver(event, follow)) for event in events]
            going = _loser(weakref.ref(self))
            self._tags.append((scene, scene.AddObserver(scene.NodeAboutToBeRemovedEvent, going, _AFTER_OTHERS)))
            self._tags.append((scene, scene.AddObserver(scene.EndImportEvent, forget)))
        self._refresh()

    def _picked(self, index: int) -> None:
        rows = ([None] if self._flags["noneEnabled"] else []) + self._nodes
        self._select(rows[index])
        self.nodeActivated.emit(self._current)

    def _select(self, node: Any) -> None:
        changed = node is not self._current
        self._current = node
        rows = ([None] if self._flags["noneEnabled"] else []) + self._nodes
        self._box.setCurrentIndex(rows.index(node) if node in rows else -1)
        if changed:
            self.currentNodeChanged.emit(node)

    def _shown(self, node: Any) -> bool:
        exact = node.GetClassName() in self._types
        below = self._flags["showChildNodeTypes"] and any(node.IsA(one) for one in self._types)
        return (exact or below) and (self._flags["showHidden"] or not node.GetHideFromEditors())

    def _forget(self) -> None:
        """Slicer's model of the nodes fills its rows anew after an import: whatever was chosen is so no longer."""
        self._select(None)
        self._refresh()

    def _lose(self, node: Any) -> None:
        """The row of a node goes before the node does. Where it was chosen, Qt chooses the row above, and where there
        is none, that below; also where none could be chosen."""
        if node not in self._nodes or self._scene.IsClosing() or self._scene.IsBatchProcessing():
            return
        rows = ([None] if self._flags["noneEnabled"] else []) + self._nodes
        at = rows.index(node)
        self._nodes.remove(node)
        rows.remove(node)
        self._box.removeItem(at)
        if node is self._current:
            self._select(rows[max(at - 1, 0)] if rows else None)

    def _refresh(self) -> None:
        if self._scene is None or self._scene.IsBatchProcessing():
            return
        count = self._scene.GetNumberOfNodes()
        self._nodes = [node for node in map(self._scene.GetNthNode, range(count)) if self._shown(node)]
        self._box.clear()
        self._box.addItems(
            ([self._none] if self._flags["noneEnabled"] else []) + [n.GetName() or "" for n in self._nodes]
        )
        kept = self._current if self._current in self._nodes else None
        if kept is None and self._nodes and not self._flags["noneEnabled"]:
            kept = self._nodes[0]
        self._select(kept)


def _follower(of: weakref.ref, then: Callable[[Any], None]) -> Callable[[Any, str], None]:
    def follow(caller: Any, event: str) -> None:
        widget = of()
        if widget is not None and shiboken6.isValid(widget):
            then(widget)

    return follow


def _loser(of: weakref.ref) -> Callable[[Any, str, Any], None]:
    @vtk.calldata_type(vtk.VTK_OBJECT)
    def lose(caller: Any, event: str, node: Any) -> None:
        widget = of()
        if widget is not None and shiboken6.isValid(widget):
            widget._lose(node)

    return lose


def register() -> None:
    """Put them where Slicer has them."""
    for kind in (qMRMLWidget, qMRMLNodeComboBox):
        setattr(slicer, kind.__name__, kind)
