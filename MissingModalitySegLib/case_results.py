"""What a batch leaves behind: where the results of each case lie, which are done already, and a table of all.

The window's batch and the command `batch` go by this alone: what one has finished the other does not compute again.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from . import bundles
from .bundles import Manifest
from .checksums import sha256_of
from .disk import disk_errors
from .errors import BundleError
from .modalities import Modality
from .options import BRAIN, Options
from .output_folder import REPORT
from .study_folders import Choice

SUMMARY = "summary.csv"
RECORDS = ".batch"
"""The folder, beside those of the cases, for what a batch keeps for itself."""

CHECKSUMS = "checksums.jsonl"
"""A file there: checksums of the volumes, so that each is read once as long as it does not change."""

_NOT_THE_ANSWER = ("device", "threads", "brain", "report")
"""Options that change how fast an answer comes, not which; a mask is compared by what it holds."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Spreadsheets calculate what begins like this; a name from a file or a scanner gets an apostrophe before it."""

_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f]')


class CaseState(StrEnum):
    """Where a case of a batch is."""

    FOUND = "not begun"
    EARLIER = "done earlier"
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNUSABLE = "not usable"


def result_folders(output: Path, ids: Sequence[str]) -> list[Path]:
    """Where the results of each case go: below `output`, whatever its name holds, and for each another place."""
    taken: set[str] = set()
    folders = []
    for one in ids:
        parts = [_FORBIDDEN.sub("_", part).strip(" ").rstrip(". ") for part in re.split(r"[/\\]", one)]
        name = first = "/".join(part for part in parts if part) or "case"
        number = 2
        while name.lower() in taken:
            name, number = f"{first} ({number})", number + 1
        taken.add(name.lower())
        folders.append(output / name)
    return folders


def case_options(options: Options, volumes: Iterable[Modality], known: Mapping[str, str]) -> Options:
    """The options as far as they fit a case: a reference that it lacks is replaced by its finest volume, and what is
    `known` of the case counts where the user left it open."""
    settled = {name: value for name, value in known.items() if getattr(options, name) == "auto"}
    return replace(options, reference=options.reference if options.reference in volumes else None, **settled)


def finished_report(
    folder: Path,
    volumes: Mapping[Modality, Path],
    manifest: Manifest,
    options: Options,
    checksum: Callable[[Path], str] = sha256_of,
    files: Mapping[str, str] | None = None,
) -> dict[str, Any] | None:
    """The report in `folder` where it is of the same volumes, model and options, and all it names is there; else None.

    Volumes, mask and model are the same when their content is, by SHA-256; `checksum` computes or remembers that of
    volumes, `files` are those of the model (`bundles.checksums`), by default what `manifest` lists.
    """
    if files is None:
        files = {entry.name: entry.sha256 for entry in manifest.files}
    try:
        report = json.loads((Path(folder) / REPORT).read_text(encoding="utf-8"))
        same = (
            report["model"]["files"] == dict(files)
            and _answers(report["options"]) == _answers(options.to_dict())
            and set(report["inputs"]) == {str(modality) for modality in volumes}
            and all((Path(folder) / name).is_file() for name in report["files"].values())
            and _same_generator(report, manifest, options)
            and _same_brain(report, options, checksum)
            and all(report["inputs"][str(modality)]["sha256"] == checksum(file) for modality, file in volumes.items())
        )
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return None
    return report if same else None


def _same_generator(report: Mapping[str, Any], manifest: Manifest, options: Options) -> bool:
    if not options.synthesize or manifest.synthesiser is None or manifest.synthesiser.bundle is None:
        return True  # it is a file of the model
    try:
        generator = bundles.find(manifest.synthesiser.bundle).manifest
    except BundleError:
        return False
    told = report["synthetic"]["model"]
    return (told["name"], told["version"]) == (generator.name, generator.version)


def _same_brain(report: Mapping[str, Any], options: Options, checksum: Callable[[Path], str]) -> bool:
    if options.brain in BRAIN:
        return report["options"]["brain"] == options.brain
    return report["brain"]["mask_sha256"] == checksum(Path(options.brain))


def _answers(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in _NOT_THE_ANSWER}


def summary_row(
    case: str, state: str, report: Mapping[str, Any] | None, problem: str = "", choice: Choice | None = None
) -> dict[str, Any]:
    """A case as a row: what there was, what of it was used and why, what was not, how it ended, volumes in ml by
    region. What there may be several of is a list."""
    report, choice = report or {}, choice or Choice()
    row: dict[str, Any] = {"case": case, "state": state, "sequences": report.get("code") or ""}
    row |= {"found": choice.found, "used": choice.used_rows(), "skipped": choice.skipped_rows()}
    row |= {f"{region}_ml": round(value, 4) for region, value in (report.get("volumes_ml") or {}).items()}
    row["lesions"] = report.get("lesion_count")
    seconds = (report.get("timings_s") or {}).values()
    row["seconds"] = round(sum(seconds), 1) if seconds else None
    row["warnings"] = [warning["message"] for warning in report.get("warnings") or ()]
    return row | {"problem": problem}


def write_summary(folder: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write `summary.csv`: all of it or nothing. Raises as `disk_errors`."""
    columns = list(summary_columns(rows))
    target = Path(folder) / SUMMARY
    with disk_errors(Path(folder)):
        Path(folder).mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{SUMMARY}.{os.getpid()}.part")
        # Names of files that are no UTF-8 are told as far as they are letters.
        with open(unfinished, "w", encoding="utf-8", newline="", errors="backslashreplace") as stream:
            writer = csv.DictWriter(stream, columns, restval="")
            writer.writeheader()
            writer.writerows({name: _guarded(_text(value)) for name, value in row.items()} for row in rows)
        os.replace(unfinished, target)
    return target


def read_summary(path: Path) -> list[dict[str, str]]:
    """The rows of such a table as they were before they were written. Raises `OSError`, `ValueError`, `csv.Error`."""
    with open(path, encoding="utf-8", newline="") as stream:
        return [{name: _without_guard(cell) for name, cell in row.items()} for row in csv.DictReader(stream)]


def summary_columns(rows: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Volumes between what went in and how it ended, in the order in which regions turn up."""
    first = ("case", "state", "sequences", "found", "used", "skipped")
    last = ("lesions", "seconds", "warnings", "problem")
    regions = dict.fromkeys(key for row in rows for key in row if key not in first and key not in last)
    return (*first, *regions, *last)


def _text(value: Any) -> Any:
    """A cell of a table of text."""
    if isinstance(value, Mapping):
        return ": ".join(str(part) for part in value.values() if part)
    return " | ".join(map(_text, value)) if isinstance(value, list | tuple) else value


def _guarded(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _without_guard(cell: Any) -> Any:
    return cell[1:] if isinstance(cell, str) and cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell
