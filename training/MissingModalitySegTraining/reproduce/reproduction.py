"""`reproduce`: a table or a figure of a paper, from its trainings to its text, resumable at every level."""

from __future__ import annotations

import csv
import shlex
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from statistics import fmean
from typing import Any

from MissingModalitySegLib import __version__
from MissingModalitySegLib.errors import InputError

from ..evaluation.rows import Row
from ..loop import HISTORY
from ..runs import Run, is_run, open_run
from .aggregation import where_true
from .experiments import Laboratory
from .figures import draw
from .order import Order, open_laboratory, place_of
from .prepared import Report
from .report import markdown
from .results import fill, write
from .scales import SCALES, Scale
from .tables import TableDefinition

PAPERS = ("moe", "universal", "mome")
FIGURES = {"moe": ("gates",), "universal": ("fig3",), "mome": ("experts",)}
"""Pictures: gate weights by code, reconstructions, expert activity with and without curriculum."""


def names_of(paper: str) -> tuple[str, ...]:
    """What can be reproduced of a paper. Raises `InputError` for another."""
    if paper not in PAPERS:
        raise InputError("unknown-paper", f"“{paper}” is not among the papers.", f"Use one of {', '.join(PAPERS)}.")
    return (*(table.name for table in _tables(paper)), *FIGURES[paper])


def reproduce(order: Order, report: Report = print) -> Path:
    """Train what is missing, answer, write; the path of the Markdown file or picture.

    `report` hears what is being done. After every arm the table is written as far as it is known. Raises `InputError`
    for what does not exist; Ctrl-C and SIGTERM end a training with a checkpoint, and the same order goes on.
    """
    known = names_of(order.paper)
    if order.name not in known:
        hint = f"Use one of {', '.join(known)}."
        raise InputError("unknown-table", f"“{order.name}” of {order.paper} is not covered.", hint)
    if order.scale not in SCALES:
        raise InputError("unknown-scale", f"“{order.scale}” is no scale.", f"Use one of {', '.join(SCALES)}.")
    scale = SCALES[order.scale]
    if order.name in FIGURES[order.paper]:
        return draw(order, scale, report)
    definition = next(table for table in _tables(order.paper) if table.name == order.name)
    laboratory = open_laboratory(order, scale, definition.cohort, report)
    answers: dict[str, list[Row]] = {}
    path = place_of(order) / f"{order.name}.md"
    for name, arm in definition.arms.items():
        answers[name] = [where_true(row) for asked in arm.asked for row in laboratory.answers(asked)]
        table = fill(definition, answers, laboratory.data, facts_of(order, scale, laboratory, definition))
        path = write(table, place_of(order), markdown(table))
        report(f"{order.paper} {order.name}: {name} done, {len(table.waiting)} to go; {path}")
    return path


def facts_of(order: Order, scale: Scale, laboratory: Laboratory, definition: TableDefinition) -> dict[str, Any]:
    """What a reader must know of our figures."""
    runs = [laboratory.place(training) for training in definition.trainings]
    finished = [run for folder in runs if (run := _finished(folder)) is not None]
    notes = []
    encoders = {run.config.network.config.get("prompt_encoder") for run in finished if run.config.method == "universal"}
    if encoders - {None, "clip"}:
        notes.append(
            f"The paper's network reads CLIP's embedding of a prompt. Ours reads, depending on the row: "
            f"{', '.join(sorted(encoders - {None, 'clip'}))} (binary: the code itself, without a prompt)."
        )
    return {
        "data": laboratory.data.about,
        "kind": laboratory.data.kind,
        "scale": scale.name,
        "scale_about": scale.about,
        "seed": order.seed,
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "version": __version__,
        "trainings": [_described(run) for run in finished],
        "notes": notes,
    }


def _described(run: Run) -> dict[str, Any]:
    stages = run.provenance()["stages"]
    own = [stage for stage in stages.values() if "taken_from" not in stage]
    return {
        "run": run.folder.name,
        "stages": [(name, stage["steps"], "taken_from" in stage) for name, stage in stages.items()],
        "minutes": sum(stage["seconds"] for stage in own) / 60,
        "commit": next((stage.get("commit") for stage in own), None),
        "losses": last_losses(run.folder / list(stages)[-1] / HISTORY),
    }


def last_losses(history: Path) -> list[float] | None:
    """The mean loss over the fourth and over the last fifth of the steps in a stage's history; None without one."""
    if not history.exists():
        return None
    with history.open(newline="", encoding="utf-8") as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    fifth = max(1, len(losses) // 5)
    return [fmean(losses[-2 * fifth : -fifth]), fmean(losses[-fifth:])] if len(losses) > 1 else None


def _finished(folder: Path) -> Run | None:
    """The run in a folder, None where there is none that is finished."""
    if not is_run(folder):
        return None
    run = open_run(folder)
    return run if run.finished else None


def _tables(paper: str) -> Sequence[TableDefinition]:
    return import_module(f".{paper}", __package__).TABLES
