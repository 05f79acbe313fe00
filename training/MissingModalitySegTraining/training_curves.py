"""How the loss fell: a few points per stage for a model's manifest, and their picture for its card."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .provenance import lineage

POINTS = 40
MOST_PANELS, PER_ROW = 16, 4
PANEL_INCHES = (2.3, 1.7)


def thinned(history: Path) -> dict[str, list[float]] | None:
    """The loss of a stage by step, as means over up to `POINTS` spans of equal length; None where none was noted."""
    if not history.is_file():
        return None
    with history.open(newline="", encoding="utf-8") as file:
        rows = [(int(row["step"]), float(row["loss"])) for row in csv.DictReader(file)]
    noted = [(step, loss) for step, loss in rows if np.isfinite(loss)]
    if not noted:
        return None
    spans = np.array_split(np.array(noted), min(POINTS, len(noted)))
    return {
        "step": [int(span[-1, 0]) for span in spans],
        "loss": [round(float(span[:, 1].mean()), 4) for span in spans],
    }


def curves(provenance: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, list[float]]]]:
    """Title and curve of each stage of a training and, after it, of its ancestors, the latest first."""
    own, *ancestors = lineage(provenance).items()
    for name, facts in (own, *reversed(ancestors)):
        for stage, each in facts.get("stages", {}).items():
            if curve := each.get("curve"):
                yield (f"{name}: {stage}" if name else stage), curve


def picture(provenance: Mapping[str, Any]) -> bytes | None:
    """A PNG with a panel per curve, its own training's first; None where no loss was noted."""
    shown = list(curves(provenance))[:MOST_PANELS]
    if not shown:
        return None
    from matplotlib.figure import Figure  # without pyplot there is neither a window nor a global state

    columns = min(PER_ROW, len(shown))
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(PANEL_INCHES[0] * columns, PANEL_INCHES[1] * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, (title, curve) in zip(panels, shown, strict=False):
        axes.plot(curve["step"], curve["loss"], linewidth=1, marker="" if len(curve["step"]) > 1 else ".")
        axes.set_title(title, fontsize=7)
        axes.tick_params(labelsize=6)
    for axes in panels[len(shown) :]:
        axes.set_axis_off()
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=100)
    return content.getvalue()
