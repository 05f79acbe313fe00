"""The table of a cohort for programs: Apache Parquet, with columns that have types and cells that are lists."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..case_results import summary_columns
from ..disk import disk_errors
from .packages import package

NAME = "summary.parquet"


def write_parquet(folder: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write `summary.parquet`, all of it or nothing: the columns of `summary.csv`, where volumes are numbers, `used`
    holds `sequence`, `file` and `why`, and `skipped` holds `file` and `why`. Raises as `disk_errors`."""
    pyarrow = package("pyarrow")
    parquet = package("pyarrow.parquet")
    text, texts = pyarrow.string(), pyarrow.list_(pyarrow.string())

    def struct(*names: str) -> Any:
        return pyarrow.list_(pyarrow.struct([(name, text) for name in names]))

    types = {
        "case": text,
        "state": text,
        "sequences": text,
        "found": texts,
        "used": struct("sequence", "file", "why"),
        "skipped": struct("file", "why"),
        "lesions": pyarrow.int64(),
        "seconds": pyarrow.float64(),
        "warnings": texts,
        "problem": text,
    }
    columns = summary_columns(rows)
    schema = pyarrow.schema([(name, types.get(name, pyarrow.float64())) for name in columns])
    table = pyarrow.Table.from_pylist([_letters(row) for row in rows], schema=schema)
    target = folder / NAME
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{NAME}.{os.getpid()}.part")
        try:
            parquet.write_table(table, unfinished)
            os.replace(unfinished, target)
        finally:
            unfinished.unlink(missing_ok=True)
    return target


def _letters(value: Any) -> Any:
    """A cell in which the names of files that are no UTF-8 are told as far as they are letters, as in the CSV."""
    if isinstance(value, Mapping):
        return {name: _letters(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_letters(one) for one in value]
    return value.encode("utf-8", "backslashreplace").decode("utf-8") if isinstance(value, str) else value
