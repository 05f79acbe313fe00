"""The house of rooms: imports go down only, and what Slicer loads stays light."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from Testing.module_rules.rules import file_scope

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "MissingModalitySegLib"
TRAINING = ROOT / "training" / "MissingModalitySegTraining"
HEAVY = ("torch", "monai", "SimpleITK", "scipy")

DOMAIN = {"domain"}
COMPUTING = DOMAIN | {"arrays", "measures", "networks", "engine"}
MAY_IMPORT = {
    "domain": DOMAIN,
    "arrays": DOMAIN | {"arrays"},
    "measures": DOMAIN | {"measures"},
    "networks": DOMAIN | {"networks"},
    "engine": COMPUTING,
    "jobs": DOMAIN | {"jobs"},
    "worker": COMPUTING | {"jobs", "dicom", "reports", "worker"},
    "scene": DOMAIN | {"jobs", "scene"},
    "ui": DOMAIN | {"jobs", "scene", "ui"},
    "dicom": COMPUTING | {"dicom"},
    "reports": COMPUTING | {"reports"},
    "cohorts": COMPUTING | {"jobs", "dicom", "reports", "cohorts"},
    "training": COMPUTING | {"training"},
    "cli": COMPUTING | {"jobs", "dicom", "reports", "cohorts", "training", "cli"},
    "module": DOMAIN | {"jobs", "scene", "ui", "module"},
}
OUTSIDE_ALLOWED = {
    "domain": set(),
    "arrays": {"numpy", "torch"},
    "measures": {"numpy", "scipy"},
    "networks": {"numpy", "torch", "safetensors"},
    "engine": {"numpy", "torch", "scipy", "monai", "SimpleITK"},
    "jobs": set(),
    "reports": {"numpy", "scipy", "SimpleITK"},
    "scene": {"numpy", "vtk", "slicer", "vtkmodules"},
    "ui": {"qt", "ctk", "slicer", "vtk", "SampleData", "PyTorchUtils"},
    "module": {"qt", "ctk", "slicer", "vtk"},
}


def room_of(path: Path) -> str:
    """Which room a file belongs to."""
    if TRAINING in path.parents:
        return "training"
    if LIBRARY not in path.parents:
        return "module"
    first = path.relative_to(LIBRARY).parts[0]
    if path.relative_to(LIBRARY).parts == ("jobs", "worker.py"):
        return "worker"
    if first == "__main__.py":
        return "cli"
    return first if first in MAY_IMPORT and (LIBRARY / first).is_dir() else "domain"


def imported(path: Path) -> list[tuple[str, int, bool]]:
    """Absolute dotted names a file imports, with line and whether it happens at file scope."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    base = ROOT / "training" if TRAINING in path.parents else ROOT
    package = (
        path.relative_to(base).with_suffix("").parts[:-1]
        if path.name != "__init__.py"
        else path.relative_to(base).parts[:-1]
    )
    at_file_scope = {id(node) for node in file_scope(tree)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else ()
            stem = ".".join([*start, *([node.module] if node.module else [])])
            names = [f"{stem}.{alias.name}" for alias in node.names]
        else:
            continue
        found += [(name, node.lineno, id(node) in at_file_scope) for name in names]
    return found


def target_room(name: str) -> str | None:
    """The room that a dotted name inside our packages belongs to; None for a package of others."""
    parts = name.split(".")
    if parts[0] == "MissingModalitySegTraining":
        return "training"
    if parts[0] == "MissingModalitySeg":
        return "module"
    if parts[0] != "MissingModalitySegLib":
        return None
    if parts[1:3] == ["jobs", "worker"]:
        return "worker"
    return parts[1] if len(parts) > 1 and parts[1] in MAY_IMPORT and (LIBRARY / parts[1]).is_dir() else "domain"


FILES = [*LIBRARY.rglob("*.py"), *TRAINING.rglob("*.py"), ROOT / "MissingModalitySeg" / "MissingModalitySeg.py"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down_only(path: Path) -> None:
    room = room_of(path)
    for name, line, _ in imported(path):
        target = target_room(name)
        if target is not None:
            assert target in MAY_IMPORT[room], f"{path}:{line}: {room} must not import {target} ({name})"
        elif room in OUTSIDE_ALLOWED:
            top = name.split(".")[0]
            allowed = top in sys.stdlib_module_names or top in OUTSIDE_ALLOWED[room]
            assert allowed, f"{path}:{line}: {room} must not import {top}"


@pytest.mark.parametrize("path", [path for path in FILES if room_of(path) in {"training", "cli"}], ids=lambda p: p.name)
def test_heavy_packages_are_imported_lazily(path: Path) -> None:
    """Training runs from plain arrays where SimpleITK and nilearn are missing; the command line starts at once."""
    heavy = {"training": {"SimpleITK", "nilearn", "nibabel", "monai", "matplotlib", "highdicom", "transformers"}}
    heavy["cli"] = heavy["training"] | {"torch", "scipy", "numpy"}
    for name, line, at_file_scope in imported(path):
        lazy = not at_file_scope or name.split(".")[0] not in heavy[room_of(path)]
        assert lazy, f"{path}:{line}: import {name} inside the function that needs it"


LIGHT = """
import sys
sys.path[:0] = {paths!r}
from application import install
install()
import importlib
for name in {names!r}:
    importlib.import_module(name)
loaded = sorted(set({heavy!r}) & set(sys.modules))
assert not loaded, loaded
"""


@pytest.mark.parametrize("start", ["MissingModalitySeg", "MissingModalitySegLib"])
def test_what_slicer_loads_is_light(start: str) -> None:
    """Importing the module, or every file of `ui`, `scene`, `jobs` and the domain, loads no heavy package."""
    names = ["MissingModalitySeg"]
    if start == "MissingModalitySegLib":
        names = [
            ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            for path in LIBRARY.rglob("*.py")
            if room_of(path) in {"domain", "jobs", "scene", "ui"} and path.name != "__main__.py"
        ]
        assert len(names) >= 5
    paths = [str(ROOT), str(ROOT / "MissingModalitySeg"), str(ROOT / "Testing" / "slicer_harness")]
    script = LIGHT.format(paths=paths, names=names, heavy=HEAVY)
    run = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, cwd="/")
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("folder", [LIBRARY, TRAINING], ids=lambda folder: folder.name)
def test_cmake_lists_every_python_file(folder: Path) -> None:
    """Slicer's build installs listed files only: a file missing there is missing in the extension."""
    listing = (folder if folder == LIBRARY else folder.parent) / "CMakeLists.txt"
    text = listing.read_text(encoding="utf-8").split("_PYTHON_SCRIPTS", 1)[1].split(")", 1)[0]
    listed = set(text.split())
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*.py")}
    assert listed == present, f"{listing}: add {sorted(present - listed)}, remove {sorted(listed - present)}"


@pytest.mark.parametrize(
    ("folder", "listing", "pattern"),
    [
        (TRAINING, TRAINING.parent / "CMakeLists.txt", "**/*.yaml"),
        (LIBRARY, LIBRARY / "CMakeLists.txt", "*/templates/*"),
    ],
    ids=["configurations", "templates"],
)
def test_cmake_lists_every_data_file(folder: Path, listing: Path, pattern: str) -> None:
    """Configurations and templates lie beside the code that reads them, and are installed with it."""
    text = listing.read_text(encoding="utf-8")
    listed = set(text.split("_DATA_FILES\n", 1)[1].split(")", 1)[0].split())
    assert listed == {path.relative_to(folder).as_posix() for path in folder.glob(pattern)}
    assert re.search(r'RESOURCES "\$\{\w+_DATA_FILES\}"', text)
