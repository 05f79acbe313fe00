"""The list of what Slicer offers agrees with real MRML, VTK and Qt, and holds nothing that nobody uses."""

from __future__ import annotations

from pathlib import Path

import pytest

from Testing.module_rules.allowed import KINDS, Allowed
from Testing.module_rules.files import PYTHON, UI, ours
from Testing.module_rules.sources import missing
from Testing.module_rules.uses import How, python_uses, ui_uses

ALLOWED = Allowed.read()
NOT_IN_CORE = {"vtkMRMLScriptedModuleNode"}
"""Classes that the application brings and slicer-core does not."""

ONLY_PYTHONQT = {"exec_", "connect", "disconnect", "name"}
"""What PythonQt adds to every object."""


def test_the_list_is_well_formed() -> None:
    for place, tables in ALLOWED.places.items():
        project, _, file = place.partition(": ")
        assert project in ("Slicer", "CTK", "Qt", "VTK", "SlicerPyTorch")
        assert file
        assert set(tables) <= set(KINDS)
        for entries in tables.values():
            assert entries == sorted(set(entries)), place


@pytest.mark.parametrize(
    "place", [place for place in ALLOWED.places if Path(place).stem.split(": ")[-1].startswith("vtk")]
)
def test_mrml_and_vtk_have_it(place: str) -> None:
    import slicer
    import vtk

    kind = Path(place.split(": ")[1]).stem
    owner = getattr(slicer, kind, None) or getattr(vtk, kind, None)
    if owner is None:
        assert kind in {*NOT_IN_CORE, "vtkType"}
        return
    for name in ALLOWED.places[place].get("methods", ()):
        assert hasattr(owner, name), f"{kind}.{name}"
    for name in ALLOWED.places[place].get("names", ()):
        words = name.split(".")
        found = owner if words[1] in (kind, "mrmlScene") else getattr(vtk, words[1])
        for word in words[2:]:
            found = getattr(found, word)


@pytest.mark.parametrize("place", [place for place in ALLOWED.places if place.startswith("Qt: ")])
def test_qt_has_it(place: str) -> None:
    from PySide6 import QtCore, QtGui, QtWidgets

    kind, tables = place.removeprefix("Qt: "), ALLOWED.places[place]
    owner = next(getattr(part, kind) for part in (QtWidgets, QtGui, QtCore) if hasattr(part, kind))
    meta = getattr(owner, "staticMetaObject", None)
    for name in tables.get("properties", ()):
        assert meta.indexOfProperty(name) >= 0, f"{kind}.{name} is no property"
    for name in tables.get("methods", ()):
        assert name in ONLY_PYTHONQT or hasattr(owner, name), f"{kind}.{name}"
        assert meta is None or meta.indexOfProperty(name) < 0, f"{kind}.{name} is a property"
    for signature in tables.get("signals", ()):
        assert meta.indexOfSignal(signature) >= 0, f"{kind} has no signal {signature}"
    for name in tables.get("names", ()):
        found, words = owner, name.split(".")
        for word in words[2:]:
            found = getattr(found, word)
        assert words[1] == kind or words[0] == "slicer"


def test_nothing_is_listed_in_vain() -> None:
    """An entry that nobody uses would let a use in later that nobody has looked at."""
    own = ours()
    uses = [use for path in PYTHON for use in python_uses(path, own)] + [use for path in UI for use in ui_uses(path)]
    used = {use.name for use in uses} | {
        f"{start}.{use.name}" for use in uses if use.how is How.CLASS for start in ("slicer", "qt", "ctk")
    }
    listed = {name for kind in KINDS for name in ALLOWED.all_of(kind)}
    assert listed - used == set()


def test_what_is_not_in_the_sources_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.h").write_text("Q_PROPERTY(bool collapsed READ collapsed)\nvoid go(int);\nvtkSetMacro(Size, int);\n")
    places = {
        "CTK: a.h": {
            "properties": ["collapsed", "open"],
            "methods": ["GetSize", "SetWeight"],
            "signals": ["go(int)", "come()"],
        },
        "CTK: b.h": {"methods": ["GetSize"]},
        "Qt: QLabel": {"properties": ["text"]},
    }
    assert list(missing({"CTK": tmp_path}, Allowed(places))) == [
        "CTK: a.h: properties open",
        "CTK: a.h: methods SetWeight",
        "CTK: a.h: signals come()",
        "CTK: b.h: there is no such file",
    ]
