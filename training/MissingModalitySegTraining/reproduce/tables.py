"""What a table of a paper is: rows, columns, the trainings behind them, the data they are measured on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from .cohorts import Cohort

Level = Literal["rows", "tasks", "datasets"]


@dataclass(frozen=True)
class Training:
    """A training as its configuration names it; everything else comes from scale, data and seed.

    `tasks`: of data sets of single images, the tasks that are trained on (`BraTS2021 T1`); all seen ones by default.
    """

    method: str
    variant: str | None = None
    overrides: tuple[tuple[str, Any], ...] = ()
    tasks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """A trained network, and which of the test cases it answers for: all codes and tasks, or these."""

    training: Training
    code: str | None = None
    tasks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Arm:
    """One of the things that a table compares: a network, or several that share the work (dedicated models)."""

    asked: tuple[Asked, ...]


def arm(method: str, variant: str | None = None, **options: Any) -> Arm:
    """An arm that is one training; `options` are the method's."""
    overrides = tuple((f"options.{name}", value) for name, value in options.items())
    return Arm((Asked(Training(method, variant, overrides)),))


@dataclass(frozen=True)
class Cell:
    """Which figure stands somewhere. Scores are averaged over the `rows` of an evaluation, or first per task or data
    set. Of several regions the mean is taken."""

    arm: str
    measure: str = "dice"
    regions: tuple[str, ...] = ("lesion",)
    code: str | None = None
    tasks: tuple[str, ...] = ()
    seen: bool | None = None  # of data sets of single images: those that are trained on, or the others
    level: Level = "rows"
    factor: float = 100.0  # the papers print percent, or shares


@dataclass(frozen=True)
class Line:
    """A row or a column: its label, as the paper has it, and what its cells have in common."""

    label: str
    cell: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TableDefinition:
    """A table. A cell is what row and column say of it together; arms that are not here are not trained by us."""

    paper: str
    name: str
    title: str
    cohort: Cohort
    arms: Mapping[str, Arm]
    rows: Sequence[Line]
    columns: Sequence[Line]
    comparisons: Sequence[tuple[str, str]] = ()
    """Pairs of arms that a signed-rank test compares, over all that the table is about and both answered."""
    notes: Sequence[str] = ()

    def cells(self) -> Iterator[tuple[Line, Line, Cell]]:
        """Row, column and cell, row by row."""
        for row in self.rows:
            for column in self.columns:
                yield row, column, Cell(**{**row.cell, **column.cell})

    @property
    def trainings(self) -> tuple[Training, ...]:
        """Every training once, in the order of the arms."""
        return tuple(dict.fromkeys(asked.training for arm in self.arms.values() for asked in arm.asked))
