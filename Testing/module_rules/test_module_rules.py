"""The rules of a Slicer extension hold for what Slicer meets of ours, and each rule notices when it is broken."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from Testing.module_rules.allowed import Allowed
from Testing.module_rules.files import CMAKE, PYTHON, ROOT, UI, ours
from Testing.module_rules.rules import TEXT, cmake_problems, python_problems, text_problems, ui_problems
from Testing.module_rules.uses import python_uses, ui_uses

ALLOWED = Allowed.read()
OURS = ours()


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_python_uses_only_what_slicer_offers(path: Path) -> None:
    assert ALLOWED.problems(python_uses(path, OURS, name_of(path))) == []


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_python_obeys_the_rules(path: Path) -> None:
    assert python_problems(path, name_of(path)) == []


@pytest.mark.parametrize("path", UI, ids=name_of)
def test_forms_use_only_what_slicer_offers(path: Path) -> None:
    assert ALLOWED.problems(ui_uses(path, name_of(path))) == []
    assert ui_problems(path, name_of(path)) == []


@pytest.mark.parametrize("path", CMAKE, ids=name_of)
def test_cmake_obeys_the_rules(path: Path) -> None:
    assert cmake_problems(path, name_of(path)) == []


def test_texts_are_utf8_with_lines_as_on_unix() -> None:
    """Of all that is kept in the repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, cwd=ROOT, check=True).stdout.decode("utf-8")
    files = [ROOT / name for name in listed.split("\0") if name and Path(name).suffix in TEXT]
    assert len(files) > 100
    assert [words for path in files if path.is_file() for words in text_problems(path, name_of(path))] == []


def complaints(tmp_path: Path, text: str) -> str:
    path = tmp_path / "planted.py"
    path.write_text(text, encoding="utf-8")
    return "\n".join([*ALLOWED.problems(python_uses(path, {"our_own", "ui", "runBox"})), *python_problems(path)])


@pytest.mark.parametrize(
    "text",
    [
        "import slicer\nprint(slicer.mrmlScene)\n",
        "import qt\ntimer = qt.QTimer()\ntimer.setSingleShot(True)\ntimer.connect('timeout()', print)\n",
        "import slicer\nfrom slicer.i18n import tr as _\ntext = _('{n} lesions').format(n=3)\n",
        "def f(self):\n    self.ui.runBox.currentIndex = 3\n    return self.our_own.our_own()\n",
        "def f(scene):\n    node = scene.CreateNodeByClass('vtkMRMLTextNode')\n    node.UnRegister(None)\n",
        "def f():\n    import torch\n    return torch\n",
        "import json\nimport numpy as np\nx = np.zeros(3).sum()\njson.dumps('a'.upper())\n",
    ],
)
def test_what_is_fine_is_left_alone(tmp_path: Path, text: str) -> None:
    assert complaints(tmp_path, text) == ""


@pytest.mark.parametrize(
    ("text", "word"),
    [
        # what a harness may have and Slicer has not
        ("import slicer\nslicer.harness.click()\n", "slicer.harness.click"),
        ("from slicer.harness import click\n", "slicer.harness.click"),
        ("import slicer\ngetattr(slicer, 'harness', None)\n", "slicer.harness"),
        ("import qt\nx = qt.QtWidgets.QLabel('a')\n", "qt.QtWidgets.QLabel"),
        ("import qt\nx = qt.Qt.AlignmentFlag.AlignLeft\n", "qt.Qt.AlignmentFlag.AlignLeft"),
        ("import qt\nx = qt.Signal(int)\n", "qt.Signal"),
        ("import qt\nx = qt.QRegExp('a')\n", "qt.QRegExp"),
        ("import ctk\nx = ctk.ctkMagicWidget()\n", "ctk.ctkMagicWidget"),
        ("import vtk\nx = vtk.vtkMagicFilter()\n", "vtk.vtkMagicFilter"),
        ("def f(node):\n    node.GetMagicNumber()\n", "GetMagicNumber"),
        ("def f(scene):\n    scene.AddNewNodeByClass('vtkMRMLMagicNode')\n", "vtkMRMLMagicNode"),
        # PySide's ways
        ("def f(box):\n    return box.currentIndex()\n", "currentIndex is a property"),
        ("def f(self):\n    return self.ui.our_own.text()\n", "text is a property"),
        ("import slicer\nx = slicer.app.temporaryPath()\n", "temporaryPath is a property"),
        ("def f(button):\n    button.clicked.connect(print)\n", "PySide's way to connect"),
        ("def f(button):\n    button.connect('pressed(bool)', print)\n", "signal pressed(bool)"),
        ("def f(self):\n    self.ui.our_own.setWindowTitle('x')\n", "call setWindowTitle"),
        ("def f(self):\n    self.ui.our_own.magic = 3\n", "set magic"),
        (
            "import functools\ndef f(b):\n    b.connect('clicked()', functools.partial(print, 3))\n",
            "hands a partial all arguments",
        ),
        # at start-up
        ("import torch\n", "torch is imported when Slicer starts"),
        ("class A:\n    from scipy import ndimage\n", "scipy is imported when Slicer starts"),
        ("import slicer\nslicer.util.pip_install('x')\n", "installs something when Slicer starts"),
        (
            "class M(ScriptedLoadableModule):\n    def __init__(self, parent):\n        import torch\n",
            "an import while Slicer starts",
        ),
        # words
        ("from slicer.i18n import tr as _\nx = _(f'{3} lesions')\n", "f-string cannot be translated"),
        ("from slicer.i18n import tr as _\nx = _('a' + 'b')\n", "only a literal text"),
        ("from slicer.i18n import translate\nx = translate('Context', str(3))\n", "only a literal text"),
        # loops and leaks
        ("import slicer\ndef f():\n    slicer.app.processEvents()\n", "runs slots in the middle"),
        ("def f(scene):\n    return scene.CreateNodeByClass('vtkMRMLTextNode')\n", "leaks"),
    ],
)
def test_planted_faults_in_python_are_found(tmp_path: Path, text: str, word: str) -> None:
    assert word in complaints(tmp_path, text)


