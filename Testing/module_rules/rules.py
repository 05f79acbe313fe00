"""Rules that a Slicer extension follows and that can be told from its files alone; each gives complaints in words."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from .uses import ROOTS

LIGHT = {*sys.stdlib_module_names, *ROOTS, "numpy"}
TRANSLATING = {"_": 0, "tr": 0, "translate": 1}
"""Functions that look words up, and which argument must be the literal text."""

BLOCKING = {
    "processEvents": "runs slots in the middle of ours",
    "waitForFinished": "holds up the window",
    "waitForReadyRead": "holds up the window",
    "setOverrideCursor": "stays when an error comes in between",
}
FORBIDDEN_PACKAGES = {"Testing", "training", "src", "Resources", "tests", "test", "utils", "lib"}
TEXT = {".py", ".ui", ".txt", ".md", ".json", ".toml", ".yaml", ".yml", ".cff", ".cmake", ".svg", ".ts"}


def at_import(tree: ast.Module, shown: str) -> Iterator[str]:
    """Nothing heavy is imported at file scope, and nothing is done there but to define."""
    for node in file_scope(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module]
        for name in names:
            if name.split(".")[0] not in LIGHT and not name.startswith("MissingModalitySeg"):
                yield f"{shown}:{node.lineno}: {name} is imported when Slicer starts"
        if isinstance(node, ast.Call) and _name(node.func) in ("pip_install", "pip_ensure", "installTorch"):
            yield f"{shown}:{node.lineno}: installs something when Slicer starts"


def in_constructor(tree: ast.Module, shown: str) -> Iterator[str]:
    """The module class imports and installs nothing when Slicer starts: it is made for every user, every time."""
    for kind in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        if "ScriptedLoadableModule" not in [_name(base) for base in kind.bases]:
            continue
        for node in ast.walk(kind):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield f"{shown}:{node.lineno}: an import while Slicer starts"


def translations(tree: ast.Module, shown: str) -> Iterator[str]:
    """What is translated is a literal: words are collected from the sources."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in TRANSLATING:
            continue
        at = TRANSLATING[node.func.id]
        text = node.args[at] if len(node.args) > at else None
        if isinstance(text, ast.JoinedStr):
            yield f"{shown}:{node.lineno}: an f-string cannot be translated; use .format() on the translated text"
        elif not (isinstance(text, ast.Constant) and isinstance(text.value, str)):
            yield f"{shown}:{node.lineno}: only a literal text can be translated"


def connections(tree: ast.Module, shown: str) -> Iterator[str]:
    """Signals are named by their signature; slots take what they name."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr in ("connect", "disconnect"):
            first = node.args[0] if node.args else None
            if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
                yield f"{shown}:{node.lineno}: PySide's way to connect; PythonQt wants the signature as a text"
            for slot in node.args[1:]:
                if isinstance(slot, ast.Call) and _name(slot.func) == "partial":
                    yield f"{shown}:{node.lineno}: PythonQt hands a partial all arguments of the signal; use a lambda"
        if node.func.attr in BLOCKING:
            yield f"{shown}:{node.lineno}: {node.func.attr} {BLOCKING[node.func.attr]}"


def leaks(tree: ast.Module, shown: str) -> Iterator[str]:
    """What CreateNodeByClass and GetNodesByClass give is given back."""
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        calls = [_name(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)]
        for name in ("CreateNodeByClass", "GetNodesByClass"):
            if name in calls and calls.count(name) > calls.count("UnRegister"):
                yield f"{shown}:{function.lineno}: {name} without UnRegister(None) leaks"


PYTHON_RULES = (at_import, in_constructor, translations, connections, leaks)


def python_problems(path: Path, shown: str | None = None) -> list[str]:
    """All rules on a Python file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [words for rule in PYTHON_RULES for words in rule(tree, shown or path.name)]


def ui_problems(path: Path, shown: str | None = None) -> list[str]:
    """The top widget hands the scene on to every selector; values of enumerations are written as Qt 5 reads them."""
    shown, root = shown or path.name, ElementTree.parse(path).getroot()
    top = root.find("widget")
    found = []
    if top.get("class") != "qMRMLWidget":
        found.append(f"{shown}: the top widget is a {top.get('class')}, not a qMRMLWidget")
    linked = {
        connection.findtext("receiver")
        for connection in root.iter("connection")
        if connection.findtext("sender") == top.get("name")
        and connection.findtext("signal") == "mrmlSceneChanged(vtkMRMLScene*)"
        and connection.findtext("slot") == "setMRMLScene(vtkMRMLScene*)"
    }
    for widget in root.iter("widget"):
        if (
            widget.get("class").startswith(("qMRML", "qSlicer"))
            and widget is not top
            and widget.get("name") not in linked
        ):
            found.append(f"{shown}: {widget.get('name')} is not connected to the scene of the top widget")
        if re.search(r"(Label|Button|Box|Widget|Edit|Spacer|Layout)_\d+$", widget.get("name") or ""):
            found.append(f"{shown}: {widget.get('name')} was never given a name")
    custom = {one.findtext("class") for one in root.iter("customwidget")}
    for kind in {widget.get("class") for widget in root.iter("widget")}:
        if not kind.startswith("Q") and kind not in custom:
            found.append(f"{shown}: {kind} is missing among the customwidgets")
    for value in (*root.iter("enum"), *root.iter("set")):
        if any(part.count("::") > 1 for part in (value.text or "").split("|")):
            found.append(f"{shown}: {value.text} is read by Qt 6 only; leave the name of the enumeration out")
    return found


def cmake_problems(path: Path, shown: str | None = None) -> list[str]:
    """Lists of files stay below their folder; packages have names of our own."""
    shown, found = shown or path.name, []
    text = re.sub(r"#.*", "", path.read_text(encoding="utf-8"))
    for block in re.findall(r"set\(\w*(?:SCRIPTS|RESOURCES|DATA_FILES)\n([^)]*)\)", text):
        for file in block.split():
            if file.startswith("/") or ".." in file.split("/"):
                found.append(f"{shown}: {file} would be copied out of its folder")
    for name in re.findall(r"QTSCRIPTEDMODULES_LIB_DIR\}/(\w+)", text):
        if name in FORBIDDEN_PACKAGES or not name.startswith("MissingModalitySeg"):
            found.append(f"{shown}: {name} lies on the path that all extensions share")
    return found


def text_problems(path: Path, shown: str | None = None) -> list[str]:
    """UTF-8 without a mark, line ends as on Unix, a line end at the end."""
    shown, content = shown or path.name, path.read_bytes()
    found = []
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        found.append(f"{shown}: is not UTF-8")
    if content.startswith(b"\xef\xbb\xbf"):
        found.append(f"{shown}: begins with a byte order mark")
    if b"\r" in content:
        found.append(f"{shown}: has line ends of Windows")
    if content and not content.endswith(b"\n"):
        found.append(f"{shown}: has no line end at its end")
    return found


def file_scope(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when the file is imported: nothing inside functions, nothing for type checkers alone."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from file_scope(child)


def _name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None
