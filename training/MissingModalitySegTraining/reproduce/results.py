"""A table with our figures in it: the values, what they are compared with, and as files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

from ..evaluation.results import write_whole
from ..evaluation.rows import Evaluation, Row
from ..evaluation.statistics import compare
from .aggregation import Figure, belongs, figure
from .prepared import CohortData
from .published import Printed, published
from .tables import Cell, TableDefinition


@dataclass(frozen=True)
class FilledCell:
    """Ours and the published figure, each None where there is none; `trained` is whether we have the arm at all."""

    row: str
    column: str
    cell: Cell
    ours: Figure | None
    printed: Printed | None
    trained: bool


@dataclass(frozen=True)
class FilledTable:
    """A definition with what is known so far. `waiting` are arms that are still to be trained."""

    definition: TableDefinition
    cells: Sequence[FilledCell]
    comparisons: Sequence[Mapping[str, Any]]
    waiting: Sequence[str]
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Data, scale, seed, command, trainings: what a reader must know of our figures."""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        source = published(self.definition.paper, self.definition.name)
        return {
            "paper": self.definition.paper,
            "table": self.definition.name,
            "title": self.definition.title,
            "ours": {**self.facts, "waiting": list(self.waiting)},
            "published": {"citation": source.citation, "data": source.data},
            "cells": [
                {
                    "row": each.row,
                    "column": each.column,
                    "ours": None if each.ours is None else asdict(each.ours),
                    "published": None if each.printed is None else asdict(each.printed),
                    "trained_here": each.trained,
                }
                for each in self.cells
            ],
            "comparisons": list(self.comparisons),
            "orderings": orderings(self.cells),
        }


def fill(
    definition: TableDefinition, answers: Mapping[str, Sequence[Row]], data: CohortData, facts: Mapping[str, Any]
) -> FilledTable:
    """The table from the rows of each arm, as far as they are there."""
    source = published(definition.paper, definition.name)
    cells = [
        FilledCell(
            row.label,
            column.label,
            cell,
            figure(answers[cell.arm], cell, data) if cell.arm in answers else None,
            source.at(row.label, column.label),
            cell.arm in definition.arms,
        )
        for row, column, cell in definition.cells()
    ]
    shown = {name: _shown(rows, definition, data) for name, rows in answers.items()}
    comparisons = [
        _compared(one, other, shown, data)
        for one, other in definition.comparisons
        if _pairs(shown.get(one, ())) & _pairs(shown.get(other, ()))
    ]
    waiting = [name for name in definition.arms if name not in answers]
    return FilledTable(definition, cells, comparisons, waiting, facts)


def orderings(cells: Sequence[FilledCell]) -> dict[str, int]:
    """Of all pairs of arms whose figures stand for the same thing in both ours and the published table: how many there
    are, and in how many the same arm is ahead."""
    pairs = agreeing = 0
    for one, other in combinations(cells, 2):
        if one.cell.arm == other.cell.arm or _question(one.cell) != _question(other.cell):
            continue
        if None in (one.ours, other.ours, one.printed, other.printed) or one.printed.mean == other.printed.mean:
            continue
        pairs += 1
        agreeing += (one.ours.mean - other.ours.mean) * (one.printed.mean - other.printed.mean) > 0
    return {"pairs": pairs, "agreeing": agreeing}


def write(table: FilledTable, folder: Path, markdown: str) -> Path:
    """`<table>.json` and `<table>.md` in `folder`; the path of the latter."""
    name = table.definition.name
    write_whole(folder / f"{name}.json", json.dumps(table.as_dict(), indent=1, ensure_ascii=False) + "\n")
    return write_whole(folder / f"{name}.md", markdown)


def _question(cell: Cell) -> dict[str, Any]:
    return {key: value for key, value in asdict(cell).items() if key != "arm"}


def _shown(rows: Sequence[Row], definition: TableDefinition, data: CohortData) -> list[Row]:
    """The rows that the table is about: a network answers for unseen data sets too where only seen ones stand in it."""
    cells = [cell for _, _, cell in definition.cells()]
    return [row for row in rows if any(belongs(row, cell, data) for cell in cells)]


def _pairs(rows: Sequence[Row]) -> set[tuple[str, str]]:
    return {(row["case"], row["code"]) for row in rows}


def _compared(one: str, other: str, answers: Mapping[str, Sequence[Row]], data: CohortData) -> dict[str, Any]:
    """Wilcoxon's signed-rank test, paired over (case, code)."""

    def evaluation(name: str) -> Evaluation:
        rows = tuple(answers[name])
        return Evaluation(name, "test", rows, kinds=dict.fromkeys({row["dataset"] for row in rows}, data.kind))

    return compare(evaluation(one), evaluation(other))
