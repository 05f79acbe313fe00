"""`doctor`: facts that can be checked from outside."""

from __future__ import annotations

import json
import os
import platform
from importlib import metadata
from pathlib import Path

import pytest

from MissingModalitySegLib.bundles import search
from MissingModalitySegLib.cli import doctor
from MissingModalitySegLib.cli.edge import run
from Testing.bundles.samples import write_bundle


def report(capsys) -> dict:
    assert run(["doctor", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_facts(capsys) -> None:
    found = report(capsys)
    assert found["python"] == platform.python_version()
    versions = {package["name"]: package["version"] for package in found["packages"]}
    assert versions["torch"] == metadata.version("torch")
    assert versions["rich"] == metadata.version("rich")
    (cpu,) = [device for device in found["devices"] if device["device"] == "cpu"]
    assert cpu["error"] is None
    assert {folder["what"] for folder in found["folders"]} >= {"imported models", "log files"}


@pytest.mark.skipif(not Path("/proc/meminfo").exists(), reason="Linux")
def test_memory_agrees_with_the_kernel() -> None:
    line = Path("/proc/meminfo").read_text().splitlines()[0]  # MemTotal: … kB
    assert doctor.total_memory() == pytest.approx(int(line.split()[1]) * 1024, rel=0.01)


def test_models_and_damage(tmp_path: Path, monkeypatch, capsys) -> None:
    write_bundle(tmp_path / "mine", name="mine")
    (write_bundle(tmp_path / "torn", name="torn") / "README.md").unlink()
    changed = write_bundle(tmp_path / "changed", name="changed") / "README.md"
    changed.write_bytes(changed.read_bytes().swapcase())
    monkeypatch.setenv(search.VARIABLE, str(tmp_path))
    found = report(capsys)
    models = {model["name"]: model for model in found["models"]}
    assert models["mine"]["used"]
    assert models["mine"]["error"] is None
    assert "README.md" in models["torn"]["error"]
    assert "README.md" in models["changed"]["error"]  # of the right size: only its checksum tells
    assert any("torn" in problem for problem in found["problems"])
    assert run(["doctor"]) == 0
    assert "torn" in capsys.readouterr().out


def take_away(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    version = metadata.version

    def found(name: str) -> str:
        if name == package:
            raise metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(doctor.metadata, "version", found)


def test_a_missing_package_is_a_problem(monkeypatch, capsys) -> None:
    take_away("monai", monkeypatch)
    assert "The package monai is missing, which segmentation needs." in report(capsys)["problems"]


def test_a_part_that_was_not_installed_is_no_problem(monkeypatch, capsys) -> None:
    take_away("dask", monkeypatch)
    assert not any("dask" in problem for problem in report(capsys)["problems"])
    assert run(["doctor"]) == 0
    shown = capsys.readouterr().out
    assert "dask missing" in shown
    assert '".[cohorts]"' in shown


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch, capsys) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(doctor, "user_models", lambda: tmp_path / "file" / "models")
    assert any(str(tmp_path / "file" / "models") in problem for problem in report(capsys)["problems"])


def test_nothing_is_written(tmp_path: Path, monkeypatch, capsys) -> None:
    if os.name != "posix":
        pytest.skip("XDG folders")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    report(capsys)
    assert list(tmp_path.iterdir()) == []
