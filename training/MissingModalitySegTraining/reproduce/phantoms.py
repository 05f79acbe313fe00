"""Phantoms that stand in for the data sets of a cohort, made once per scale and seed."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from MissingModalitySegLib.modalities import MODALITIES, Code, Modality

from ..data.cache import REGIONS, Cache, CacheOptions
from ..data.phantom_cases import prepared_channels
from ..phantom.atlas import load_atlas
from ..phantom.engine import sample_case
from ..phantom.output.simulate import simulate
from .cohorts import STAND_IN, Cohort, DataSet
from .prepared import SPLITS, CohortData, Report, read_record, write_record
from .scales import Scale

TUMOURS = ("glioma", "metastases")
"""Kinds of lesions that have a core."""

MAKERS = 2
"""Threads that render a phantom; the result does not depend on it."""
SPREAD = 100_003
"""Between the first seeds of two data sets: more than any has cases."""
MOST_DATA_SETS = 32


@dataclass(frozen=True)
class Planned:
    """A phantom to be made: its data set, split, number there, and seed."""

    dataset: DataSet
    split: str
    number: int
    seed: int

    @property
    def kind(self) -> str:
        return self.dataset.kinds[self.number % len(self.dataset.kinds)]

    @property
    def subject(self) -> str:
        return f"{self.dataset.name}-{self.split}-{self.number:03d}"


def plan(cohort: Cohort, scale: Scale, seed: int) -> Iterator[Planned]:
    """Every phantom of a cohort. No seed comes twice, so that no head is both trained on and measured."""
    for place, dataset in enumerate(cohort.datasets):
        number_of_all = 0
        for split, count in dataset.counts[scale.name]:
            for number in range(count):
                yield Planned(dataset, split, number, _first_seed(cohort, seed) + place * SPREAD + number_of_all)
                number_of_all += 1


def phantom_data(cohort: Cohort, scale: Scale, seed: int, folder: Path, report: Report) -> CohortData:
    """The phantoms of a cohort in `folder`; those that are there stay. Raises `InputError` where others are."""
    facts = {"cohort": cohort.name, "scale": scale.name, "seed": seed, "spacing": scale.spacing, "source": "phantom"}
    facts["datasets"] = [_described(dataset, scale) for dataset in cohort.datasets]
    if (there := read_record(folder, facts)) is not None:
        return there
    cache = Cache(folder, CacheOptions(spacing=scale.spacing))
    made = set(cache.ids)
    everything = list(plan(cohort, scale, seed))
    splits: dict[str, list[str]] = {split: [] for split in SPLITS}
    tasks: dict[str, str] = {}
    for done, planned in enumerate(everything):
        entries = _entries(cohort, planned)
        if not set(entries) <= made:
            report(f"phantom {done + 1} of {len(everything)}: {planned.subject}")
            _make(cohort, planned, entries, cache)
        splits[planned.split] += entries
        if cohort.single_images:
            tasks |= {entry: f"{planned.dataset.name} {modality}" for entry, modality in entries.items()}
    seen = [planned for planned in everything if planned.dataset.seen]
    about = (
        f"phantoms (simulated scans) standing in for {', '.join(dataset.name for dataset in cohort.datasets)}, "
        f"{scale.spacing:g} mm, seed {seed}: {_count(seen, 'training')} subjects for training, "
        f"{_count(everything, 'test')} for the test"
    )
    if len(seen) < len(everything):
        others = _count(everything, "training") - _count(seen, "training")
        about += f" ({others} more of unseen data sets, for models made for these alone)"
    named = {split: tuple(names) for split, names in splits.items()}
    unseen = tuple(dataset.name for dataset in cohort.datasets if not dataset.seen)
    data = CohortData(str(folder), **named, tasks=tasks, unseen=unseen, kind="simulated", about=about)
    return write_record(data, facts)


def _count(phantoms: Iterable[Planned], split: str) -> int:
    return sum(planned.split == split for planned in phantoms)


def _described(dataset: DataSet, scale: Scale) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "modalities": [modality.value for modality in dataset.modalities],
        "kinds": list(dataset.kinds),
        "counts": asdict(dataset.counts[scale.name]),
        "mixture": asdict(dataset.mixture),
    }


def _first_seed(cohort: Cohort, seed: int) -> int:
    """Apart from those of other cohorts and seeds."""
    place = zlib.crc32(cohort.name.encode()) % 1009
    return (seed * 1009 + place) * SPREAD * MOST_DATA_SETS


def _entries(cohort: Cohort, planned: Planned) -> dict[str, Modality | None]:
    """The cache entries of a phantom: one, or one per image."""
    if not cohort.single_images:
        return {planned.subject: None}
    return {f"{planned.subject}-{modality}": modality for modality in planned.dataset.modalities}


def _make(cohort: Cohort, planned: Planned, entries: Mapping[str, Modality | None], cache: Cache) -> None:
    atlas = load_atlas("cpu")
    case = sample_case(planned.seed, planned.kind, atlas, "research", None, planned.dataset.mixture)
    rendered = simulate(case, atlas, None, cache.options.spacing, "cpu", MAKERS)
    image, brain = prepared_channels(rendered, cache.options.spacing, cache.options.bias_correction)
    labels = rendered.labels.array
    metadata = {"subject": planned.subject, "dataset": f"{STAND_IN}{planned.dataset.name}", "kind": planned.kind}
    for entry, modality in entries.items():
        there = planned.dataset.modalities if modality is None else (modality,)
        code = Code(tuple(one for one in MODALITIES if one in there))
        truth, scored = labels, REGIONS
        if modality is not None:
            truth, scored = truth_of_image(labels, modality, planned.kind in TUMOURS), ("lesion",)
        cache.add(entry, image, code, truth, scored, brain, metadata)


def truth_of_image(labels: np.ndarray, modality: Modality, tumour: bool) -> np.ndarray:
    """What a single image is labelled with, (3, X, Y, Z) masks of which the first counts.

    The whole lesion; on T1ce the core of a `tumour` ("annotations for tumour core", Table II of the paper's
    supplement), also where all of it enhances. `labels` are values of the product's scheme: 1 core, 2 lesion around it,
    3 enhancing; they do not tell by themselves, since a plaque may enhance as well.
    """
    lesion = np.isin(labels, (1, 3)) if tumour and modality is Modality.T1CE else labels > 0
    return np.stack([lesion, np.zeros_like(lesion), np.zeros_like(lesion)])
