"""What the papers print: facts with their source, in a column of their own and never among ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

FILE = Path(__file__).with_name("published.yaml")


@dataclass(frozen=True)
class Printed:
    """A figure as it is printed: its mean and, where there is one, its standard error."""

    mean: float
    se: float | None = None


@dataclass(frozen=True)
class PublishedTable:
    """The figures of one table by (label of the row, label of the column), and what they were measured on."""

    citation: str
    data: str
    cells: Mapping[tuple[str, str], Printed]

    def at(self, row: str, column: str) -> Printed | None:
        """None where nothing is printed or it cannot be read."""
        return self.cells.get((row, column))


@cache
def published(paper: str, table: str) -> PublishedTable:
    """The figures of a table; one without any where the paper prints none (figures of this program's own)."""
    document = yaml.safe_load(FILE.read_text(encoding="utf-8"))[paper]
    entry = document.get(table, {"data": "", "cells": {}})
    cells = {
        (row, column): Printed(*figure) if isinstance(figure, list) else Printed(figure)
        for row, columns in entry["cells"].items()
        for column, figure in columns.items()
    }
    return PublishedTable(document["citation"].strip(), entry["data"], cells)
