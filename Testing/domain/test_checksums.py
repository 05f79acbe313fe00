"""Checksums that are remembered as long as a file stays as it is."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from MissingModalitySegLib import checksums
from MissingModalitySegLib.checksums import Checksums, sha256_of


@pytest.fixture
def read(monkeypatch) -> list[Path]:
    """The files that were read."""
    files = []
    monkeypatch.setattr(checksums, "sha256_of", lambda path: files.append(path) or sha256_of(path))
    return files


def test_a_file_is_read_once(tmp_path: Path, read: list[Path]) -> None:
    file = tmp_path / "Zoë.nii"
    file.write_bytes(b"voxels")
    memory = tmp_path / "new" / "memory"
    for _ in range(3):
        known = Checksums(memory)
        assert known(file) == known(file) == hashlib.sha256(b"voxels").hexdigest()
    assert read == [file]


def test_a_change_that_keeps_size_and_date_is_noticed(tmp_path: Path, read: list[Path]) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"voxels")
    known = Checksums(tmp_path / "memory")
    known(file)
    before = file.stat()
    file.write_bytes(b"VOXELS")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert known(file) == hashlib.sha256(b"VOXELS").hexdigest()
    assert len(read) == 2


def test_folders_that_were_exchanged(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "T1.nii").write_text(name)
    known = Checksums(tmp_path / "memory")
    first = known(tmp_path / "a" / "T1.nii")
    (tmp_path / "a").rename(tmp_path / "c")
    (tmp_path / "b").rename(tmp_path / "a")
    assert known(tmp_path / "a" / "T1.nii") != first
    assert known(tmp_path / "c" / "T1.nii") == first


def test_a_memory_that_was_cut_off_or_is_something_else(tmp_path: Path, read: list[Path]) -> None:
    files = [tmp_path / "a", tmp_path / "b"]
    memory = tmp_path / "memory"
    for file in files:
        file.write_text(file.name)
        Checksums(memory)(file)
    memory.write_bytes(b'{"file": 3}\n[]\nnull\n\xff\n' + memory.read_bytes()[:-20])
    known = Checksums(memory)
    assert [known(file) for file in files] == [sha256_of(file) for file in files]
    assert read == [*files, files[1]]


def test_a_memory_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert Checksums(tmp_path / "file" / "memory")(tmp_path / "file") == hashlib.sha256(b"x").hexdigest()
    with pytest.raises(OSError, match="missing"):
        Checksums()(tmp_path / "missing")
