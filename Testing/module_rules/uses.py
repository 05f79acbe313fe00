"""What Python files and .ui files use of Slicer, Qt, CTK and VTK, as far as it can be told without running them.

Python tells no types, so an attribute of a value counts by its name alone. It is left out where our own code or a type
of Python defines that name; see `OURS_OR_PYTHON`.
"""

from __future__ import annotations

import ast
import logging
import re
import threading
import unittest
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

ROOTS = ("slicer", "qt", "ctk", "vtk", "vtkmodules", "SampleData", "PyTorchUtils", "DICOMLib")
"""Packages that only the application has, or that stand for it."""

PYTHON = (
    str, bytes, int, float, list, tuple, dict, set, frozenset, Path, re.Match, re.Pattern, BaseException, OSError,
    threading.Thread, logging.Logger, np.ndarray, np.generic, type, range, slice, ast.AST, property,
)  # fmt: skip
FROM_PYTHON = frozenset(name for kind in PYTHON for name in dir(kind)) | {
    *("filename", "strerror", "errno", "stdout", "stderr", "returncode", "stdin", "poll", "communicate", "terminate"),
    *("read", "write", "close", "readline", "send", "throw", "writerow"),
    *(name for name in dir(unittest.TestCase) if name.startswith("assert")),
}


class How(StrEnum):
    """How a name is used."""

    NAME = "name"  # slicer.util.getNode, qt.QTimer
    CALL = "call"  # box.addItem("…")
    READ = "read"  # label.text
    SET = "set"  # label.text = "…"
    SIGNAL = "signal"  # box.connect("activated(int)", …)
    CLASS = "class"  # <widget class="QLabel">, CreateNodeByClass("vtkMRMLTextNode")


@dataclass(frozen=True)
class Use:
    """One use, and where it is."""

    how: How
    name: str
    place: str