FORM = """<?xml version="1.0" encoding="UTF-8"?>
<ui version="4.0">
 <class>Panel</class>
 <widget class="qMRMLWidget" name="Panel">
  <layout class="QVBoxLayout" name="panelLayout">
   <item><widget class="qMRMLNodeComboBox" name="t1Selector">
    <property name="noneEnabled"><bool>true</bool></property>
   </widget></item>
   <item><widget class="QTableWidget" name="table">
    <property name="selectionMode"><enum>QAbstractItemView::SingleSelection</enum></property>
   </widget></item>
  </layout>
 </widget>
 <customwidgets>
  <customwidget><class>qMRMLWidget</class><extends>QWidget</extends></customwidget>
  <customwidget><class>qMRMLNodeComboBox</class><extends>QWidget</extends></customwidget>
 </customwidgets>
 <connections>
  <connection>
   <sender>Panel</sender><signal>mrmlSceneChanged(vtkMRMLScene*)</signal>
   <receiver>t1Selector</receiver><slot>setMRMLScene(vtkMRMLScene*)</slot>
  </connection>
 </connections>
</ui>
"""


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("", "", ""),
        ('class="qMRMLWidget" name="Panel"', 'class="QWidget" name="Panel"', "not a qMRMLWidget"),
        ("<receiver>t1Selector", "<receiver>table", "t1Selector is not connected"),
        ("<sender>Panel", "<sender>table", "t1Selector is not connected"),
        ("<class>qMRMLNodeComboBox</class>", "<class>other</class>", "missing among the customwidgets"),
        ("::SingleSelection", "::SelectionMode::SingleSelection", "read by Qt 6 only"),
        ('name="table"', 'name="tableWidget_2"', "was never given a name"),
        ('"noneEnabled"', '"magicEnabled"', "set magicEnabled"),
        ('class="QTableWidget"', 'class="QMagicTable"', "class QMagicTable"),
        ("setMRMLScene(vtkMRMLScene*)", "setScene(vtkMRMLScene*)", "signal setScene(vtkMRMLScene*)"),
    ],
)
def test_planted_faults_in_forms_are_found(tmp_path: Path, old: str, new: str, word: str) -> None:
    assert old in FORM
    path = tmp_path / "Panel.ui"
    path.write_text(FORM.replace(old, new) if old else FORM, encoding="utf-8")
    found = "\n".join([*ui_problems(path), *ALLOWED.problems(ui_uses(path))])
    assert word in found
    assert bool(word) == bool(found)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("set(A_PYTHON_SCRIPTS\n  a.py\n  b/c.py\n  )\n", ""),
        ("set(A_PYTHON_SCRIPTS\n  ../a.py\n  )\n", "out of its folder"),
        ("set(A_PYTHON_RESOURCES\n  a/../../b.png\n  )\n", "out of its folder"),
        ("set(A_DATA_FILES\n  /etc/a.yaml\n  )\n", "out of its folder"),
        ("DESTINATION_DIR ${CMAKE_BINARY_DIR}/${Slicer_QTSCRIPTEDMODULES_LIB_DIR}/MissingModalitySegLib\n", ""),
        ("DESTINATION_DIR ${CMAKE_BINARY_DIR}/${Slicer_QTSCRIPTEDMODULES_LIB_DIR}/training\n", "all extensions share"),
        ("INSTALL_DIR ${Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR}/Testing\n", "all extensions share"),
    ],
)
def test_planted_faults_in_cmake_are_found(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "CMakeLists.txt"
    path.write_text(text, encoding="utf-8")
    found = "\n".join(cmake_problems(path))
    assert word in found
    assert bool(word) == bool(found)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("Größe\n".encode(), ""),
        ("Größe\n".encode("latin-1"), "not UTF-8"),
        (b"a\r\nb\r\n", "line ends of Windows"),
        (b"\xef\xbb\xbfa\n", "byte order mark"),
        (b"a", "no line end"),
    ],
)
def test_planted_faults_in_texts_are_found(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    found = "\n".join(text_problems(path))
    assert word in found
    assert bool(word) == bool(found)
