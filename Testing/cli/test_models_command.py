"""`models`: what a user sees and a program reads."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from MissingModalitySegLib.bundles import load, search
from MissingModalitySegLib.cli.edge import run
from Testing.bundles.samples import tree, write_bundle


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch) -> Path:
    """The user's folder of models, which alone is searched."""
    folder = tmp_path / "home" / "models"
    monkeypatch.delenv(search.VARIABLE, raising=False)
    monkeypatch.setattr(search, "user_models", lambda: folder)
    monkeypatch.setattr("MissingModalitySegLib.cli.models.user_models", lambda: folder)
    monkeypatch.setattr(search, "resources", lambda: tmp_path / "bundled")
    monkeypatch.chdir(tmp_path)
    return folder


def test_list(models: Path, capsys) -> None:
    assert run(["models", "list"]) == 0
    assert "no models yet" in capsys.readouterr().out
    write_bundle(models / "moe")
    (write_bundle(models / "torn", name="torn") / "README.md").unlink()
    assert run(["models", "list"]) == 0
    shown = capsys.readouterr().out
    assert "T1 T1ce FLAIR" in shown
    assert "README.md" in shown  # what is missing from the damaged one
    assert run(["models", "list", "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert (first["name"], first["used"], first["modalities"]) == ("moe", True, ["T1", "T1ce", "FLAIR"])
    assert (second["name"], second["used"]) == ("torn", False)
    assert second["error"]["code"] == "bundle-missing-file"


def test_list_without_models_as_json(capsys) -> None:
    assert run(["models", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_show(models: Path, capsys) -> None:
    write_bundle(models / "moe", title="[red]Not markup[/red] :brain:")
    assert run(["models", "show", "moe"]) == 0
    shown = capsys.readouterr().out
    assert "[red]Not markup[/red] :brain:" in shown
    assert "Trained on simulated scans only." in shown
    (line,) = [line for line in shown.splitlines() if "0.750" in line]
    assert "T1+FLAIR" in line
    assert "± 0.020" in line
    assert "simulated scans only" in line  # never a bare figure
    assert "Provenance: commit" in shown
    assert "crops" not in shown  # a whole configuration is for programs
    assert run(["models", "show", "moe", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["manifest"] == load(models / "moe").manifest.to_dict()


def test_import_export_and_verify(models: Path, tmp_path: Path, capsys) -> None:
    source = write_bundle(tmp_path / "source")
    assert run(["models", "import", str(source)]) == 0
    assert tree(models / "moe") == tree(source)
    assert run(["models", "import", str(source)]) == 2
    assert "--replace" in capsys.readouterr().err
    assert run(["models", "import", str(source), "--replace"]) == 0
    assert run(["models", "export", "moe"]) == 0
    assert (tmp_path / "moe-1.0.0.zip").is_file()
    assert run(["models", "import", "moe-1.0.0.zip", "--to", str(tmp_path / "elsewhere")]) == 0
    assert tree(tmp_path / "elsewhere" / "moe") == tree(source)
    assert run(["models", "verify"]) == 0
    assert run(["models", "verify", str(tmp_path / "elsewhere" / "moe")]) == 0


def test_verify_tells_all_problems_of_all_models(models: Path, capsys) -> None:
    write_bundle(models / "good", name="good")
    changed = write_bundle(models / "changed", name="changed")
    content = (changed / "README.md").read_bytes()
    (changed / "README.md").write_bytes(content[:-1] + b"X")
    (changed / "extra.txt").write_bytes(b"")
    (write_bundle(models / "torn", name="torn") / "weights.safetensors").unlink()
    assert run(["models", "verify"]) == 2
    shown = capsys.readouterr()
    for word in (
        "good: all right",
        "changed: damaged",
        "bundle-checksum",
        "bundle-foreign-file",
        "bundle-missing-file",
    ):
        assert word in shown.out
    assert "2 models are damaged" in shown.err
    assert run(["models", "verify", "torn"]) == 2
    assert run(["models", "verify", "good"]) == 0


@pytest.mark.parametrize("content", [b"", b"PK\3\4 cut", b"text"])
def test_importing_nonsense(models: Path, tmp_path: Path, content: bytes, capsys) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    assert run(["models", "import", str(path)]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("Error: ")
    assert "Traceback" not in shown
    assert not os.path.exists(models)