def python_uses(path: Path, ours: Iterable[str] = (), shown: str | None = None) -> list[Use]:
    """All uses in a Python file. `ours` are names that our own code defines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return list(_Finder(tree, shown or path.name, FROM_PYTHON | set(ours)).uses())


def defined_names(paths: Iterable[Path]) -> set[str]:
    """What Python files define: classes, functions, arguments, fields, attributes that they assign to `self`."""
    found: set[str] = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.add(node.name)
            elif isinstance(node, ast.AnnAssign | ast.Assign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found |= {name for target in targets for name in _assigned(target)}
    return found


def widget_names(path: Path) -> set[str]:
    """The names of what a .ui file holds: attributes of the object that `childWidgetVariables` gives."""
    return {node.get("name") for node in ElementTree.parse(path).iter() if node.tag in ("widget", "layout", "action")}


def _assigned(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
        yield target.attr
    elif isinstance(target, ast.Tuple | ast.List):
        for part in target.elts:
            yield from _assigned(part)


def _is_widget(node: ast.expr) -> bool:
    """Whether this is `ui.NAME` or `….ui.NAME`: a widget of a .ui file, whatever our own code calls its attributes."""
    holder = node.value if isinstance(node, ast.Attribute) else None
    return (isinstance(holder, ast.Name) and holder.id == "ui") or (
        isinstance(holder, ast.Attribute) and holder.attr == "ui"
    )


class _Finder:
    def __init__(self, tree: ast.Module, shown: str, ours: frozenset[str] | set[str]) -> None:
        self.tree, self.shown, self.ours = tree, shown, ours
        self.parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        self.aliases, self.modules = self._imported()

    def _imported(self) -> tuple[dict[str, str], set[str]]:
        """Local names of what comes from the roots, in full; local names of all other imports."""
        aliases, modules = {}, set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    local = alias.asname or alias.name.split(".")[0]
                    if alias.name.split(".")[0] in ROOTS:
                        aliases[local] = alias.name if alias.asname else local
                    else:
                        modules.add(local)
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    if node.level == 0 and node.module.split(".")[0] in ROOTS:
                        aliases[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                    else:
                        modules.add(alias.asname or alias.name)
        return aliases, modules

    def uses(self) -> Iterator[Use]:
        for node in ast.walk(self.tree):
            place = f"{self.shown}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module.split(".")[0] in ROOTS:
                for alias in node.names:
                    yield Use(How.NAME, f"{node.module}.{alias.name}", place)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name.split(".")[0] in ROOTS:
                        yield Use(How.NAME, alias.name, place)
            elif isinstance(node, ast.Name) and node.id in self.aliases and isinstance(node.ctx, ast.Load):
                yield from self._chain(node, place)
            elif isinstance(node, ast.Attribute):
                yield from self._attribute(node, place)
            elif isinstance(node, ast.Call):
                yield from self._asked_by_name(node, place)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield from self._text(node, place)

    def _chain(self, name: ast.Name, place: str) -> Iterator[Use]:
        """A dotted name from a root on, up to the first call or subscript."""
        words, node = [self.aliases[name.id]], name
        while isinstance(parent := self.parents.get(node), ast.Attribute) and parent.value is node:
            words.append(parent.attr)
            node = parent
        full = ".".join(words)
        yield Use(How.NAME, full, place)
        if full.startswith("slicer.app.") and words[-1] not in ("connect", "disconnect"):
            parent = self.parents.get(node)
            called = isinstance(parent, ast.Call) and parent.func is node
            yield Use(How.CALL if called else How.READ, words[-1], place)

    def _asked_by_name(self, call: ast.Call, place: str) -> Iterator[Use]:
        """`getattr(slicer, "dicomDatabase", None)` and its like."""
        if isinstance(call.func, ast.Name) and call.func.id in ("getattr", "hasattr") and len(call.args) > 1:
            root, name = call.args[:2]
            if isinstance(root, ast.Name) and root.id in self.aliases and isinstance(name, ast.Constant):
                yield Use(How.NAME, f"{self.aliases[root.id]}.{name.value}", place)

    def _attribute(self, node: ast.Attribute, place: str) -> Iterator[Use]:
        start = node.value
        while isinstance(start, ast.Attribute):
            start = start.value
        if isinstance(start, ast.Name) and (start.id in self.aliases or start.id in self.modules):
            return
        if node.attr in self.ours and not _is_widget(node.value):
            return
        parent = self.parents.get(node)
        if isinstance(parent, ast.Call) and parent.func is node:
            yield Use(How.CALL, node.attr, place)
        elif isinstance(node.ctx, ast.Store | ast.Del):
            yield Use(How.SET, node.attr, place)
        else:
            yield Use(How.READ, node.attr, place)

    def _text(self, node: ast.Constant, place: str) -> Iterator[Use]:
        if re.fullmatch(r"vtk(MRML|Slicer)\w+", node.value):
            yield Use(How.CLASS, node.value, place)
        call = self.parents.get(node)
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr in ("connect", "disconnect")
            and call.args
            and call.args[0] is node
        ):
            yield Use(How.SIGNAL, node.value, place)


def ui_uses(path: Path, shown: str | None = None) -> list[Use]:
    """Classes, properties, signals and slots of a .ui file. Properties of the form's own (stdset="0") are left out, and
    the buddies of labels, which Qt's own reader of forms sets."""
    tree = ElementTree.parse(path).getroot()
    place = shown or path.name
    found = []
    for widget in tree.iter("widget"):
        found.append(Use(How.CLASS, widget.get("class"), place))
        for one in widget.findall("property"):
            if one.get("stdset") != "0" and one.get("name") != "buddy":
                found.append(Use(How.SET, one.get("name"), f"{place}: {widget.get('name')}"))
    for connection in tree.iter("connection"):
        found.append(Use(How.SIGNAL, connection.findtext("signal"), place))
        found.append(Use(How.SIGNAL, connection.findtext("slot"), place))
    return found
