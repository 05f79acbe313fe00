"""Pictures put together: views side by side under Slicer's coloured bars, a panel beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

MOST_BYTES = 300_000
BAR, GAP = 20, 2
EDGE = (30, 33, 38)


def under_bar(view: Image.Image, letter: str, colour: str, text: str = "") -> Image.Image:
    """A view with the bar that Slicer puts above it."""
    page = Image.new("RGB", (view.width, view.height + BAR), colour)
    page.paste(view, (0, BAR))
    draw = ImageDraw.Draw(page)
    draw.text((8, 3), letter, "#1b1e22", ImageFont.load_default(13))
    draw.text(
        (8 + draw.textlength(letter, ImageFont.load_default(13)) + 14, 4), text, "#33373d", ImageFont.load_default(11)
    )
    return page


def grid(rows: Sequence[Sequence[Image.Image]]) -> Image.Image:
    """Pictures of one size, in rows."""
    width, height = rows[0][0].size
    columns = max(len(row) for row in rows)
    page = Image.new("RGB", (columns * (width + GAP) - GAP, len(rows) * (height + GAP) - GAP), EDGE)
    for y, row in enumerate(rows):
        for x, one in enumerate(row):
            page.paste(one, (x * (width + GAP), y * (height + GAP)))
    return page


def beside(left: Image.Image, right: Image.Image) -> Image.Image:
    """Two pictures of any size; the lower one stands on the colour of its neighbour's edge."""
    page = Image.new("RGB", (left.width + GAP + right.width, max(left.height, right.height)), EDGE)
    page.paste(left, (0, 0))
    page.paste(right, (left.width + GAP, 0))
    return page


def stamped(page: Image.Image, words: str) -> Image.Image:
    """Words across the foot that nobody can overlook."""
    above, page = page, Image.new("RGB", (page.width, page.height + 26), "#c2403a")
    page.paste(above, (0, 0))
    draw = ImageDraw.Draw(page)
    draw.text((10, page.height - 22), words, "white", ImageFont.load_default(15))
    return page


def save(page: Image.Image, path: Path) -> int:
    """Write a PNG small enough for a README, and give its size in bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for colours in (256, 192, 128, 96, 64):
        page.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= MOST_BYTES:
            return path.stat().st_size
    raise ValueError(f"{path} cannot be made smaller than {MOST_BYTES} bytes")
