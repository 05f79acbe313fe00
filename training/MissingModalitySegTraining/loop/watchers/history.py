"""The history of a training as CSV: a row for each step, and one for each validation."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from .watching import StepRecord

HISTORY = "history.csv"
SCORES = "scores.csv"


class History:
    """`history.csv` and `scores.csv` in the folder of a training; what a resumed training does again replaces what was
    written of it, so that curves have no loops."""

    def __init__(self, folder: Path) -> None:
        self._steps, self._scores = Table(folder / HISTORY), Table(folder / SCORES)

    def step(self, record: StepRecord) -> None:
        self._steps.add(
            {
                "step": record.step,
                "elapsed": record.elapsed,
                "rate": record.rate,
                "norm": record.norm,
                "waited": record.waited,
                "samples": record.samples,
                "taken": int(record.taken),
                **record.losses,
            }
        )

    def validated(self, step: int, scores: Mapping[str, float]) -> None:
        self._scores.add({"step": step, **scores})

    def close(self) -> None:
        self._steps.close()
        self._scores.close()


class Table:
    """Rows by step, of which the file keeps those before the first that is added."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None
        self._columns: list[str] = []

    def add(self, row: Mapping[str, Any]) -> None:
        """Append `row`; columns that come up later are empty in earlier rows."""
        row = {name: f"{value:.6g}" if isinstance(value, float) else value for name, value in row.items()}
        new = [name for name in row if name not in self._columns]
        if self._file is None or new:
            self._rewrite(int(row["step"]), new)
        csv.DictWriter(self._file, self._columns).writerow(row)
        self._file.flush()

    def _rewrite(self, before: int, columns: list[str]) -> None:
        """The rows up to a step again, with `columns` beside their own."""
        self.close()
        kept, known = _rows(self._path, before)
        self._columns = list(dict.fromkeys([*known, *self._columns, *columns]))
        temporary = self._path.with_name(self._path.name + ".new")
        with temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self._columns)
            writer.writeheader()
            writer.writerows(kept)
        os.replace(temporary, self._path)
        self._file = self._path.open("a", newline="", encoding="utf-8")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _rows(path: Path, before: int) -> tuple[list[dict[str, str]], list[str]]:
    """Rows of steps before a given one, and the columns; a last line that was cut off is left out."""
    if not path.exists():
        return [], []
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        columns = [name for name in reader.fieldnames or [] if name]
        rows = [row for row in reader if row["step"].isdecimal() and int(row["step"]) < before]
    return [row for row in rows if None not in row and None not in row.values()], columns
