"""Training sets in which most subjects lack modalities (Zhao et al., full-modality ratio of 1, 10, 50, 100 %).

D_f, the subjects who keep all modalities, is drawn once; every other subject loses one to three. What was drawn is
stored with its seed, so that a result can name its data exactly and the truth of what was dropped can be looked up.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections import defaultdict
from dataclasses import replace

from MissingModalitySegLib.datalists import Case, Datalist
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import MODALITIES, Modality

from .splits import subject_of

MOST_DROPPED = 3
METADATA_KEY = "simulated_missing"


def simulate_missing(datalist: Datalist, full_ratio: float, seed: int) -> Datalist:
    """The data list with fewer modalities per case.

    D_f holds `full_ratio` of all subjects, rounded half up, at least one when the ratio is above zero. Any other
    subject lacks d modalities of those in the data list, d uniform over 1 … 3, which ones uniform; a sequence that was
    never acquired counts, no case loses its last one, and all visits of a subject lose the same. The draw of a subject
    depends on its name and the seed alone: with one seed, D_f at 1 % is part of D_f at 10 %, and who is in neither
    lacks the same modalities in both.

    Each case gets `dropped` (names) as metadata, the data list `simulated_missing` (ratio, seed, the names in D_f and a
    fingerprint of the original). Raises `InputError` for a ratio outside 0 … 1, too few subjects with all modalities,
    or a data list that was thinned out before.
    """
    if not 0 <= full_ratio <= 1:
        raise InputError("bad-ratio", f"{full_ratio:g} is no ratio.", "Give a number from 0 to 1; 0.01 is one percent.")
    if METADATA_KEY in datalist.metadata:
        raise InputError(
            "simulated-already", f"Modalities of “{datalist.name}” were dropped before.", "Start from the original."
        )
    everything = tuple(m for m in MODALITIES if any(m in case.modalities for case in datalist.cases))
    if len(everything) < 2:
        raise InputError("too-few-modalities", "The data list has a single modality; nothing can be dropped from it.")
    visits: dict[str, list[Case]] = defaultdict(list)
    for case in datalist.cases:
        visits[subject_of(case)].append(case)
    wanted = math.floor(full_ratio * len(visits) + 0.5)
    if full_ratio > 0:
        wanted = max(wanted, 1)
    complete = [
        name for name, cases in visits.items() if all(len(case.modalities) == len(everything) for case in cases)
    ]
    if len(complete) < wanted:
        raise InputError(
            "too-few-complete-subjects",
            f"{wanted} subjects with {', '.join(everything)} are asked for; {len(complete)} have them all.",
            "Lower the ratio, or leave out cases with sequences that the others lack.",
        )
    full = sorted(sorted(complete, key=lambda name: (_random("full", seed, name).random(), name))[:wanted])
    dropped = {name: [] if name in set(full) else _draw(cases, everything, seed) for name, cases in visits.items()}
    cases = tuple(_without(case, dropped[subject_of(case)]) for case in datalist.cases)
    record = {
        "full_ratio": full_ratio,
        "seed": seed,
        "modalities": [modality.value for modality in everything],
        "full_subjects": full,
        "original": {"name": datalist.name, "fingerprint": fingerprint(datalist)},
    }
    return replace(datalist, cases=cases, metadata={**datalist.metadata, METADATA_KEY: record})


def fingerprint(datalist: Datalist) -> str:
    """SHA-256 over which modalities each case has: tells whether a data list is the one that was thinned out."""
    table = sorted((case.id, str(case.code)) for case in datalist.cases)
    return hashlib.sha256(json.dumps(table).encode()).hexdigest()


def _draw(visits: list[Case], everything: tuple[Modality, ...], seed: int) -> list[Modality]:
    """Which modalities a subject outside D_f loses."""
    dice = _random("dropped", seed, subject_of(visits[0]))
    count = dice.randint(1, min(MOST_DROPPED, len(everything) - 1))
    order = dice.sample(everything, len(everything))
    gone = {modality for modality in everything if not any(modality in case.modalities for case in visits)}
    dropped: list[Modality] = []
    for modality in order:
        if len(gone) >= count:
            break
        if modality not in gone and all(set(case.modalities) - gone - {modality} for case in visits):
            gone.add(modality)
            dropped.append(modality)
    return [modality for modality in everything if modality in dropped]


def _without(case: Case, dropped: list[Modality]) -> Case:
    kept = {modality: path for modality, path in case.modalities.items() if modality not in dropped}
    masks = {modality: path for modality, path in case.brain_masks.items() if modality in kept}
    names = [modality.value for modality in dropped if modality in case.modalities]
    return replace(case, modalities=kept, brain_masks=masks, metadata={**case.metadata, "dropped": names})


def _random(purpose: str, seed: int, name: str) -> random.Random:
    return random.Random(f"{purpose}/{seed}/{name}")
