"""From rows to the figures of a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean

from ..evaluation.rows import Row
from ..evaluation.scores import subject_of, truth_is_empty, value
from ..evaluation.statistics import mean_of
from .prepared import CohortData, dataset_of
from .tables import Cell


@dataclass(frozen=True)
class Figure:
    """A mean, its standard error (None where it cannot be told), and over how many rows and subjects.

    `infinite` counts the values of HD95 that are left out of the mean, since only one of truth and answer was empty.
    """

    mean: float
    se: float | None
    rows: int
    subjects: int
    infinite: int = 0


def figure(rows: Iterable[Row], cell: Cell, data: CohortData) -> Figure | None:
    """The figure of a cell from the rows of its arm (`where_true`); None where they hold nothing of it.

    `level: rows` is the mean over all rows, as the papers pool subjects and codes (or images): its standard error takes
    the rows of a subject for independent, and is too small. `tasks` and `datasets` average first within each, then over
    them; so is the mean over regions. The standard error of a mean of k such means is √Σse²/k.
    """
    chosen = [row for row in rows if belongs(row, cell, data)]
    scored = [row for row in chosen if set(cell.regions) & set(row["dice"])]
    parts = [_of_region(chosen, region, cell, data) for region in cell.regions]
    if not parts or None in parts:
        return None
    merged = _mean_of_figures(parts)
    error = None if merged[1] is None else merged[1] * cell.factor
    subjects = len({subject_of(row) for row in scored})
    infinite = 0
    if cell.measure == "hd95":
        infinite = sum(
            row["hd95"][region] is None for row in scored for region in cell.regions if region in row["dice"]
        )
    return Figure(merged[0] * cell.factor, error, len(scored), subjects, infinite)


def where_true(row: Row) -> Row:
    """The row without the regions whose truth is empty: there a figure is perfect or worst, and says little."""
    return row | {"dice": {region: dice for region, dice in row["dice"].items() if not truth_is_empty(row, region)}}


def belongs(row: Row, cell: Cell, data: CohortData) -> bool:
    """Whether a row is of the code, the data sets and the tasks that a cell is about; its arm is not looked at."""
    if cell.code is not None and row["code"] != cell.code:
        return False
    if cell.seen is not None and data.is_seen(row["case"]) != cell.seen:
        return False
    return not cell.tasks or data.tasks.get(row["case"]) in cell.tasks


def _of_region(rows: Sequence[Row], region: str, cell: Cell, data: CohortData) -> tuple[float, float | None] | None:
    group_of: Mapping[str, Callable[[Row], str]] = {
        "rows": lambda row: "",
        "tasks": lambda row: data.tasks[row["case"]],
        "datasets": lambda row: dataset_of(data.tasks[row["case"]]),
    }
    groups: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if region in row["dice"] and (known := value(row, region, cell.measure)) is not None:
            groups[group_of[cell.level](row)].append(known)
    means = [mean_of(values) for values in groups.values()]
    return _mean_of_figures([(each["mean"], each["se"]) for each in means]) if means else None


def _mean_of_figures(parts: Sequence[tuple[float, float | None]]) -> tuple[float, float | None]:
    errors = [error for _, error in parts]
    error = None if None in errors else sqrt(sum(each**2 for each in errors)) / len(errors)
    return fmean(mean for mean, _ in parts), error
