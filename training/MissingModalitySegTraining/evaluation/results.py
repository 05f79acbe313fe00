"""An evaluation as a value and as a file: `results.json`."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from MissingModalitySegLib.disk import disk_errors
from MissingModalitySegLib.errors import InputError

from .rows import FORMAT, Evaluation, Row
from .statistics import summarise

RESULTS = "results.json"


def write_results(evaluation: Evaluation, folder: Path) -> Path:
    """Write `results.json` into `folder`, whole or not at all."""
    return write_whole(Path(folder) / RESULTS, json.dumps(document_of(evaluation), indent=1) + "\n")


def read_results(path: Path) -> Evaluation:
    """Read a `results.json`, or the one in a folder. Raises `InputError` when it is none."""
    path = Path(path)
    path = path / RESULTS if path.is_dir() else path
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError("no-such-file", f"The results {path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise InputError("bad-results", f"{path} is no JSON file.") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InputError(
            "bad-results",
            f"{path} holds no results that this version of the program can read.",
            "Run `missing-modality-seg evaluate` again.",
        )
    try:
        evaluation = Evaluation(
            document["model"],
            document["datalist"],
            tuple(document["rows"]),
            tuple(document["skipped"]),
            document["data"],
            document["version"],
            document["checksum"],
            document["grid"],
        )
        _check_rows(evaluation.rows)
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError("bad-results", f"The results {path} are incomplete: {error!r}.") from None
    return evaluation


def write_whole(path: Path, content: str | bytes) -> Path:
    """Write a file whole or not at all; its folder is made. Raises `InputError`, `ResourceError`."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            unfinished.write_bytes(data)
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
    return path


def document_of(evaluation: Evaluation) -> dict[str, Any]:
    """Plain JSON data, with means, standard errors and counts."""
    return {
        "format": FORMAT,
        "model": evaluation.model,
        "version": evaluation.version,
        "checksum": evaluation.checksum,
        "datalist": evaluation.datalist,
        "data": evaluation.kinds,
        "grid": evaluation.grid,
        "rows": list(evaluation.rows),
        "skipped": list(evaluation.skipped),
        "summary": summarise(evaluation),
    }


def _check_rows(rows: Sequence[Row]) -> None:
    """Raise what Python raises when a row lacks what every reader of rows relies on."""
    for row in rows:
        row["case"], row["code"], row["seconds"], row["volume_ml"]
        for region in row["dice"]:
            row["lesions"][region]["true"], row["lesions"][region]["found"], row["hd95"][region]
