"""All-stage missing data for training sources: what each subject lacks, drawn once and written down.

For prepared cases the draw is that of `simulate_missing` on a data list of the same subjects, modalities, ratio, seed.
In an endless stream of phantoms every case is a subject; each is in D_f with a probability that is the ratio.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from MissingModalitySegLib.datalists import Case, Datalist
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Code, Modality

from .cache import CachedCase
from .simulate_missing import METADATA_KEY, MOST_DROPPED, simulate_missing

RECORD = "missing.json"


def missing_in_cases(
    cases: Iterable[CachedCase], modalities: Sequence[Modality], full_ratio: float, seed: int
) -> dict[str, Any]:
    """The record of a draw over prepared cases: ratio, seed, the names in D_f, and what every case lost, by id.

    Only `modalities`, those of the run, are dropped and counted. Raises `InputError` as `simulate_missing` does.
    """
    entries = []
    for case in cases:
        held = {modality: Path(modality.value) for modality in case.code if modality in modalities}
        if held:
            entries.append(Case(case.id, held, subject=case.metadata.get("subject")))
    simulated = simulate_missing(Datalist("training", tuple(entries)), full_ratio, seed)
    return dict(simulated.metadata[METADATA_KEY]) | {
        "dropped": {case.id: list(case.metadata["dropped"]) for case in simulated.cases}
    }


def shown_codes(record: dict[str, Any], cases: Iterable[CachedCase]) -> dict[str, Code]:
    """What is shown of each case by the record of `missing_in_cases`."""
    codes = {}
    for case in cases:
        lost = record["dropped"].get(case.id, [])
        kept = tuple(modality for modality in case.code if modality.value not in lost)
        codes[case.id] = Code(kept, case.code.modalities)
    return codes


def missing_in_phantom(
    number: int, modalities: Sequence[Modality], full_ratio: float, seed: int
) -> tuple[Modality, ...]:
    """What phantom `number` of an endless stream lacks: nothing with probability `full_ratio`, else one to three."""
    dice = random.Random(f"phantom/{seed}/{number}")
    if dice.random() < full_ratio:
        return ()
    count = dice.randint(1, min(MOST_DROPPED, len(modalities) - 1))
    lost = dice.sample(list(modalities), count)
    return tuple(modality for modality in modalities if modality in lost)


def write_record(folder: Path, name: str, record: dict[str, Any]) -> None:
    """Store the record in a run's folder; `InputError` when another one is there: the data have changed."""
    path = folder / name
    if path.exists():
        if json.loads(path.read_text(encoding="utf-8")) != json.loads(json.dumps(record)):
            raise InputError(
                "other-data",
                f"{path} says that other modalities were missing when this run was begun.",
                "Use the data that it was begun with, or another folder.",
            )
        return
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(json.dumps(record, indent=1), encoding="utf-8")
    os.replace(unfinished, path)
