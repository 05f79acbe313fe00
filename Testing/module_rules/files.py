"""Which files Slicer meets: the module, its window, what touches the scene, the .ui files, the build."""

from __future__ import annotations

from pathlib import Path

from .uses import defined_names, widget_names

ROOT = Path(__file__).resolve().parents[2]
MODULE, LIBRARY = ROOT / "MissingModalitySeg", ROOT / "MissingModalitySegLib"
PYTHON = [
    MODULE / "MissingModalitySeg.py",
    *(path for room in ("ui", "scene") for path in sorted((LIBRARY / room).glob("*.py"))),
]
UI = sorted((MODULE / "Resources" / "UI").glob("*.ui"))
CMAKE = [ROOT / "CMakeLists.txt", *sorted(ROOT.glob("*/CMakeLists.txt"))]


def ours() -> set[str]:
    """Names that our own code defines and Slicer-facing files may meet, and the widgets of the .ui files."""
    rooms = {"ui", "scene", "jobs", "bundles", "recognition"}
    files = [
        path for path in LIBRARY.rglob("*.py") if path.parent == LIBRARY or path.relative_to(LIBRARY).parts[0] in rooms
    ]
    return defined_names([MODULE / "MissingModalitySeg.py", *files]) | {
        name for path in UI for name in widget_names(path)
    }
