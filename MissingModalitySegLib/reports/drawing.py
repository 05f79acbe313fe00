"""Volumes and label maps as the pictures of a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813
from scipy import ndimage

from ..labels import Colour, LabelScheme
from .images import jpeg, png
from .pictures import Kind, Overlay, Panel, Pictures, Place, Row, Tile
from .view import View

MOST_ROWS = 6
"""Of the montage."""

_RING_PX, _SMALL_PX = 11.0, 120
"""Lesions with fewer pixels in their slice get a ring of this radius, or nobody would find them."""

_FILL = 90
"""Opacity of the fill in the montage, of 255: the image under a lesion must be read through it."""

_THUMBNAIL = 84
"""Pixels of its longer edge."""

_SHOWN = (0.5, 99.7)
"""Percentiles of the head that are black and white."""

_HEADROOM = 0.12
"""White matter in T1 is to be bright grey, not white."""

_BEST_GROUND = ("FLAIR", "T2", "T1ce", "T1", "DWI")
"""Sequences that lesions are seen best on, for the thumbnail."""


@dataclass(frozen=True)
class Layer:
    """An image to show; `transform` takes places of the reference to places of `image`, `window` is black and white."""

    name: str
    kind: Kind
    image: sitk.Image
    transform: sitk.Transform | None = None
    window: tuple[float, float] | None = None
    note: str = ""
    marks: int | None = 0
    """Which of the marks lie over it."""


@dataclass(frozen=True)
class Marks:
    """Slices of labels (slice, row, column), and their colours by value."""

    slices: np.ndarray
    colours: Mapping[int, Colour]

    @property
    def occupied(self) -> tuple[int, ...]:
        return tuple(int(i) for i in np.flatnonzero(self.slices.any(axis=(1, 2))))


def marks_of(view: View, labels: sitk.Image, scheme: LabelScheme) -> Marks:
    """A label map as marks in the colours of its scheme."""
    return Marks(view.slices_of_labels(labels), {label.value: label.colour for label in scheme.labels})


def draw(
    view: View,
    layers: Sequence[Layer],
    marks: Sequence[Marks] = (),
    legend: Sequence[tuple[str, Colour]] = (),
    places: Mapping[int, Place] | None = None,
    captions: Mapping[int, str] | None = None,
) -> Pictures:
    """All pictures of a page. `places` are those of the lesions, the largest first, `captions` their words."""
    places, captions = places or {}, captions or {}
    grey = [_grey(view.slices_of(layer.image, layer.transform), layer.window) for layer in layers]
    columns = max(1, round(sqrt(view.count * view.height / view.width)))
    drawn = [i for i, one in enumerate(marks) if one.occupied]
    overlays = tuple(overlay_of(marks[i]) for i in drawn)
    panels = tuple(
        Panel(
            layer.name,
            layer.kind,
            jpeg(mosaic(array, columns)),
            layer.note,
            drawn.index(layer.marks) if layer.marks in drawn else None,
        )
        for layer, array in zip(layers, grey, strict=True)
    )
    shown = [i for i, layer in enumerate(layers) if layer.kind is not Kind.UNCERTAINTY]
    marked = [i for i in shown if layers[i].marks is not None and layers[i].marks < len(marks)]
    chosen = list(_chosen(view, places, captions))
    rows = []
    for number, caption in chosen:
        near = [one for one in places.values() if one.slice == number]
        over = [_over(one, number, near) for one in marks]
        tiles = tuple(
            Tile(one.name, one.kind, jpeg(grey[i][number]), over[one.marks] if i in marked else None, one.note)
            for i, one in enumerate(layers)
            if i in shown
        )
        rows.append(Row(caption, tiles))
    return Pictures(
        width=view.width,
        height=view.height,
        count=view.count,
        columns=columns,
        pixel_mm=round(view.grid.GetSpacing()[0], 3),
        heights_mm=view.heights_mm(),
        panels=panels,
        overlays=overlays,
        legend=tuple(legend),
        rows=tuple(rows),
        places=dict(places),
        thumbnail=_thumbnail(
            [layers[i] for i in shown], [grey[i] for i in shown], marks[0] if marks else None, chosen[0][0]
        ),
    )


def places_of(view: View, lesions: Sequence[Mapping[str, Any]], labels: sitk.Image) -> dict[int, Place]:
    """Where the lesions of a report's table are in the pictures, by their number."""
    found = {}
    for lesion in lesions:
        point = labels.TransformContinuousIndexToPhysicalPoint([float(value) for value in lesion["voxel"]])
        slice_, x, y = view.place_of(point)
        found[int(lesion["id"])] = Place(slice_, round(x, 1), round(y, 1))
    return found


def overlay_of(marks: Marks) -> Overlay:
    """Fill and outline of all slices that hold something."""
    occupied = marks.occupied
    chosen = marks.slices[list(occupied)]
    columns = max(1, round(sqrt(len(occupied) * chosen.shape[1] / chosen.shape[2])))
    palette = [(0, 0, 0, 0)] * (max(marks.colours, default=0) + 1)
    for value, colour in marks.colours.items():
        palette[value] = (*colour, 255)
    outlines = _outlines(_doubled(chosen))
    return Overlay(png(mosaic(chosen, columns), palette), png(mosaic(outlines, columns), palette), columns, occupied)


