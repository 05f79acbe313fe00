"""What a batch leaves behind: which cases are done already, and a table of all of them."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .modalities import Modality
from .options import BRAIN, Options
from .output_folder import REPORT, disk_errors

SUMMARY = "summary.csv"
_NOT_THE_ANSWER = ("device", "threads")
"""Options that change how fast an answer comes, not which."""


def finished_report(
    folder: Path, volumes: Mapping[Modality, Path], model: tuple[str, str], options: Options
) -> dict[str, Any] | None:
    """The report in `folder` where it is of the same volumes, model (name and version) and options; else None.

    Volumes are the same when their files have the same names and have not changed since.
    """
    path = Path(folder) / REPORT
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        told = report["model"]
        same_model = (told["name"], told["version"]) == model
        files = {name: one["file"] for name, one in report["inputs"].items()}
        there = all((Path(folder) / name).is_file() for name in report["files"].values())
        changed = any(one.stat().st_mtime > path.stat().st_mtime for one in volumes.values())
        same_options = _answers(report["options"]) == _answers(_told(options))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    same_files = files == {str(modality): file.name for modality, file in volumes.items()}
    return report if same_model and same_files and same_options and there and not changed else None


def _told(options: Options) -> dict[str, Any]:
    """As reports tell options: of a mask only its file's name."""
    values = options.to_dict()
    return values | {"brain": options.brain if options.brain in BRAIN else Path(options.brain).name}


def _answers(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in _NOT_THE_ANSWER}


def summary_row(case: str, state: str, report: Mapping[str, Any] | None, problem: str = "") -> dict[str, Any]:
    """A case as a row: what went in, how it ended, volumes in ml by region."""
    report = report or {}
    row: dict[str, Any] = {"case": case, "state": state, "sequences": report.get("code") or ""}
    row |= {f"{region}_ml": round(value, 4) for region, value in (report.get("volumes_ml") or {}).items()}
    row["lesions"] = report.get("lesion_count", "")
    seconds = (report.get("timings_s") or {}).values()
    return row | {"seconds": round(sum(seconds), 1) if seconds else "", "problem": problem}


def write_summary(folder: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write `summary.csv`: all of it or nothing. Raises as `disk_errors`."""
    columns = list(_columns(rows))
    target = Path(folder) / SUMMARY
    with disk_errors(Path(folder)):
        Path(folder).mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{SUMMARY}.{os.getpid()}.part")
        with open(unfinished, "w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
        os.replace(unfinished, target)
    return target


def _columns(rows: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    """Volumes between what went in and how it ended, in the order in which regions turn up."""
    first, last = ("case", "state", "sequences"), ("lesions", "seconds", "problem")
    regions = dict.fromkeys(key for row in rows for key in row if key not in first and key not in last)
    return (*first, *regions, *last)
