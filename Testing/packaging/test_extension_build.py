"""The extension builds and installs with CMake, and what is installed works where the source tree is out of reach.

Slicer's own package is replaced by a stand-in that takes the same calls and is as strict about them (slicer_stub).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STUB = Path(__file__).parent / "slicer_stub"
MODULES = Path("lib/Slicer-5.12/qt-scripted-modules")
BESIDE = Path(sys.executable).parent
CMAKE = str(BESIDE / "cmake") if (BESIDE / "cmake").exists() else "cmake"
NO_COMPILER = [
    f"-DCMAKE_{language}_COMPILER{rest}"
    for language in ("C", "CXX")
    for rest in (f"={sys.executable}", "_FORCED=ON", "_ID=none", "_ABI_COMPILED=ON")
]
"""`project()` asks for compilers, which an extension of scripts never runs."""


@dataclass(frozen=True)
class Built:
    build: Path
    installed: Path
    record: list[str]


def cmake(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PATH": f"{BESIDE}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        [CMAKE, *map(str, arguments)], capture_output=True, text=True, encoding="utf-8", env=environment
    )


def configure(source: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return cmake(
        *("-S", source, "-B", folder / "build", "-G", "Ninja", *NO_COMPILER),
        *(f"-DSlicer_DIR={STUB}", f"-DSLICER_STUB_RECORD={folder / 'record.txt'}"),
        *(f"-DSLICER_STUB_PYTHON={sys.executable}", f"-DCMAKE_INSTALL_PREFIX={folder / 'installed'}"),
    )


def shipped(*parts: str) -> set[str]:
    """Files under a folder of the source tree that git would keep."""
    folder = ROOT.joinpath(*parts)
    files = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {path.relative_to(folder).as_posix() for path in files}


@pytest.fixture(scope="module")
def extension(tmp_path_factory) -> Built:
    """Configured, built and installed from a folder with spaces and accents in its name."""
    folder = tmp_path_factory.mktemp("extension") / "Größe 1"
    folder.mkdir()
    for done in (
        configure(ROOT, folder),
        cmake("--build", folder / "build"),
        cmake("--install", folder / "build", "--component", "RuntimeLibraries"),
    ):
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    record = (folder / "record.txt").read_text(encoding="utf-8").splitlines()
    return Built(folder / "build" / MODULES, folder / "installed" / MODULES, record)


def test_what_lies_on_slicers_path(extension: Built) -> None:
    """One module and two packages under names of our own: all extensions share this folder."""
    for folder in (extension.build, extension.installed):
        names = {path.name for path in folder.iterdir()} - {"MissingModalitySeg.pyc"}
        assert names == {"MissingModalitySeg.py", "MissingModalitySegLib", "MissingModalitySegTraining", "Resources"}
        tops = {path.name for path in (folder / "Resources").rglob("*") if path.is_file()}
        assert all(name.startswith("MissingModalitySeg") for name in tops), "icons and panels share folders, too"


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (("MissingModalitySegLib",), "MissingModalitySegLib"),
        (("training", "MissingModalitySegTraining"), "MissingModalitySegTraining"),
        (("Resources",), "MissingModalitySegLib/Resources"),
        (("MissingModalitySeg", "Resources"), "Resources"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_file_is_installed_as_it_is(extension: Built, source: tuple[str, ...], target: str) -> None:
    for name in shipped(*source) - {"CMakeLists.txt"}:
        installed = extension.installed / target / name
        assert installed.is_file(), f"{name} is not installed: add it to the CMakeLists.txt of its folder"
        assert installed.read_bytes() == ROOT.joinpath(*source, name).read_bytes()


def test_nothing_else_is_installed(extension: Built) -> None:
    known = {"MissingModalitySeg.py"}
    known |= {f"MissingModalitySegLib/{name}" for name in shipped("MissingModalitySegLib")}
    known |= {f"MissingModalitySegTraining/{name}" for name in shipped("training", "MissingModalitySegTraining")}
    known |= {f"MissingModalitySegLib/Resources/{name}" for name in shipped("Resources")}
    known |= {f"Resources/{name}" for name in shipped("MissingModalitySeg", "Resources")}
    known -= {name for name in known if name.endswith("CMakeLists.txt")}
    files = [path.relative_to(extension.installed).as_posix() for path in extension.installed.rglob("*.*")]
    files = [name for name in files if (extension.installed / name).is_file()]
    assert {name.removesuffix("c") if name.endswith(".pyc") else name for name in files} == known


LOOK = """
import json, sys
import MissingModalitySegLib, MissingModalitySegTraining
from MissingModalitySegLib.errors import MissingModalitySegError
from MissingModalitySegLib.jobs import Job, Runner
from MissingModalitySegLib.resources import resources
try:
    with Runner() as runner:
        runner.run(Job({"FLAIR": "nothing.nrrd"}, "no-such-model", "out"))
