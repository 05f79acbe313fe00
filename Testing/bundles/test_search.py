"""The search path: who wins, and that a damaged bundle hides nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from MissingModalitySegLib import resources as data_folders
from MissingModalitySegLib.bundles import Place, available, find, places, search, user_models
from MissingModalitySegLib.errors import BundleError, InputError
from Testing.bundles.samples import write_bundle


@pytest.fixture
def three_places(tmp_path: Path) -> tuple[Place, ...]:
    return tuple(Place(origin, tmp_path / origin) for origin in ("environment", "user", "bundled"))


def damage(folder: Path) -> Path:
    (folder / "weights.safetensors").write_bytes(b"")
    return folder


def test_the_users_bundle_wins_over_the_bundled_one(three_places) -> None:
    _, user, bundled = three_places
    write_bundle(bundled.folder / "moe", version="1.0")
    write_bundle(bundled.folder / "mome-starter", name="mome-starter")
    write_bundle(user.folder / "moe", version="2.0")
    assert find("moe", three_places).manifest.version == "2.0"
    assert find("mome-starter", three_places)
    found = [(item.name, item.origin, item.used) for item in available(three_places)]
    assert found == [("moe", "user", True), ("moe", "bundled", False), ("mome-starter", "bundled", True)]


def test_a_damaged_bundle_is_listed_and_hides_nothing(three_places) -> None:
    _, user, bundled = three_places
    write_bundle(bundled.folder / "moe", version="1.0")
    damage(write_bundle(user.folder / "moe", version="2.0"))
    damage(write_bundle(user.folder / "alone", name="alone"))
    (user.folder / "empty").mkdir()
    (user.folder / "notes.txt").write_text("no folder")
    (user.folder / ".moe.incoming-1").mkdir()
    assert find("moe", three_places).manifest.version == "1.0"
    with pytest.raises(BundleError) as caught:
        find("alone", three_places)
    assert caught.value.code == "bundle-size"
    codes = {item.folder.name: item.error.code for item in available(three_places) if item.error}
    assert codes == {"alone": "bundle-size", "empty": "bundle-missing-file", "moe": "bundle-size"}


def test_unknown_names_get_a_way_out(three_places) -> None:
    with pytest.raises(BundleError) as caught:
        find("moe", three_places)
    assert caught.value.code == "bundle-not-found"
    assert "models import" in caught.value.hint
    write_bundle(three_places[2].folder / "uniform", name="uniform")
    with pytest.raises(BundleError, match="Did you mean “uniform”"):
        find("unifrm", three_places)
    with pytest.raises(BundleError, match="There are uniform"):
        find("xyz", three_places)


def test_a_folder_here_is_not_a_name(tmp_path: Path, monkeypatch) -> None:
    write_bundle(tmp_path / "mine", name="mine")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BundleError, match=r"\./mine"):
        find("mine", ())
    assert find("./mine", ()).name == "mine"


def test_a_path_is_taken_as_one(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "run 7")
    assert find(str(folder), ()).folder == folder
    with pytest.raises(BundleError) as caught:
        find(str(tmp_path / "none"), ())
    assert caught.value.code == "bundle-not-found"


def test_the_real_path(tmp_path: Path, monkeypatch) -> None:
    first, second = write_bundle(tmp_path / "a" / "x", name="x"), write_bundle(tmp_path / "run", name="y")
    monkeypatch.setenv(search.VARIABLE, os.pathsep.join([str(first.parent), str(second), str(tmp_path / "gone"), ""]))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    assert [place.origin for place in places()] == ["environment"] * 3 + ["user", "bundled"]
    assert {"x", "y"} <= {item.name for item in available() if item.used}
    if os.name == "posix" and os.uname().sysname == "Linux":
        assert user_models() == tmp_path / "home" / "missing-modality-seg" / "models"


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"XDG_DATA_HOME": "/x"}, "/x/missing-modality-seg"),
        ("linux", {"XDG_DATA_HOME": "relative"}, "~/.local/share/missing-modality-seg"),
        ("linux", {}, "~/.local/share/missing-modality-seg"),
        ("darwin", {"XDG_DATA_HOME": "/x"}, "~/Library/Application Support/MissingModalitySeg"),
        ("win32", {"APPDATA": "/roaming"}, "/roaming/MissingModalitySeg"),
        ("win32", {}, "~/AppData/Roaming/MissingModalitySeg"),
    ],
)
def test_user_folder_of_each_system(monkeypatch, platform: str, variables: dict, expected: str) -> None:
    for name in ("XDG_DATA_HOME", "APPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(data_folders.sys, "platform", platform)
    assert data_folders.user_data() == Path(expected).expanduser()


def test_resources_beside_and_inside_the_package(tmp_path: Path, monkeypatch) -> None:
    package = tmp_path / "MissingModalitySegLib"
    package.mkdir()
    monkeypatch.setattr(data_folders, "__file__", str(package / "resources.py"))
    with pytest.raises(InputError) as caught:
        data_folders.resources()
    assert caught.value.code == "resources-missing"
    (tmp_path / "Resources").mkdir()
    assert data_folders.resources() == tmp_path / "Resources"
    (package / "Resources").mkdir()
    assert data_folders.resources() == package / "Resources"
