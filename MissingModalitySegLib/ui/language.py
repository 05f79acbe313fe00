"""The window speaks the language that Slicer is set to, where it has been translated into it.

Slicer itself loads translations from its own folder alone, into which no extension can install.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import qt
import slicer

_translator: Any = None
"""Qt does not keep it."""


def speak(folder: Path) -> str:
    """Load the translation in `folder` that fits; its name, or nothing where English it is. To be called before the
    first text is looked up."""
    global _translator
    file = translation_for(folder, _language())
    if file is None:
        return ""
    _translator = qt.QTranslator()
    if not _translator.load(str(file)):
        return ""
    slicer.app.installTranslator(_translator)
    return file.stem.rpartition("_")[2]


def translation_for(folder: Path, language: str) -> Path | None:
    """The file of a language such as `de_DE`, `de-AT` or `de`: of just that, else of another country."""
    wanted = language.replace("_", "-").lower()
    files = {path.stem.rpartition("_")[2].lower(): path for path in sorted(folder.glob("*.qm"))}
    if not wanted or wanted in files:
        return files.get(wanted)
    return next((path for name, path in files.items() if name.split("-")[0] == wanted.split("-")[0]), None)


def _language() -> str:
    """That of Slicer's settings, where the user wants more than English."""
    settings = qt.QSettings()
    if str(settings.value("Internationalization/Enabled")).lower() not in ("true", "1"):
        return ""
    return str(settings.value("language") or "")
