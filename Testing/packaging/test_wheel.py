"""The wheel holds what it should, and works far away from the source tree."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from MissingModalitySegLib import __version__

ROOT = Path(__file__).resolve().parents[2]


def succeed(*command: str, **options) -> str:
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", **options)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    succeed(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT))
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("installed")
    succeed(
        sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-index",
        "--target", str(target), str(wheel),
    )  # fmt: skip
    return target


def python(installed: Path, folder: Path, *arguments: str) -> str:
    """Run Python where the source tree is out of reach, with a home of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MISSING_"))}
    environment |= {"PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    environment |= {"XDG_DATA_HOME": str(folder / "data"), "XDG_STATE_HOME": str(folder / "state")}
    return succeed(sys.executable, *arguments, cwd=folder, env=environment)


def test_contents(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {
        "MissingModalitySegLib", "MissingModalitySegTraining", f"missing_modality_seg-{__version__}.dist-info",
    }  # fmt: skip
    assert "MissingModalitySegLib/Resources/README.md" in names
    assert "MissingModalitySegLib/cli/edge.py" in names
    unwanted = (".pyc", ".pt", ".pth", ".pkl", ".ckpt", ".nii", ".nii.gz")
    assert not [name for name in names if name.endswith(unwanted) or "/Testing/" in name]


def test_every_package_file_and_resource_is_there(wheel: Path) -> None:
    listed = succeed("git", "ls-files", "MissingModalitySegLib", "Resources", "training", cwd=ROOT).splitlines()
    tracked = [path for path in listed if (ROOT / path).exists()]
    names = set(zipfile.ZipFile(wheel).namelist())
    for path in tracked:
        inside = path.removeprefix("training/") if path.startswith("training/MissingModality") else path
        inside = f"MissingModalitySegLib/{inside}" if inside.startswith("Resources/") else inside
        if not inside.startswith("training/"):
            assert inside in names


def test_metadata(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    information = f"missing_modality_seg-{__version__}.dist-info"
    text = archive.read(f"{information}/METADATA").decode()
    assert f"Version: {__version__}" in text
    assert "License-Expression: Apache-2.0" in text
    assert f"{information}/licenses/LICENSE" in archive.namelist()
    entry_points = archive.read(f"{information}/entry_points.txt").decode()
    assert "missing-modality-seg = MissingModalitySegLib.cli:main" in entry_points


def test_runs_from_elsewhere(installed: Path, tmp_path: Path) -> None:
    report = (
        "import json, MissingModalitySegLib as library, MissingModalitySegTraining as training\n"
        "from MissingModalitySegLib.resources import resources\n"
        "print(json.dumps([library.__file__, training.__file__, str(resources())]))"
    )
    for path in json.loads(python(installed, tmp_path, "-c", report)):
        assert Path(path).resolve().is_relative_to(installed.resolve())
    assert python(installed, tmp_path, "-m", "MissingModalitySegLib", "--version").split()[-1] == __version__
    models = json.loads(python(installed, tmp_path, "-m", "MissingModalitySegLib", "models", "list", "--json"))
    bundled = ROOT / "Resources" / "models"
    expected = {path.name for path in bundled.iterdir() if path.is_dir()} if bundled.is_dir() else set()
    assert {model["name"] for model in models if model["used"]} == expected
    assert list(tmp_path.iterdir()) == []
