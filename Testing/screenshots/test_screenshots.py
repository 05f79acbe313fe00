"""`make screenshots` gives pictures that show something and fit into a README."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from Testing.screenshots.pages import MOST_BYTES, beside, grid, save, stamped, under_bar

TAKE = Path(__file__).with_name("take.py")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Image.Image]:
    folder = tmp_path_factory.mktemp("pictures")
    command = [sys.executable, str(TAKE), "--stand-in", "--output", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert all(path.stat().st_size <= MOST_BYTES for path in folder.iterdir())
    return {path.stem: Image.open(path).convert("RGB") for path in folder.iterdir()}


def near(picture: Image.Image, colour: tuple[int, int, int], within: int = 24) -> float:
    """The share of pixels of about this colour."""
    return float((np.abs(np.asarray(picture, int) - colour).max(axis=-1) <= within).mean())


def test_every_picture_is_there(pictures: dict[str, Image.Image]) -> None:
    assert set(pictures) == {f"screenshot-{name}" for name in ("views", "review", "panel", "module")}


def test_views_show_brain_lesion_and_black(pictures: dict[str, Image.Image]) -> None:
    views = pictures["screenshot-views"]
    assert near(views, (0, 0, 0)) > 0.2
    assert near(views, (200, 200, 200), 40) > 0.1
    for colour in ((241, 214, 69), (111, 184, 210), (216, 101, 79)):  # enhancing, lesion, core
        assert near(views, colour) > 0.001


def test_stand_ins_say_so(pictures: dict[str, Image.Image]) -> None:
    for picture in pictures.values():
        foot = picture.crop((0, picture.height - 20, picture.width, picture.height))
        assert near(foot, (194, 64, 58)) > 0.5


def test_pages_are_put_together(tmp_path: Path) -> None:
    tile = Image.new("RGB", (40, 30), "white")
    barred = under_bar(tile, "R", "#ff0000")
    assert barred.size == (40, 50)
    assert grid([[barred, barred], [barred]]).size == (82, 102)
    assert beside(barred, tile).size == (82, 50)
    assert stamped(tile, "words").size == (40, 56)
    assert save(tile, tmp_path / "a" / "tile.png") == (tmp_path / "a" / "tile.png").stat().st_size


def test_what_cannot_be_made_small_is_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (1200, 1200, 3), np.uint8)
    with pytest.raises(ValueError, match="smaller"):
        save(Image.fromarray(noise), tmp_path / "noise.png")
