"""A data list as the data of a cohort: prepared, split by subject, and for single images taken apart."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from MissingModalitySegLib.datalists import Datalist, read_datalist
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Code

from ..data.cache import Cache, CachedCase, CacheOptions
from ..data.fill import fill_cache
from ..data.source import says_simulated
from .cohorts import Cohort
from .phantoms import truth_of_image
from .prepared import CohortData, Report, by_split, read_record, split_subjects, write_record
from .scales import Scale


def datalist_data(
    source: Path, unseen: Sequence[str], cohort: Cohort, scale: Scale, seed: int, folder: Path, report: Report
) -> CohortData:
    """The cases of a data list that have a truth the cohort asks for, in `folder`.

    Cases of the data sets `unseen` are not trained on, but by models made for them alone. Folds of the data list decide
    who is tested (`prepared.split_subjects`). Raises `InputError` when nothing can be used.
    """
    datalist = read_datalist(source)
    facts = {"cohort": cohort.name, "scale": scale.name, "seed": seed, "source": str(source), "unseen": list(unseen)}
    facts["content of the data list"] = hashlib.sha256(source.read_bytes()).hexdigest()
    if (there := read_record(folder, facts)) is not None:
        return there
    known = {case.dataset or datalist.name for case in datalist.cases}
    if strange := [name for name in unseen if name not in known]:
        raise InputError("unknown-data-set", f"{source} has no data set {', '.join(strange)}.", f"It has {known}.")
    whole = Cache(folder / "whole" if cohort.single_images else folder, CacheOptions(spacing=scale.spacing))
    fill_cache(whole, datalist.cases, verify=False, report=lambda case, what: report(f"{case}: {what}"))
    needed = {"lesion", "core", "enhancing"} if cohort.labels == "glioma" else {"lesion"}
    usable = [
        case
        for case in datalist.cases
        if case.id in whole.ids and needed <= set(whole[case.id].scored) and set(case.modalities) & {*cohort.modalities}
    ]
    if not usable:
        raise InputError("nothing-to-train-on", f"No case of {source} has a truth with {', '.join(sorted(needed))}.")
    subjects: dict[str, list[str]] = defaultdict(list)
    for case in usable:
        subjects[case.subject or case.id].append(case.id)
    splits = by_split(split_subjects(subjects, {case.id: case.fold for case in usable}, seed))
    tasks: dict[str, str] = {}
    if cohort.single_images:
        cache = Cache(folder, CacheOptions(spacing=scale.spacing))
        dataset = {case.id: case.dataset or datalist.name for case in usable}
        tumours = {name for id_, name in dataset.items() if _shows_tumour(whole[id_])}
        parts = {id_: _taken_apart(whole[id_], name, name in tumours, cache) for id_, name in dataset.items()}
        tasks = {entry: task for entries in parts.values() for entry, task in entries.items()}
        splits = {split: tuple(entry for name in names for entry in parts[name]) for split, names in splits.items()}
    counts = {split: len(names) for split, names in splits.items()}
    what = "images" if cohort.single_images else "cases"
    about = (
        f"“{datalist.name}” ({', '.join(sorted(known))}), {scale.spacing:g} mm, split with seed {seed}: "
        f"{counts['training']} {what} for training, {counts['test']} for the test"
    )
    kind = kind_of(datalist)
    data = CohortData(str(folder), **splits, tasks=tasks, unseen=tuple(unseen), kind=kind, about=about)
    return write_record(data, facts)


def kind_of(datalist: Datalist) -> Literal["simulated", "real"]:
    """Simulated where the data list says so, or every data set is called phantom; else real."""
    named = all((case.dataset or datalist.name).startswith("phantom") for case in datalist.cases)
    return "simulated" if says_simulated(datalist) or named else "real"


def _shows_tumour(case: CachedCase) -> bool:
    """Whether a case has a core that does not enhance, by which a data set of tumours is known as a whole.

    D: a core that enhances is no sign of one, since the product's labels give it to enhancing plaques as well.
    """
    bits = np.array(case.regions)
    return "core" in case.scored and bool(((bits >> 1 & 1) & ~(bits >> 2 & 1)).any())


def _taken_apart(case: CachedCase, dataset: str, tumours: bool, cache: Cache) -> dict[str, str]:
    """Add every image of a case as an entry of its own; entry → task. `tumours`: what the data set is of."""
    bits, brain = np.array(case.regions), np.array(case.brain)
    lesion, core, enhancing = ((bits >> i & 1).astype(bool) for i in range(3))
    labels = np.where(enhancing, 3, np.where(core, 1, np.where(lesion, 2, 0)))
    entries = {}
    for channel, modality in zip(case.channels, case.code, strict=True):
        entry = f"{case.id}-{modality}"
        image = np.zeros((len(cache.options.modalities), *case.shape), np.float32)
        image[cache.options.modalities.index(modality)] = channel
        metadata = {"subject": case.metadata.get("subject") or case.id, "dataset": dataset}
        truth = truth_of_image(labels, modality, tumours)
        cache.add(entry, image, Code((modality,), cache.options.modalities), truth, ("lesion",), brain, metadata)
        entries[entry] = f"{dataset} {modality}"
    return entries
