"""One graphics card per process, told by locks; without a card or with one there is nothing to choose."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from MissingModalitySegLib.cohorts import gpus
from MissingModalitySegLib.cohorts.gpus import Card, visible_cards


@pytest.fixture
def driver(tmp_path: Path, monkeypatch):
    """A driver's program that knows of three cards."""
    program = tmp_path / "bin" / "nvidia-smi"
    program.parent.mkdir()
    lines = "".join(f"GPU {i}: NVIDIA Stand-in (UUID: GPU-{i})\\n" for i in range(3))
    program.write_text(f"#!/bin/sh\nprintf '{lines}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return program


@pytest.mark.skipif(os.name != "posix", reason="a program in sh")
def test_cards(driver: Path, monkeypatch) -> None:
    assert visible_cards() == ("0", "1", "2")
    for given, cards in (("1,GPU-5", ("1", "GPU-5")), ("", ()), ("-1", ()), (" 0 ", ("0",))):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
        assert visible_cards() == cards
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    driver.write_text("#!/bin/sh\nexit 9\n")
    assert visible_cards() == ()
    driver.unlink()
    assert visible_cards() == ()


@pytest.mark.skipif(os.name != "posix", reason="locks of POSIX")
def test_each_its_own(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(gpus, "visible_cards", lambda: ("0", "2", "GPU-5"))
    held = [Card(tmp_path) for _ in range(3)]
    assert [card.name for card in held] == ["0", "2", "GPU-5"]
    assert Card(tmp_path).name in ("0", "2", "GPU-5")  # shared
    held[1].release()
    assert Card(tmp_path).name == "2"


def test_nothing_to_choose(tmp_path: Path, monkeypatch) -> None:
    for cards, name in (((), None), (("3",), "3")):
        monkeypatch.setattr(gpus, "visible_cards", lambda cards=cards: cards)
        assert [Card(tmp_path).name for _ in range(2)] == [name, name]
    assert list(tmp_path.iterdir()) == []
