"""Figures of an evaluation; each panel says its data set, n and whether the scans are simulated."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .results import write_whole
from .rows import Evaluation, dataset_of
from .scores import has_truth, value
from .statistics import summarise
from .tables import KINDS, codes_in, count_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DPI = 120


def heat_map(evaluation: Evaluation) -> Figure:
    """Mean Dice per code and region over the cases with truth, a panel per data set; each cell holds mean and n.

    Cases whose truth is empty are left out: an answer of nothing would paint them all in the best colour.
    """
    panels = summarise(evaluation)["by_dataset"]
    most = max((len(tables["by_code"]) for tables in panels.values()), default=1)
    figure = _figure(len(panels), width=4.2, height=1.8 + 0.28 * most)
    for axes, (dataset, tables) in zip(_axes(figure, len(panels)), panels.items(), strict=True):
        codes, regions = codes_in(tables), list(tables["over_codes"])
        cells = [[_cell(tables["by_code"][str(code)].get(region)) for region in regions] for code in codes]
        axes.imshow([[mean for mean, _ in line] for line in cells], vmin=0, vmax=1, cmap="viridis", aspect="auto")
        for i, line in enumerate(cells):
            for j, (mean, count) in enumerate(line):
                text = f"{mean:.2f}  n = {count}" if count else "no truth"
                colour = "grey" if not count else "black" if mean > 0.6 else "white"
                axes.text(j, i, text, ha="center", va="center", fontsize=7, color=colour)
        axes.set_xticks(range(len(regions)), regions)
        axes.set_yticks(range(len(codes)), [str(code) for code in codes], fontsize=7)
        axes.set_title(_title(dataset, tables), fontsize=9)
    figure.suptitle(f"{evaluation.model}: mean Dice, cases with truth", fontsize=10)
    return figure


def box_plots(evaluation: Evaluation) -> Figure:
    """Dice of every case with truth, per code: a panel per data set and region; boxes are quartiles, dots cases."""
    panels = [
        (dataset, region, tables)
        for dataset, tables in summarise(evaluation)["by_dataset"].items()
        for region in tables["over_codes"]
    ]
    most = max((len(tables["by_code"]) for *_, tables in panels), default=1)
    figure = _figure(len(panels), width=4.2, height=1.8 + 0.28 * most)
    for axes, (dataset, region, tables) in zip(_axes(figure, len(panels)), panels, strict=True):
        codes = [str(code) for code in codes_in(tables) if region in tables["by_code"][str(code)]]
        values = [_dice_of(evaluation, dataset, code, region) for code in codes]
        places = list(range(1, len(codes) + 1))
        axes.boxplot(values, positions=places, orientation="horizontal", widths=0.6, showfliers=False)
        for place, each in zip(places, values, strict=True):
            axes.plot(each, [place] * len(each), "o", markersize=3, alpha=0.5, color="tab:blue")
        labels = [f"{code} (n = {len(each)})" for code, each in zip(codes, values, strict=True)]
        axes.set_yticks(places, labels, fontsize=7)
        axes.invert_yaxis()
        axes.set_xlim(-0.02, 1.02)
        axes.set_xlabel(f"Dice, {region}, cases with truth", fontsize=8)
        axes.set_title(_title(dataset, tables), fontsize=9)
    figure.suptitle(evaluation.model, fontsize=10)
    return figure


def save(figure: Figure, path: Path) -> Path:
    """Write a figure as PNG, whole or not at all."""
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=_DPI)
    return write_whole(path, content.getvalue())


def _cell(figures: Mapping[str, Any] | None) -> tuple[float, int]:
    """Mean (not a number where there is none) and n."""
    found = {"mean": None, "n": 0} if figures is None else figures["dice_where_true"]
    return (float("nan") if found["mean"] is None else found["mean"]), found["n"]


def _dice_of(evaluation: Evaluation, dataset: str, code: str, region: str) -> list[float]:
    return [
        value(row, region, "dice")
        for row in evaluation.rows
        if row["code"] == code and dataset_of(row, evaluation.datalist) == dataset and has_truth(row, region)
    ]


def _title(dataset: str, tables: dict[str, Any]) -> str:
    return f"{dataset}: {count_of(tables['cases'], 'case')}, {KINDS[tables['data']]}"


def _figure(panels: int, width: float, height: float) -> Figure:
    from matplotlib.figure import Figure  # without pyplot there is neither a window nor a global state

    figure = Figure(figsize=(width * max(panels, 1) + 0.8, height), layout="constrained")
    if panels == 0:
        figure.text(0.5, 0.4, "No case could be scored.", ha="center")
    return figure


def _axes(figure: Figure, panels: int) -> Iterable[Axes]:
    return figure.subplots(1, panels, squeeze=False)[0] if panels else ()
