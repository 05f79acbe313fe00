"""Trainings and answers: what is there is not made again, what was begun is gone on with."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from MissingModalitySegLib.modalities import Code

from ..configs import TrainingConfig, read_config
from ..evaluation.cached import evaluate_cached
from ..evaluation.results import write_whole
from ..evaluation.rows import FORMAT, Row
from ..evaluation.scores import add_cscores
from ..loop import Progress
from ..runs import Run, is_run, open_run, train
from ..validation import model_of
from .cohorts import Cohort
from .prepared import CohortData, Report
from .scales import Scale
from .sharing import adopt, publish
from .tables import Asked, Training

ANSWERS = "test"
"""Folder in a run: its rows on the test cases, a file per case."""


@dataclass(frozen=True)
class Laboratory:
    """Where trainings and answers of one cohort are kept, and what all of them have in common."""

    folder: Path
    cohort: Cohort
    data: CohortData
    scale: Scale
    seed: int
    report: Report = print

    def config(self, training: Training) -> TrainingConfig:
        """The complete configuration of a training."""
        validation = self.data.learned_from("validation", training.tasks)
        overrides: dict[str, Any] = {
            **self.scale.overrides(training.method),
            "modalities": [modality.value for modality in self.cohort.modalities],
            "labels": self.cohort.labels,
            "seed": self.seed,
            "data.source": self.data.folder,
            "data.spacing": self.scale.spacing,
            "data.normalisation.bias_correction": self.data.cache.options.bias_correction,
            "data.ids": list(self.data.learned_from("training", training.tasks)),
            "data.missing.seed": self.seed,
            "validation.ids": list(validation),
            **dict(training.overrides),
        }
        return read_config(training.method, self.scale.preset, training.variant, overrides)

    def place(self, training: Training) -> Path:
        """The folder of a training's run: named after it, and by a digest of its configuration."""
        config = self.config(training).model_dump(mode="json")
        config["data"].pop("source")  # the same data elsewhere are the same data
        digest = hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:8]
        parts = [training.method, training.variant, *(f"{value}" for _, value in training.overrides), *training.tasks]
        return self.folder / re.sub(r"[^\w.+-]+", "_", f"{'-'.join(filter(None, parts))}-{digest}")

    def run(self, training: Training) -> Run:
        """The finished run of a training; trained, or gone on with, where it is not finished."""
        folder, config = self.place(training), self.config(training)
        if is_run(folder) and (run := open_run(folder)).finished:
            return run
        self.report(f"training {folder.name}")
        for name in adopt(config, folder, self.folder):
            self.report(f"{folder.name}: the stage {name} was trained before")
        run = train(
            config, folder, lambda stage, place: [Progress()], lambda line: self.report(f"{folder.name}: {line}")
        )
        publish(run, self.folder)
        return run

    def answers(self, asked: Asked) -> list[Row]:
        """The rows of what is asked of a network, trained first if need be; CScore over all cases of a data set."""
        run = self.run(asked.training)
        names = self.data.answered(asked.tasks)
        folder = run.folder / ANSWERS
        rows = {name: _read(folder / _file(name, asked)) for name in names}
        missing = [name for name in names if rows[name] is None]
        if missing:
            self.report(f"{run.folder.name}: {len(missing)} of {len(names)} test cases")
            device = "cuda" if torch.cuda.is_available() else "cpu"
            network = run.products().network.to(device).eval()
            model = model_of(run.config, network, run.folder.name)
            for name in missing:
                rows[name] = self._answer(model, name, asked.code)
                write_whole(folder / _file(name, asked), json.dumps({"format": FORMAT, "rows": rows[name]}) + "\n")
        return add_cscores([row for name in names for row in rows[name]])

    def _answer(self, model: Any, name: str, code: str | None) -> list[Row]:
        codes: str | Sequence[Code] = "all" if code is None else (Code.parse(code, self.cohort.modalities),)
        return list(evaluate_cached(model, self.data.cache, [name], codes, self.cohort.name, self.data.kind).rows)


def _file(name: str, asked: Asked) -> str:
    return f"{name}.{asked.code or 'all'}.json"


def _read(path: Path) -> list[Row] | None:
    """Rows that were written by this version of the program; None where there are none."""
    if not path.exists():
        return None
    document = json.loads(path.read_text(encoding="utf-8"))
    return document["rows"] if document["format"] == FORMAT else None
