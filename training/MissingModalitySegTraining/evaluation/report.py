"""Everything an evaluation leaves in its folder, for people and for papers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import plots, tables
from .results import write_results, write_whole
from .rows import Evaluation


def write_report(evaluation: Evaluation, folder: Path, comparison: Mapping[str, Any] | None = None) -> tuple[Path, ...]:
    """Write results.json, results.md, results.tex, heatmap.png, boxes.png and, if there is one, comparison.json.

    Each file appears whole or not at all. Raises `InputError`, `ResourceError`.
    """
    folder = Path(folder)
    written = [
        write_results(evaluation, folder),
        write_whole(folder / "results.md", tables.markdown(evaluation, comparison)),
        write_whole(folder / "results.tex", tables.latex(evaluation)),
        plots.save(plots.heat_map(evaluation), folder / "heatmap.png"),
        plots.save(plots.box_plots(evaluation), folder / "boxes.png"),
    ]
    if comparison is not None:
        written.append(write_whole(folder / "comparison.json", json.dumps(comparison, indent=1) + "\n"))
    return tuple(written)
