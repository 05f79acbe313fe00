"""The data of a cohort, prepared on disk once: who is trained on, who is looked at meanwhile, who is measured."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from MissingModalitySegLib.errors import InputError

from ..data.cache import Cache
from ..evaluation.results import write_whole

RECORD = "data.json"
SPLITS = ("training", "validation", "test")
Report = Callable[[str], None]


@dataclass(frozen=True)
class CohortData:
    """Entries of a cache by split; `tasks` maps an entry to its task, where images are taken singly.

    Entries of the data sets `unseen` are trained on only by models for their tasks.
    """

    folder: str
    training: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    tasks: Mapping[str, str]
    unseen: tuple[str, ...]
    kind: Literal["simulated", "real"]
    about: str
    """What the figures are measured on, in words."""

    @property
    def cache(self) -> Cache:
        return Cache(self.folder)

    def is_seen(self, entry: str) -> bool:
        """Whether an entry belongs to a data set that is trained on."""
        return dataset_of(self.tasks.get(entry, "")) not in self.unseen

    def learned_from(self, split: str, tasks: Sequence[str]) -> tuple[str, ...]:
        """The entries of a split for a training on `tasks`; without, those of all data sets that are seen."""
        names = getattr(self, split)
        return tuple(name for name in names if (self.tasks.get(name) in tasks if tasks else self.is_seen(name)))

    def answered(self, tasks: Sequence[str]) -> tuple[str, ...]:
        """The entries of the test that belong to `tasks`; without, all."""
        return tuple(name for name in self.test if not tasks or self.tasks.get(name) in tasks)


def dataset_of(task: str) -> str:
    """The data set of the task `<data set> <modality>`."""
    return task.rpartition(" ")[0]


def write_record(data: CohortData, facts: Mapping[str, Any]) -> CohortData:
    """Store what was prepared, and the `facts` it was made from, beside the cache."""
    write_whole(Path(data.folder) / RECORD, json.dumps({"facts": facts, **asdict(data)}, indent=1) + "\n")
    return data


def read_record(folder: Path, facts: Mapping[str, Any]) -> CohortData | None:
    """What was prepared in `folder` before; None where nothing was. `InputError` where it was made from other facts."""
    path = folder / RECORD
    if not path.exists():
        return None
    document = json.loads(path.read_text(encoding="utf-8"))
    before, now = document.pop("facts"), json.loads(json.dumps(facts))
    if before != now:
        other = ", ".join(sorted(key for key in {*before, *now} if before.get(key) != now.get(key)))
        raise InputError(
            "other-data",
            f"{folder} holds the data of another reproduction; they differ in: {other}.",
            "Choose another --output, or remove the folder to make them anew.",
        )
    document = {key: tuple(value) if key in (*SPLITS, "unseen") else value for key, value in document.items()}
    return CohortData(**document | {"folder": str(folder)})


def split_subjects(subjects: Mapping[str, Iterable[str]], folds: Mapping[str, int | None], seed: int) -> dict[str, str]:
    """Entry → split. `subjects` name the entries of each person, who all go the same way.

    Where every entry has a fold, the lowest is the test set, the next one (of three or more) for validation. Otherwise
    a fifth of the subjects is drawn for the test, a twentieth for validation. Raises `InputError` when a split that is
    needed would be empty.
    """
    numbers = sorted({fold for fold in folds.values() if fold is not None})
    chosen: dict[str, str] = {}
    if len(numbers) > 1 and None not in folds.values():
        special = {numbers[0]: "test"} | ({numbers[1]: "validation"} if len(numbers) > 2 else {})
        for entries in map(list, subjects.values()):
            lowest = min(folds[entry] for entry in entries)  # of a person in several, all go where the lowest says
            chosen |= dict.fromkeys(entries, special.get(lowest, "training"))
    else:
        order = sorted(subjects)
        random.Random(f"reproduce/{seed}").shuffle(order)
        test, validation = max(1, len(order) // 5), len(order) // 20
        for number, subject in enumerate(order):
            split = "test" if number < test else "validation" if number < test + validation else "training"
            chosen |= dict.fromkeys(subjects[subject], split)
    for needed in ("training", "test"):
        if needed not in chosen.values():
            raise InputError("too-few-subjects", f"No subject is left for {needed}.", "Give more cases, or folds.")
    return chosen


def by_split(chosen: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Split → entries, sorted."""
    names: dict[str, list[str]] = defaultdict(list)
    for entry, split in sorted(chosen.items()):
        names[split].append(entry)
    return {split: tuple(names[split]) for split in SPLITS}
