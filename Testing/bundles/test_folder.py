"""Bundles on disk: loading, saving all or nothing, verifying everything at once."""

from __future__ import annotations

import errno
import os
from io import BytesIO
from pathlib import Path

import pytest

from MissingModalitySegLib.bundles import load, problems, save, staging, verify
from MissingModalitySegLib.errors import BundleError, InputError, ResourceError
from Testing.bundles.samples import FILES, READ_ME, WEIGHTS, description, entries, manifest_bytes, tree, write_bundle


def test_load(tmp_path: Path) -> None:
    bundle = load(write_bundle(tmp_path / "moe"))
    assert bundle.name == "moe"
    assert bundle.weights.read_bytes() == WEIGHTS
    assert bundle.path("README.md") == tmp_path / "moe" / "README.md"
    with pytest.raises(BundleError) as caught:
        bundle.path("../secret")
    assert caught.value.code == "bundle-file-unlisted"
    verify(bundle)


def test_save_computes_sizes_and_checksums(tmp_path: Path) -> None:
    source = tmp_path / "source.bin"
    source.write_bytes(WEIGHTS)
    bundle = save(tmp_path / "out" / "moe", description(), {"weights.safetensors": source, "README.md": READ_ME})
    assert [entry.to_dict() for entry in bundle.manifest.files] == entries(FILES)
    assert load(tmp_path / "out" / "moe") == bundle
    verify(bundle)
    assert os.listdir(tmp_path / "out") == ["moe"]


def test_save_of_a_manifest_read_before(tmp_path: Path) -> None:
    first = load(write_bundle(tmp_path / "moe"))
    again = save(tmp_path / "again", first.manifest.to_dict(), {name: first.path(name) for name in FILES})
    assert again.manifest == first.manifest


def test_save_does_not_replace_unless_told(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "moe")
    before = tree(tmp_path)
    with pytest.raises(BundleError) as caught:
        save(folder, description(version="2.0"), FILES)
    assert caught.value.code == "bundle-exists"
    assert tree(tmp_path) == before
    save(folder, description(version="2.0"), FILES, replace=True)
    assert load(folder).manifest.version == "2.0"
    assert os.listdir(tmp_path) == ["moe"]


class Interrupted(BytesIO):
    """A file that is interrupted in the middle of being read."""

    def __init__(self, content: bytes, error: BaseException) -> None:
        super().__init__(content)
        self.error = error

    def read(self, size: int = -1) -> bytes:
        if self.tell():
            raise self.error
        return super().read(min(size, 5))


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError(), SystemExit(1)], ids=lambda e: type(e).__name__)
def test_save_interrupted_leaves_the_old_bundle(tmp_path: Path, monkeypatch, error: BaseException) -> None:
    folder = write_bundle(tmp_path / "moe")
    before = tree(tmp_path)
    monkeypatch.setattr("MissingModalitySegLib.bundles.folder.BytesIO", lambda content: Interrupted(content, error))
    with pytest.raises(type(error)):
        save(folder, description(version="2.0"), FILES, replace=True)
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("files", "changes", "code"),
    [
        ({"weights.safetensors": b"nonsense"}, {}, "weights-header"),
        (FILES | {"model.pt": b""}, {}, "bundle-pickle"),
        (FILES | {"../x.md": b""}, {}, "manifest-file-name"),
        ({"README.md": READ_ME}, {}, "manifest-contradiction"),
        (FILES, {"title": ""}, "manifest-wrong-value"),
        (FILES, {"provenance": {str(i): "x" * 10_000 for i in range(200)}}, "manifest-too-large"),
    ],
)
def test_save_refuses_what_could_not_be_loaded(tmp_path: Path, files: dict, changes: dict, code: str) -> None:
    folder = write_bundle(tmp_path / "moe")
    before = tree(tmp_path)
    with pytest.raises(BundleError) as caught:
        save(folder, description(**changes), files, replace=True)
    assert caught.value.code == code
    assert tree(tmp_path) == before


def test_a_failing_rename_puts_the_old_bundle_back(tmp_path: Path, monkeypatch) -> None:
    folder = write_bundle(tmp_path / "moe")
    before = tree(tmp_path)
    rename = os.rename

    def failing(source, target):
        if "incoming" in str(source):
            raise OSError(errno.EIO, "no")
        rename(source, target)

    monkeypatch.setattr(staging.os, "rename", failing)
    with pytest.raises(InputError) as caught:
        save(folder, description(version="2.0"), FILES, replace=True)
    assert caught.value.code == "output-not-writable"
    assert tree(tmp_path) == before