except MissingModalitySegError as error:
    answer = error.code
files = [resources(), MissingModalitySegLib.__file__, MissingModalitySegTraining.__file__]
print(json.dumps([answer, *map(str, files)]))
"""


def test_the_installed_library_works(extension: Built, tmp_path: Path) -> None:
    """With nothing but Slicer's folder of modules on the path: its data are found, its worker starts and answers."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MISSING_"))}
    environment |= {"PYTHONPATH": str(extension.installed), "PYTHONSAFEPATH": "1"}
    environment |= {"XDG_DATA_HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    looked = subprocess.run(
        [sys.executable, "-c", LOOK], capture_output=True, text=True, encoding="utf-8", cwd=tmp_path, env=environment
    )
    assert looked.returncode == 0, looked.stderr
    answer, data, library, training = json.loads(looked.stdout)
    assert answer == "bundle-not-found"
    assert Path(data) == extension.installed / "MissingModalitySegLib" / "Resources"
    assert Path(library).is_relative_to(extension.installed)
    assert Path(training).is_relative_to(extension.installed)


def test_tests_are_registered(extension: Built) -> None:
    assert "test nomainwindow_qSlicerMissingModalitySegModuleGenericTest" in extension.record
    assert "test MissingModalitySeg" in extension.record


def test_removed_files_leave_the_build(tmp_path: Path) -> None:
    """A bundle that is gone from Resources is gone from the build tree after the next build."""
    source = small_extension(tmp_path)
    for folder in (source / "Resources" / "models" / "old", source / "Resources" / "models" / "new"):
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text("{}", encoding="utf-8")
    assert configure(source, tmp_path).returncode == 0
    assert cmake("--build", tmp_path / "build").returncode == 0
    shutil.rmtree(source / "Resources" / "models" / "old")
    assert cmake("--build", tmp_path / "build").returncode == 0
    models = tmp_path / "build" / MODULES / "MissingModalitySegLib" / "Resources" / "models"
    assert [path.name for path in models.iterdir()] == ["new"]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("Resources/Icons/MissingModalitySeg.png", "Resources/Icons/gone.png", "there is no"),
        ("Resources/Icons/MissingModalitySeg.png", "../Resources/README.md", "out of the destination"),
        ("WITH_GENERIC_TESTS", "WITH_GENERIC_TEST", "WITH_GENERIC_TEST"),
    ],
)
def test_the_stand_in_is_strict(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    source = small_extension(tmp_path)
    listing = source / "MissingModalitySeg" / "CMakeLists.txt"
    text = listing.read_text(encoding="utf-8")
    assert old in text
    listing.write_text(text.replace(old, new), encoding="utf-8")
    done = configure(source, tmp_path)
    assert done.returncode != 0
    assert complaint in done.stderr


def small_extension(folder: Path) -> Path:
    """A copy of the module, the top and Resources' list of what to copy, without the packages."""
    source = folder / "source"
    (source / "Resources").mkdir(parents=True)
    for name in ("LICENSE", "README.md", "Resources/CMakeLists.txt", "Resources/README.md"):
        shutil.copy(ROOT / name, source / name)
    shutil.copytree(ROOT / "MissingModalitySeg", source / "MissingModalitySeg")
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    text = re.sub(r"add_subdirectory\((MissingModalitySegLib|training)\)\n", "", text)
    (source / "CMakeLists.txt").write_text(text, encoding="utf-8")
    return source
