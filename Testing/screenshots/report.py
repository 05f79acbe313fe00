"""The page of a run as a browser shows it: its beginning in light colours, its pictures in dark ones."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from Testing.reports.browser import browser
from Testing.screenshots.pages import beside

WIDTH, HEIGHT, SCALE = 960, 1180, 0.62
"""Of a window in CSS pixels, and how much smaller the picture is."""


def report_picture(page: Path, folder: Path) -> Image.Image:
    """Two windows side by side."""
    halves = []
    with browser() as started:
        tab = started.page()
        tab.size(WIDTH, HEIGHT)
        tab.scheme("light")
        tab.open(page)
        halves.append(tab.screenshot(folder / "light.png", whole=False))
        tab.scheme("dark")
        tab.run("document.getElementById('viewer').closest('section').scrollIntoView()")
        tab.settle()
        halves.append(tab.screenshot(folder / "dark.png", whole=False))
        assert tab.errors == tab.requests == []
    size = (round(WIDTH * SCALE), round(HEIGHT * SCALE))
    light, dark = (Image.open(path).convert("RGB").resize(size, Image.Resampling.LANCZOS) for path in halves)
    return beside(light, dark)