def test_a_process_killed_between_the_renames_is_healed_by_the_next_write(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "moe")
    os.rename(folder, tmp_path / ".moe.previous")
    with pytest.raises(BundleError) as caught:
        save(folder, description(), FILES)
    assert caught.value.code == "bundle-exists"
    assert load(folder).name == "moe"
    write_bundle(tmp_path / ".moe.previous", version="0.1")  # killed after them: the old one is only waste
    save(folder, description(version="2.0"), FILES, replace=True)
    assert os.listdir(tmp_path) == ["moe"]
    assert load(folder).manifest.version == "2.0"


def test_a_full_disk_is_a_resource_error(tmp_path: Path, monkeypatch) -> None:
    def full(self, *_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(ResourceError) as caught:
        save(tmp_path / "moe", description(), FILES)
    assert caught.value.code == "disk-full"


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError) as caught:
        save(tmp_path / "file" / "moe", description(), FILES)
    assert caught.value.code == "output-not-writable"


def test_verify_tells_every_problem_at_once(tmp_path: Path) -> None:
    files = FILES | {"a.md": b"first", "b.md": b"second", "c.md": b"third", "lie.safetensors": b"not tensors"}
    folder = write_bundle(tmp_path / "moe", files)
    bundle = load(folder)
    (folder / "a.md").write_bytes(b"FIRST")
    (folder / "b.md").write_bytes(b"longer than before")
    (folder / "c.md").unlink()
    (folder / "extra.txt").write_bytes(b"")
    (folder / "hidden.pkl").write_bytes(b"")
    codes = sorted(problem.code for problem in problems(folder))
    assert codes == [
        "bundle-checksum", "bundle-foreign-file", "bundle-missing-file", "bundle-pickle", "bundle-size",
        "weights-header",
    ]  # fmt: skip
    with pytest.raises(BundleError) as caught:
        verify(bundle)
    assert caught.value.code == "bundle-damaged"
    for name in ("a.md", "b.md", "c.md", "extra.txt", "hidden.pkl", "lie.safetensors"):
        assert name in caught.value.message
    with pytest.raises(BundleError) as caught:
        load(folder)
    assert caught.value.code == "bundle-size"
    (folder / "manifest.json").write_bytes(b"{")
    assert [problem.code for problem in problems(folder)] == ["manifest-not-json"]


def test_verify_with_one_problem_has_its_code(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "moe")
    content = bytearray(WEIGHTS)
    content[-1] ^= 1
    (folder / "weights.safetensors").write_bytes(bytes(content))
    with pytest.raises(BundleError) as caught:
        verify(load(folder))  # the sizes are right, so that loading does not notice
    assert caught.value.code == "bundle-checksum"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX only")
@pytest.mark.parametrize("what", ["link", "pipe", "folder"])
@pytest.mark.parametrize("name", ["weights.safetensors", "manifest.json"])
def test_load_refuses_what_is_no_ordinary_file(tmp_path: Path, name: str, what: str) -> None:
    folder = write_bundle(tmp_path / "moe")
    os.rename(folder / name, tmp_path / name)
    if what == "link":
        (folder / name).symlink_to(tmp_path / name)
    elif what == "pipe":
        os.mkfifo(folder / name)  # opening it would wait for ever
    else:
        (folder / name).mkdir()
    with pytest.raises(BundleError) as caught:
        load(folder)
    assert caught.value.code == "bundle-link"


def test_load_of_what_is_no_bundle(tmp_path: Path) -> None:
    archive = tmp_path / "moe.zip"
    archive.write_bytes(b"")
    with pytest.raises(BundleError) as caught:
        load(archive)
    assert "models import" in caught.value.hint
    for folder, code in ((tmp_path / "none", "bundle-not-found"), (tmp_path, "bundle-missing-file")):
        with pytest.raises(BundleError) as caught:
            load(folder)
        assert caught.value.code == code


def test_a_huge_manifest_is_not_read_into_memory(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "moe")
    with open(folder / "manifest.json", "wb") as stream:
        stream.truncate(2**40)  # a sparse file of one terabyte
    with pytest.raises(BundleError) as caught:
        load(folder)
    assert caught.value.code == "manifest-too-large"


def test_manifest_on_disk_ends_with_a_line_break_and_is_utf8(tmp_path: Path) -> None:
    save(tmp_path / "moe", description(title="Mélange d’experts"), FILES)
    content = (tmp_path / "moe" / "manifest.json").read_bytes()
    assert content.endswith(b"}\n")
    assert "Mélange d’experts".encode() in content
    assert b"\r" not in content
    assert manifest_bytes()  # ASCII JSON is read as well as UTF-8
