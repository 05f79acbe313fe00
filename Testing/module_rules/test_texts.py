"""The list of texts for translators is up to date, and its contexts are those that Slicer looks texts up by."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from Testing.module_rules.files import ROOT, UI

SCRIPT = ROOT / ".ci" / "list-texts"
LIST = ROOT / "MissingModalitySeg" / "Translations" / "MissingModalitySeg_en-US.ts"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The script, and what it reads, somewhere else."""
    for name in (".ci", "MissingModalitySeg", "MissingModalitySegLib/ui"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def listed(root: Path = ROOT) -> dict[str, list[str]]:
    tree = ET.parse(root / LIST.relative_to(ROOT)).getroot()
    return {one.findtext("name"): [text.text for text in one.iter("source")] for one in tree.iter("context")}


def run(root: Path, *arguments: str) -> int:
    return subprocess.run([sys.executable, str(root / ".ci" / "list-texts"), *arguments], check=False).returncode


def test_the_list_is_up_to_date() -> None:
    assert run(ROOT, "--check") == 0, "run .ci/list-texts"


def test_every_call_is_listed_under_the_file_that_slicer_sees() -> None:
    """Counted with a plain search instead of the parser."""
    texts = listed()
    for path in (ROOT / "MissingModalitySegLib" / "ui").glob("*.py"):
        found = re.findall(r'\b_\(\s*"((?:[^"\\]|\\.)*)"\s*\)', path.read_text(encoding="utf-8"))
        assert set(found) <= set(texts.get(f"ui.{path.stem}", [])), path.name


def test_forms_have_classes_of_their_own() -> None:
    """Texts are looked up by the class of the form, among those of all extensions."""
    classes = [ET.parse(path).getroot().findtext("class") for path in UI]
    assert classes == [path.stem for path in UI]
    assert set(classes) <= set(listed())


def test_a_new_text_is_missed_and_a_translation_kept(copied: Path) -> None:
    assert run(copied, "--check") == 0
    target = copied / LIST.relative_to(ROOT)
    before = target.read_text(encoding="utf-8")
    unfinished = '<source>Set-&amp;up</source>\n        <translation type="unfinished"></translation>'
    assert unfinished in before
    done = "<source>Set-&amp;up</source>\n        <translation>Einrichtung</translation>"
    target.write_text(before.replace(unfinished, done), encoding="utf-8")
    window = copied / "MissingModalitySegLib" / "ui" / "window.py"
    window.write_text(window.read_text(encoding="utf-8") + '\n\nNEW = _("Größe <1> & “2”")\n', encoding="utf-8")
    assert run(copied, "--check") == 1
    assert run(copied) == 0
    assert run(copied, "--check") == 0
    assert done in target.read_text(encoding="utf-8")
    assert "Größe <1> & “2”" in listed(copied)["ui.window"]


def test_qt_reads_the_list(tmp_path: Path) -> None:
    QtCore = pytest.importorskip("PySide6.QtCore")
    lrelease = shutil.which("lrelease") or shutil.which("pyside6-lrelease")
    if lrelease is None:
        pytest.skip("Qt's lrelease is not here")
    text = LIST.read_text(encoding="utf-8")
    text = text.replace('<translation type="unfinished"></translation>', "<translation>X</translation>")
    (tmp_path / "all.ts").write_text(text, encoding="utf-8")
    subprocess.run([lrelease, str(tmp_path / "all.ts"), "-qm", str(tmp_path / "all.qm")], check=True)
    translator = QtCore.QTranslator()
    assert translator.load(str(tmp_path / "all.qm"))
    for context, texts in listed().items():
        for one in texts:
            assert translator.translate(context, one) == "X", (context, one)