def mosaic(slices: np.ndarray, columns: int) -> np.ndarray:
    """Slices (slice, row, column) beside each other, row by row, the rest 0."""
    count, height, width = slices.shape
    rows = ceil(count / columns)
    page = np.zeros((rows * columns, height, width), slices.dtype)
    page[:count] = slices
    return page.reshape(rows, columns, height, width).transpose(0, 2, 1, 3).reshape(rows * height, columns * width)


def _grey(slices: np.ndarray, window: tuple[float, float] | None) -> np.ndarray:
    """uint8. Without a window, one for the middle of the head: fat under the skin may be brighter than any brain."""
    if window is None:
        some = slices[::2, ::2, ::2]
        dark, bright = np.percentile(some, (1, 99))
        middle = some[tuple(slice(n // 4, n - n // 4) for n in some.shape)]
        head = middle[middle > dark + 0.05 * (bright - dark)]
        low, high = np.percentile(head, _SHOWN) if len(head) else (dark, bright)
        low = min(low, dark) if dark >= 0 else low
        high += _HEADROOM * (high - low)
    else:
        low, high = window
    grey = (slices - np.float32(low)) * np.float32(255 / max(high - low, 1e-12)) + np.float32(0.5)
    return np.clip(grey, 0, 255, out=grey).astype(np.uint8)


def _chosen(view: View, places: Mapping[int, Place], captions: Mapping[int, str]) -> Iterator[tuple[int, str]]:
    """Which slices the montage shows, and what is said of each; without lesions, some across the head."""
    by_slice: dict[int, list[int]] = {}
    for number, place in places.items():
        if place.slice in by_slice or len(by_slice) < MOST_ROWS:
            by_slice.setdefault(place.slice, []).append(number)
    for slice_, numbers in by_slice.items():
        yield slice_, "; ".join(captions.get(number, f"lesion {number}") for number in numbers[:4])
    if not by_slice:
        for share in (0.5, 0.65, 0.35):
            slice_ = int(share * (view.count - 1))
            yield slice_, f"slice {slice_ + 1} of {view.count}"


def _over(marks: Marks, number: int, places: Sequence[Place]) -> str | None:
    """Fill and outline of one slice in one image, with rings around what is small; None where there is nothing."""
    if not marks.slices[number].any():
        return None
    fill = _doubled(marks.slices[number : number + 1])
    outline, most = _outlines(fill), max(marks.colours, default=0)
    palette = [(0, 0, 0, 0)] * (2 * most + 2)
    for value, colour in marks.colours.items():
        palette[value], palette[most + value] = (*colour, _FILL), (*colour, 255)
    palette[-1] = (255, 255, 255, 255)
    over = np.where(outline > 0, outline + most, fill)[0]
    numbered, _ = ndimage.label(marks.slices[number] > 0)
    for place in places:
        row, column = round(place.y), round(place.x)
        one = numbered == numbered[row, column]
        if numbered[row, column] and one.sum() < _SMALL_PX:
            over[_ring(over.shape, (2 * place.y + 0.5, 2 * place.x + 0.5)) & (over == 0)] = len(palette) - 1
    return png(over, palette)


def _ring(shape: tuple[int, int], centre: tuple[float, float]) -> np.ndarray:
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    distance = np.hypot(rows - centre[0], columns - centre[1])
    return np.abs(distance - 2 * _RING_PX) < 0.8


def _doubled(labels: np.ndarray) -> np.ndarray:
    return labels.repeat(2, axis=1).repeat(2, axis=2)


def _outlines(labels: np.ndarray) -> np.ndarray:
    """What of each area borders on another value in its slice, all else 0."""
    framed = np.pad(labels, ((0, 0), (1, 1), (1, 1)))
    middle = framed[:, 1:-1, 1:-1]
    others = (framed[:, :-2, 1:-1], framed[:, 2:, 1:-1], framed[:, 1:-1, :-2], framed[:, 1:-1, 2:])
    border = np.logical_or.reduce([other != middle for other in others])
    return middle * border


def _thumbnail(layers: Sequence[Layer], grey: Sequence[np.ndarray], marks: Marks | None, number: int) -> str:
    """The first slice of the montage, of the acquired sequence that lesions are seen best on."""
    order = [i for name in _BEST_GROUND for i, one in enumerate(layers) if one.name == name]
    best = next((i for i in order if layers[i].kind is Kind.ACQUIRED), 0)
    pixels = np.repeat(grey[best][number][..., None], 3, axis=2).astype(float)
    if marks is not None:
        for value, colour in marks.colours.items():
            pixels[marks.slices[number] == value] *= 0.45
            pixels[marks.slices[number] == value] += 0.55 * np.array(colour)
    step = max(1, ceil(max(pixels.shape[:2]) / _THUMBNAIL))
    rows, columns = (n // step * step for n in pixels.shape[:2])
    small = pixels[:rows, :columns].reshape(rows // step, step, columns // step, step, 3).mean(axis=(1, 3))
    return jpeg(small.round().astype(np.uint8))
