"""Colours that are told apart by every kind of colour vision, and texts that can be read.

The three kinds in which a cone is missing are simulated after Machado, Oliveira and Fernandes (IEEE TVCG 15:1291), in
linear RGB; differences are those of CIELAB (1976). A difference of 2 is just seen side by side.
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from MissingModalitySegLib.labels import SCHEMES
from MissingModalitySegLib.reports.changes import COLOURS
from MissingModalitySegLib.scene.review_layout import _COLOURS as ROWS
from MissingModalitySegLib.scene.uncertainty import _ANCHORS
from MissingModalitySegLib.ui.looks import ON_DARK, ON_LIGHT

PAGE = Path(__file__).resolve().parents[2] / "MissingModalitySegLib" / "reports" / "templates" / "page.css"
VISION = {
    "all cones": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
"""Of sRGB."""

SLICER_LIGHT, SLICER_DARK, WHITE, BLACK = (239, 239, 239), (53, 53, 53), (255, 255, 255), (0, 0, 0)
LEAST = {"areas": 40.0, "lines": 15.0, "words": 12.0}
"""Areas lie over grey images; lines of a table have signs, coloured words are words."""


def parts(colour: str | tuple[int, int, int]) -> np.ndarray:
    """Linear RGB, 0 … 1."""
    if isinstance(colour, str):
        digits = colour.removeprefix("#")
        digits = "".join(2 * one for one in digits) if len(digits) == 3 else digits
        colour = tuple(int(digits[at : at + 2], 16) for at in (0, 2, 4))
    value = np.asarray(colour, float) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(colour: str | tuple[int, int, int], vision: str) -> np.ndarray:
    """How it is seen, in CIELAB."""
    xyz = TO_XYZ @ np.clip(np.array(VISION[vision]) @ parts(colour), 0, 1) / (TO_XYZ @ np.ones(3))
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def least(colours, vision: str) -> float:
    """The smallest difference between two of the colours."""
    return min(float(np.linalg.norm(lab(a, vision) - lab(b, vision))) for a, b in itertools.combinations(colours, 2))


def contrast(a, b) -> float:
    """After WCAG 2."""
    low, high = sorted(float(TO_XYZ[1] @ parts(one)) for one in (a, b))
    return (high + 0.05) / (low + 0.05)


def test_the_simulation_is_one() -> None:
    for vision, matrix in VISION.items():
        np.testing.assert_allclose(np.sum(matrix, axis=1), 1, atol=1e-5)  # greys stay grey
        assert abs(lab((130, 130, 130), vision)[1:]).max() < 0.1
    assert lab(WHITE, "all cones") == pytest.approx([100, 0, 0], abs=0.01)
    red, green = (200, 60, 40), (110, 105, 25)  # taken for one another without green cones
    assert least([red, green], "deuteranopia") < 20 < 60 < least([red, green], "all cones")
    assert contrast(WHITE, BLACK) == pytest.approx(21)


@pytest.mark.parametrize("vision", VISION)
def test_labels_are_told_apart_over_grey_images(vision: str) -> None:
    for scheme in SCHEMES.values():
        colours = [label.colour for label in scheme.labels]
        if len(colours) > 1:
            assert least(colours, vision) > LEAST["areas"]
        for colour in colours:  # a grey image has every lightness, but no hue
            assert np.hypot(*lab(colour, vision)[1:]) > 15


@pytest.mark.parametrize("vision", VISION)
def test_states_of_lesions_and_rows_of_the_review_are_told_apart(vision: str) -> None:
    assert least(COLOURS.values(), vision) > LEAST["lines"]
    assert least(ROWS.values(), vision) > LEAST["lines"]


@pytest.mark.parametrize("vision", VISION)
def test_uncertainty_goes_from_dark_to_bright(vision: str) -> None:
    places = [place for place, _ in _ANCHORS]
    ramp = np.array([[np.interp(i / 40, places, [c[k] for _, c in _ANCHORS]) for k in range(3)] for i in range(41)])
    lightness = [lab(tuple(colour), vision)[0] for colour in ramp]
    assert (np.diff(lightness) > 0.5).all()
    assert lightness[-1] - lightness[0] > 80


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("words", [ON_LIGHT, ON_DARK])
def test_good_doubtful_and_bad_are_told_apart(words: tuple[str, ...], vision: str) -> None:
    assert least(words[:3], vision) > LEAST["words"]


def test_coloured_words_can_be_read() -> None:
    assert min(contrast(one, SLICER_LIGHT) for one in ON_LIGHT) > 4.5
    assert min(contrast(one, SLICER_DARK) for one in ON_DARK) > 4.5


def test_pages_can_be_read_in_both_themes() -> None:
    """Each theme of the reports: texts on the sheets that they stand on."""
    css = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"\{([^{}]*--page:[^{}]*)\}", css)
    themes = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block)) for block in blocks]
    assert len(themes) >= 3  # light, dark, print
    for theme in themes:
        for word in ("text", "quiet", "accent", "good", "doubtful", "bad"):
            assert contrast(theme[word], theme["sheet"]) > 4.5, (word, theme)
        assert contrast(theme["doubtful"], theme["doubtful-sheet"]) > 4.5
        assert contrast(theme["made"], theme["made-sheet"]) > 4.5
