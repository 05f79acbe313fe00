"""Whose a folder is: asked of processes that run, that have ended, and of other computers."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys

import pytest

from MissingModalitySegLib.owners import has_ended, owner

posix = pytest.mark.skipif(os.name != "posix", reason="asking could end a process")


@pytest.fixture(scope="module")
def ended() -> int:
    """A process that there was."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@posix
@pytest.mark.parametrize("computer", ["node", "node-7.cluster.example", "Annas-MacBook", "Bjørns / PC", "7-7"])
def test_processes_of_this_computer(ended: int, computer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: computer)
    assert re.fullmatch(rf"[0-9A-Za-z._-]+-{os.getpid()}", owner())
    assert owner() == owner(os.getpid())
    assert has_ended(owner()) is False
    assert has_ended(owner(1)) is False  # which may be another user's
    assert has_ended(owner(ended)) is True
    assert has_ended(owner(10**30)) is False  # a number that no system has is nobody's to remove


def test_of_other_computers_nothing_is_known(ended: int, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = owner(ended)
    monkeypatch.setattr(socket, "gethostname", lambda: "elsewhere")
    assert has_ended(theirs) is None


@pytest.mark.parametrize("name", ["", "-", "123", "-123", f"{socket.gethostname()}-", f"{socket.gethostname()}-x1"])
def test_what_is_no_owner(name: str) -> None:
    assert has_ended(name) is None
