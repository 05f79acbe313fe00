"""What a writer is told, by file systems that really refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from MissingModalitySegLib.disk import disk_errors
from MissingModalitySegLib.errors import InputError, ResourceError

FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
def test_a_full_disk_is_told_with_what_to_do() -> None:
    with pytest.raises(ResourceError, match="is full") as caught, disk_errors(FULL), FULL.open("wb", 0) as file:
        file.write(b"1")
    assert (caught.value.code, caught.value.exit_code) == ("disk-full", 4)
    assert "start again" in caught.value.hint


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    inside = tmp_path / "file" / "inside"
    with pytest.raises(InputError, match="inside cannot be written: Not a directory") as caught, disk_errors(inside):
        inside.mkdir()
    assert caught.value.code == "output-not-writable"


def test_what_is_no_error_of_the_disk_passes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="other"), disk_errors(tmp_path):
        raise ValueError("other")
