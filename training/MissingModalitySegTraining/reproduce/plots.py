"""Heat maps and rows of slices as PNG."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..evaluation.results import write_whole

PER_ROW = 4
"""Heat maps beside each other."""


def heat_maps(
    path: Path,
    title: str,
    panels: Sequence[tuple[str, Sequence[str], Sequence[str], np.ndarray]],
    limits: tuple[float, float],
) -> None:
    """Panels (title, rows, columns, values) on one scale, each value written into its field."""
    from matplotlib.figure import Figure

    columns = min(PER_ROW, len(panels))
    rows = -(-len(panels) // columns)
    height, width = panels[0][3].shape
    figure = Figure(figsize=(columns * (1.6 + 0.55 * width), rows * (1.3 + 0.34 * height) + 0.6), layout="constrained")
    figure.suptitle(title)
    axes = np.atleast_1d(figure.subplots(rows, columns)).ravel()
    for axis, (name, down, across, values) in zip(axes, panels, strict=False):
        axis.imshow(values, vmin=limits[0], vmax=limits[1], cmap="viridis", aspect="auto")
        axis.set_title(name, fontsize=9)
        axis.set_xticks(range(len(across)), across, rotation=45, ha="right", fontsize=7)
        axis.set_yticks(range(len(down)), down, fontsize=7)
        for (i, j), value in np.ndenumerate(values):
            if np.isfinite(value):
                middle = (limits[0] + limits[1]) / 2
                axis.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=6, color="wk"[int(value > middle)])
    for axis in axes[len(panels) :]:
        axis.remove()
    _save(figure, path)


def pictures(
    path: Path, title: str, rows: Sequence[tuple[str, np.ndarray, np.ndarray, Mapping[str, np.ndarray]]]
) -> None:
    """Rows (title, brain, region bits, volumes by name): the axial slice with most lesion, one brightness per row."""
    from matplotlib.figure import Figure

    columns = len(rows[0][3])
    figure = Figure(figsize=(3.0 * columns, 3.4 * len(rows) + 0.5), layout="constrained")
    figure.suptitle(title)
    axes = np.array(figure.subplots(len(rows), columns, squeeze=False))
    for line, (name, brain, regions, volumes) in zip(axes, rows, strict=True):
        shown = regions > 0 if (regions > 0).any() else brain
        z = int(shown.sum(axis=(0, 1)).argmax())
        low, high = np.percentile(volumes["truth"][brain], (1, 99))
        for axis, (column, volume) in zip(line, volumes.items(), strict=True):
            image = np.where(brain[..., z], volume[..., z], low)
            axis.imshow(image.T[::-1, ::-1], cmap="gray", vmin=low, vmax=high)  # the patient's right is left
            axis.set_title(f"{column}\n{name}", fontsize=8)
            axis.axis("off")
    _save(figure, path)


def _save(figure, path: Path) -> None:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    write_whole(path, buffer.getvalue())
