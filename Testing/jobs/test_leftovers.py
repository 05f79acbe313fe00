"""Folders for temporary files: what killed processes left goes, what others may still use stays."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from MissingModalitySegLib.jobs.leftovers import PREFIX, make_temporary
from MissingModalitySegLib.owners import owner

NOBODY = 2**22 + 1
"""Linux numbers no process so high."""


@pytest.mark.skipif(os.name != "posix", reason="asking could end a process")
def test_folders_of_other_computers_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(socket, "gethostname", lambda: "elsewhere")
        theirs = tmp_path / f"{PREFIX}{owner(NOBODY)}-theirs"
    for folder in (theirs, tmp_path / f"{PREFIX}{owner(NOBODY)}-left", tmp_path / f"{PREFIX}notes-of-mine"):
        folder.mkdir()
    first, second = make_temporary(tmp_path), make_temporary(tmp_path)
    assert first.name.startswith(f"{PREFIX}{owner()}-")
    assert set(tmp_path.iterdir()) == {first, second, theirs, tmp_path / f"{PREFIX}notes-of-mine"}
