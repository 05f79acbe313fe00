"""The pictures of a page, as data that a template can take: every image is a data URI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ..labels import Colour


class Kind(StrEnum):
    """Where the values of an image come from."""

    ACQUIRED = "acquired"
    GENERATED = "generated"
    UNCERTAINTY = "uncertainty"


@dataclass(frozen=True)
class Overlay:
    """What lies over images: slices that hold something, one beside the other in a mosaic, as fill and as outline.

    `outline` has twice the pixels of `fill` along each edge.
    """

    fill: str
    outline: str
    columns: int
    slices: tuple[int, ...]
    """Of which slice each tile is."""


@dataclass(frozen=True)
class Panel:
    """All slices of one image, one beside the other in a mosaic; `overlay` says which one lies over it."""

    name: str
    kind: Kind
    image: str
    note: str = ""
    overlay: int | None = None


@dataclass(frozen=True)
class Tile:
    """One slice of one image; `overlay` is an image with a transparent ground."""

    name: str
    kind: Kind
    image: str
    overlay: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Row:
    """The same slice of all images."""

    caption: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class Place:
    """A point in the pictures: the slice, and pixels from the left and from the top."""

    slice: int
    x: float
    y: float


@dataclass(frozen=True)
class Pictures:
    """Slices from the feet up, seen from there: the patient's right is on the left."""

    width: int
    height: int
    """Pixels of a slice."""
    count: int
    columns: int
    """Tiles beside each other in the mosaic of a panel."""
    pixel_mm: float
    heights_mm: tuple[float, ...]
    """Of the middle of each slice above the origin of the reference's coordinates."""
    panels: tuple[Panel, ...]
    overlays: tuple[Overlay, ...] = ()
    legend: tuple[tuple[str, Colour], ...] = ()
    rows: tuple[Row, ...] = ()
    """The montage."""
    places: Mapping[int, Place] = field(default_factory=dict)
    """Of the lesions in the table, by their number."""
    thumbnail: str | None = None
