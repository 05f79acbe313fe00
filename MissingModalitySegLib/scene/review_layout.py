"""The review: a column per sequence; rows acquired, synthetic, |difference|. Which cells there are, as data and as XML.

All cells are one view group with linked controls: scrolling and zooming one moves all, and the user's other views stay
where they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from ..modalities import MODALITIES, Modality
from .runs import PlacedRun

LAYOUT = 5931
"""Slicer's own layouts are below 100, those of other extensions are scattered above."""

GROUP = 31
ORIENTATIONS = ("Axial", "Coronal", "Sagittal")


class Row(StrEnum):
    """What a row of the review shows."""

    ACQUIRED = "acquired"
    SYNTHETIC = "synthetic"
    DIFFERENCE = "difference"


_COLOURS = {Row.ACQUIRED: "#5B8DB8", Row.SYNTHETIC: "#D8654F", Row.DIFFERENCE: "#C9B458"}
_LABELS = {Row.ACQUIRED: "{}", Row.SYNTHETIC: "{} s", Row.DIFFERENCE: "{} d"}


@dataclass(frozen=True)
class Cell:
    """One slice view of the review: its name, what it is for, the volume node or None, the text in its corner."""

    view: str
    modality: Modality
    row: Row
    volume: Any
    text: str

    @property
    def is_generated(self) -> bool:
        """Whether the text must stand out: what is shown was not acquired."""
        return self.volume is not None and self.row is not Row.ACQUIRED


def review_cells(run: PlacedRun) -> tuple[tuple[Cell, ...], ...]:
    """The rows of the review with their cells; rows and columns in which nothing could be shown are left out."""
    synthetic = {**run.reconstructed, **run.synthetic}
    volumes = {Row.ACQUIRED: run.inputs, Row.SYNTHETIC: synthetic, Row.DIFFERENCE: run.differences}
    columns = [modality for modality in MODALITIES if any(modality in shown for shown in volumes.values())]
    return tuple(
        tuple(_cell(run, row, modality, shown.get(modality)) for modality in columns)
        for row, shown in volumes.items()
        if shown
    )


def review_xml(rows: tuple[tuple[Cell, ...], ...], orientation: str = "Axial") -> str:
    """The layout description of the cells, for a layout node."""
    lines = "".join(
        '<item><layout type="horizontal">'
        + "".join(f"<item>{_view(cell, orientation)}</item>" for cell in row)
        + "</layout></item>"
        for row in rows
    )
    return f'<layout type="vertical">{lines}</layout>'


def _view(cell: Cell, orientation: str) -> str:
    properties = {
        "orientation": orientation,
        "viewlabel": _LABELS[cell.row].format(cell.modality),
        "viewcolor": _COLOURS[cell.row],
        "viewgroup": str(GROUP),
    }
    inside = "".join(
        f'<property name="{name}" action="default">{escape(value)}</property>' for name, value in properties.items()
    )
    return f'<view class="vtkMRMLSliceNode" singletontag={quoteattr(cell.view)}>{inside}</view>'


def _cell(run: PlacedRun, row: Row, modality: Modality, volume: Any) -> Cell:
    return Cell(f"Review-{modality}-{row}", modality, row, volume, _text(run, row, modality, volume))


def _text(run: PlacedRun, row: Row, modality: Modality, volume: Any) -> str:
    if row is Row.ACQUIRED:
        return f"{modality}\nacquired" if volume is not None else f"{modality}\nnot acquired"
    if volume is None:
        nothing = "not synthesised" if row is Row.SYNTHETIC else "nothing to compare"
        return f"{modality}\n{nothing}"
    if row is Row.DIFFERENCE:
        return f"{modality}\ndifference to the acquired"
    return f"{modality}\nSYNTHETIC, not acquired{_confidence(run, modality)}"


def _confidence(run: PlacedRun, modality: Modality) -> str:
    """How well a sequence that is there was rebuilt; for one that is not, the range over those that are."""
    known = (run.report.get("synthetic") or {}).get("confidence") or {}
    told = known.get(str(modality))
    if told:
        return f"\nfrom {told['from']}: SSIM {told['ssim']:.2f}, {told['psnr']:.1f} dB"
    values = sorted(entry["ssim"] for entry in known.values())
    if not values:
        return ""
    span = f"{values[0]:.2f}" if len(values) == 1 else f"{values[0]:.2f}–{values[-1]:.2f}"
    return f"\nothers rebuilt: SSIM {span}"
