"""One picture of a case: three planes through its largest lesion in all sequences, with the truth and what it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from MissingModalitySegLib.labels import GLIOMA
from MissingModalitySegLib.modalities import Modality

from ..engine import CaseParameters
from ..sequences import DiffusionWeighted, Flair, Mprage, SpinEcho
from .simulate import Rendered
from .volumes import Volume

PIXEL_MM = 1.0
FIELD_MM = (210, 240, 210)
"""Shown along x, y, z."""
CAPTION, HEADER, GAP = 34, 58, 3
INSIDE = 0.35
"""How much of a label's colour lies over the image inside of it."""

VIEWS: dict[str, tuple[int, int]] = {"axial": (0, 1), "coronal": (0, 2), "sagittal": (1, 2)}
"""World axes that run across and up. The patient's right is on the left, the face of a sagittal view too."""


def contact_sheet(case: CaseParameters, rendered: Rendered, title: str, lines: Sequence[str]) -> Image.Image:
    """Rows: axial, coronal, sagittal; columns: the sequences, then the truth over the sequence that shows it best.

    Args:
        case: whose sequence parameters are written above the columns.
        rendered: its volumes.
        title: written large.
        lines: written below, such as volumes.
    """
    centre = _centre_of_interest(rendered)
    middle = _centre_of(rendered.sequences[rendered.reference].brain)
    field = _shown_field(rendered)
    shown = background_of(case.kind)
    columns = [*rendered.sequences, None]
    widths, heights = zip(*((field[a], field[b]) for a, b in VIEWS.values()), strict=True)
    width, height = max(widths), sum(heights) + GAP * (len(VIEWS) - 1)
    sheet = Image.new("RGB", ((width + GAP) * len(columns) - GAP, HEADER + CAPTION + height))
    draw = ImageDraw.Draw(sheet)
    draw.text((6, 4), title, "white", ImageFont.load_default(20))
    for row, line in enumerate(lines):
        draw.text((6, 28 + 14 * row), line, "#c0c0c0", ImageFont.load_default(12))
    for column, modality in enumerate(columns):
        left = column * (width + GAP)
        name, settings = (
            ("truth", f"over {shown}") if modality is None else (str(modality), settings_of(case, modality))
        )
        draw.text((left + 4, HEADER), name, "white", ImageFont.load_default(14))
        draw.text((left + 4, HEADER + 17), settings, "#c0c0c0", ImageFont.load_default(10))
        top = HEADER + CAPTION
        for view, (across, up) in VIEWS.items():
            points = _plane(centre, middle, across, up, field)
            grey = _window(rendered, modality or shown)(points)
            tile = np.repeat(grey[..., None], 3, axis=2)
            if modality is None:
                tile = _overlay(tile, sample(rendered.labels, points, order=0).astype(int))
            picture = Image.fromarray(tile.astype(np.uint8))
            sheet.paste(picture, (left + (width - picture.width) // 2, top))
            if column == 0:
                draw.text((left + 3, top + 2), view if view == "sagittal" else f"R   {view}", "#c0c0c0")
            top += picture.height + GAP
    return sheet.quantize(palette=_palette(), dither=Image.Dither.NONE)


def background_of(kind: str) -> Modality:
    """The sequence that shows a kind of lesion best."""
    if kind in ("glioma", "metastases"):
        return Modality.T1CE
    return Modality.DWI if kind == "acute_stroke" else Modality.FLAIR


def settings_of(case: CaseParameters, modality: Modality) -> str:
    """The sequence's parameters and voxel in few words."""
    contrast = case.contrast
    settings = {
        Modality.T1: contrast.t1,
        Modality.T1CE: contrast.t1ce,
        Modality.T2: contrast.t2,
        Modality.FLAIR: contrast.flair,
        Modality.DWI: contrast.dwi,
    }[modality]
    acquisition = case.acquisition.sequences[list(Modality).index(modality)]
    voxel = f"{acquisition.plane[:3]} {acquisition.in_plane_mm:.1f}x{acquisition.slice_mm:.1f}"
    if contrast.way == "random":
        return f"random contrast, {voxel} mm"
    match settings:
        case Mprage():
            words = f"MPRAGE TI {settings.inversion_ms:.0f}"
        case Flair():
            words = f"TE {settings.echo_ms:.0f} TI {settings.inversion_ms:.0f}"
        case DiffusionWeighted():
            words = f"TE {settings.echo_ms:.0f} b {settings.b_value:.0f}"
        case SpinEcho():
            words = f"TR {settings.repetition_ms:.0f} TE {settings.echo_ms:.0f}"
    return f"{words}, {voxel} mm"


def sample(volume: Volume, points: np.ndarray, order: int = 1) -> np.ndarray:
    """The volume at world positions (…, 3) in RAS mm; 0 outside."""
    inverse = np.linalg.inv(volume.affine)
    places = points @ inverse[:3, :3].T + inverse[:3, 3]
    array = volume.array if order == 0 else volume.array.astype(np.float32)
    return ndimage.map_coordinates(array, np.moveaxis(places, -1, 0), order=order, mode="constant")


def _centre_of_interest(rendered: Rendered) -> np.ndarray:
    """The middle of the largest lesion, where there is lesion; without any, of the brain."""
    parts, count = ndimage.label(rendered.labels.array > 0)
    if not count:
        return _centre_of(rendered.sequences[rendered.reference].brain)
    largest = 1 + int(np.argmax(np.bincount(parts.ravel())[1:]))
    places = np.argwhere(parts == largest)
    nearest = places[np.argmin(((places - places.mean(axis=0)) ** 2).sum(axis=1))]
    return rendered.labels.affine[:3, :3] @ nearest + rendered.labels.affine[:3, 3]


def _centre_of(mask: Volume) -> np.ndarray:
    places = np.argwhere(mask.array)
    middle = (places.min(axis=0) + places.max(axis=0)) / 2
    return mask.affine[:3, :3] @ middle + mask.affine[:3, 3]


def _shown_field(rendered: Rendered) -> tuple[int, int, int]:
    """Pixels along x, y, z: what the brain needs, or the head."""
    volume = rendered.sequences[rendered.reference].image
    extent = np.abs(volume.affine[:3, :3]) @ (np.array(volume.array.shape) - 1)
    return tuple(int(min(limit, length) / PIXEL_MM) + 1 for limit, length in zip(FIELD_MM, extent, strict=True))


def _plane(centre: np.ndarray, middle: np.ndarray, across: int, up: int, field: tuple[int, int, int]) -> np.ndarray:
    """World positions (rows, columns, 3) of a view through `centre` that has `middle` in its middle."""
    along = [(np.arange(field[axis]) - (field[axis] - 1) / 2) * PIXEL_MM + middle[axis] for axis in (across, up)]
    columns, rows = along[0][::-1], along[1][::-1]
    points = np.empty((len(rows), len(columns), 3))
    points[:] = centre
    points[..., across] = columns[None]
    points[..., up] = rows[:, None]
    return points


def _window(rendered: Rendered, modality: Modality):
    """Positions → grey values 0–255 between the 1st and 99.5th percentile of the brain."""
    sequence = rendered.sequences[modality]
    inside = sequence.image.array[sequence.brain.array > 0]
    low, high = np.percentile(inside, [1, 99.5]) if inside.size else (0.0, 1.0)
    low *= 0.5

    def grey(points: np.ndarray) -> np.ndarray:
        return np.clip((sample(sequence.image, points) - low) / max(high - low, 1e-6), 0, 1) * 255

    return grey


def _overlay(tile: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Colour the truth: transparent inside, solid at its borders."""
    for label in GLIOMA.labels:
        inside = labels == label.value
        border = inside & ~ndimage.binary_erosion(inside)
        colour = np.array(label.colour)
        tile = np.where(inside[..., None], (1 - INSIDE) * tile + INSIDE * colour, tile)
        tile = np.where(border[..., None], colour, tile)
    return tile


def _palette() -> Image.Image:
    """Greys, each label's colour and its tints over greys: all that a sheet shows, in a byte per pixel."""
    greys = np.linspace(0, 255, 140)[:, None].repeat(3, axis=1)
    tones = np.linspace(0, 255, 36)[:, None]
    colours = [np.array(label.colour)[None] for label in GLIOMA.labels]
    tints = [(1 - INSIDE) * tones + INSIDE * colour for colour in colours]
    entries = np.concatenate([greys, *colours, *tints]).round().astype(np.uint8)
    palette = Image.new("P", (1, 1))
    palette.putpalette(entries.tobytes())
    return palette
