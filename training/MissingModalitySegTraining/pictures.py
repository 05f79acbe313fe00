"""What a network makes of a case, as a picture: a slice through the lesion in every sequence, the truth, the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from MissingModalitySegLib.labels import LabelScheme
from MissingModalitySegLib.modalities import Modality

WINDOW = (-2.0, 3.0)
"""Black and white, in standard deviations of the brain."""
LEAST_EDGE = 96
"""Pixels: smaller slices are enlarged by a whole factor."""
HEADER, GAP, INSIDE = 18, 2, 0.55


@dataclass(frozen=True)
class Pictured:
    """A case: `channels` (K, X, Y, Z), z-scored, zero where missing, with their names; labels (X, Y, Z)."""

    title: str
    names: Sequence[str]
    channels: np.ndarray
    truth: np.ndarray
    answers: Sequence[tuple[str, np.ndarray]] = ()
    """Labels, each with what they were found from."""
    images: Sequence[tuple[str, np.ndarray]] = ()
    """Further volumes on the scale of the channels."""


def mosaic(cases: Sequence[Pictured], scheme: LabelScheme) -> Image.Image:
    """A row per case; columns: the sequences, further images, the truth, the answers by name.

    Axial, the patient's right is left.
    """
    rows = [_row(case, scheme) for case in cases]
    width, height = max(row.width for row in rows), sum(row.height for row in rows)
    sheet = Image.new("RGB", (width, height))
    top = 0
    for row in rows:
        sheet.paste(row, (0, top))
        top += row.height
    return sheet


def slice_of_interest(case: Pictured) -> int:
    """The axial slice with most lesion; without any, the one where most is seen; without that, most brain."""
    seen = sum((answer > 0).astype(int) for _, answer in case.answers)
    for shown in (case.truth > 0, seen, case.channels.any(axis=0)):
        if np.any(shown):
            break
    return int(np.sum(shown, axis=(0, 1)).argmax())


def _row(case: Pictured, scheme: LabelScheme) -> Image.Image:
    z = slice_of_interest(case)
    grey = [_grey(channel[..., z]) for channel in case.channels]
    best = grey[_background(case, z)]
    tiles = [(name, tile) for name, tile in zip(case.names, grey, strict=True)]
    tiles += [(name, _grey(image[..., z])) for name, image in case.images]
    tiles += [(name, _overlay(best, labels[..., z], scheme)) for name, labels in (("truth", case.truth), *case.answers)]
    factor = -(-LEAST_EDGE // max(tiles[0][1].shape[:2]))
    pictures = [(name, _picture(tile, factor)) for name, tile in tiles]
    width, height = pictures[0][1].size
    row = Image.new("RGB", ((width + GAP) * len(pictures), height + HEADER * 2))
    draw = ImageDraw.Draw(row)
    draw.text((2, 2), case.title, "white", ImageFont.load_default(12))
    for column, (name, picture) in enumerate(pictures):
        left = column * (width + GAP)
        draw.text((left + 2, HEADER), name, "#c0c0c0", ImageFont.load_default(11))
        row.paste(picture, (left, HEADER * 2))
    return row


def _background(case: Pictured, z: int) -> int:
    """The channel that lesions are shown over: FLAIR, or the last that is there."""
    there = [i for i, channel in enumerate(case.channels) if channel[..., z].any()] or [0]
    return next((i for i in there if case.names[i] == Modality.FLAIR), there[-1])


def _grey(values: np.ndarray) -> np.ndarray:
    """(X, Y) → (X, Y, 3) grey values 0–255; what is exactly zero is background or missing, and black."""
    low, high = WINDOW
    grey = np.where(values == 0, 0, np.clip((values - low) / (high - low), 0, 1) * 255)
    return np.repeat(grey[..., None], 3, axis=-1)


def _overlay(tile: np.ndarray, labels: np.ndarray, scheme: LabelScheme) -> np.ndarray:
    for label in scheme.labels:
        colour = np.array(label.colour)
        tile = np.where((labels == label.value)[..., None], (1 - INSIDE) * tile + INSIDE * colour, tile)
    return tile


def _picture(tile: np.ndarray, factor: int) -> Image.Image:
    """x grows to the patient's left, which is shown on the right; y grows to the front, which is up."""
    upright = np.ascontiguousarray(tile.transpose(1, 0, 2)[::-1, ::-1])
    image = Image.fromarray(upright.astype(np.uint8))
    return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
