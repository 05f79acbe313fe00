"""Folds for cross-validation: by subject, balanced over data sets, codes and lesion loads."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from MissingModalitySegLib.datalists import Case, Datalist
from MissingModalitySegLib.errors import InputError


@dataclass(frozen=True)
class _Subject:
    """All cases of one person; they go into one fold."""

    name: str
    dataset: str
    code: str
    load: float | None  # ml, the mean over the labelled cases
    cases: int


def lesion_load(case: Case) -> float | None:
    """Millilitres of lesion in the label of a case; None without a label. Raises `InputError` if it cannot be read."""
    if case.label is None:
        return None
    import numpy as np
    import SimpleITK as sitk  # noqa: N813

    from MissingModalitySegLib.engine.images import read_image

    image = read_image(case.label)
    x, y, z = image.GetSpacing()
    return float(np.count_nonzero(sitk.GetArrayViewFromImage(image) > 0.5)) * x * y * z / 1000


def lesion_loads(datalist: Datalist) -> dict[str, float | None]:
    """`lesion_load` of every case, by id."""
    return {case.id: lesion_load(case) for case in datalist.cases}


def split(datalist: Datalist, folds: int, seed: int, loads: Mapping[str, float | None]) -> Datalist:
    """The data list with a fold for every case; `loads` are lesion loads by case id, None where unknown.

    Subjects of one data set, code and labelling are sorted by load and dealt out in rounds of one per fold, each round
    in random order: every fold gets small and large lesions alike. What is left of the last round goes to the folds
    with the fewest subjects of that data set. Hence the folds' counts of subjects differ by at most one within each of
    these groups and within each data set. The outcome does not depend on the order of the cases.

    Raises `InputError` when there are fewer subjects than folds.
    """
    subjects = _subjects(datalist, loads)
    if folds < 2:
        raise InputError("bad-fold-count", f"{folds} folds are no cross-validation.", "Ask for two or more.")
    if len(subjects) < folds:
        raise InputError(
            "too-few-subjects", f"{len(subjects)} subjects cannot fill {folds} folds.", "Ask for fewer folds."
        )
    dice = random.Random(f"split/{seed}")
    groups: dict[tuple[str, str, bool], list[_Subject]] = defaultdict(list)
    for subject in subjects:
        groups[subject.dataset, subject.code, subject.load is None].append(subject)
    of_dataset: dict[str, Counter[int]] = defaultdict(Counter)
    of_all: Counter[int] = Counter()
    fold_of: dict[str, int] = {}
    for (dataset, _, _), members in sorted(groups.items()):
        members.sort(key=lambda subject: (subject.load or 0.0, subject.name))
        for start in range(0, len(members), folds):
            round_ = members[start : start + folds]
            order = dice.sample(range(folds), folds)
            order.sort(key=lambda fold: (of_dataset[dataset][fold], of_all[fold]))  # stable: ties stay random
            order = order[: len(round_)]
            dice.shuffle(order)
            for subject, fold in zip(round_, order, strict=True):
                fold_of[subject.name] = fold
                of_dataset[dataset][fold] += 1
                of_all[fold] += subject.cases
    cases = tuple(replace(case, fold=fold_of[subject_of(case)]) for case in datalist.cases)
    return replace(datalist, cases=cases, metadata={**datalist.metadata, "split": {"folds": folds, "seed": seed}})


def subject_of(case: Case) -> str:
    """Who a case shows; a case that does not say is taken for a person of its own.

    The name alone counts, also across data sets: two people of one name in one fold do no harm, one person in two folds
    would.
    """
    return case.subject or case.id


def _subjects(datalist: Datalist, loads: Mapping[str, float | None]) -> list[_Subject]:
    cases: dict[str, list[Case]] = defaultdict(list)
    for case in sorted(datalist.cases, key=lambda case: case.id):
        cases[subject_of(case)].append(case)
    subjects = []
    for name, own in sorted(cases.items()):
        known = [load for case in own if (load := loads.get(case.id)) is not None]
        widest = max((case.code for case in own), key=len)
        load = sum(known) / len(known) if known else None
        subjects.append(_Subject(name, own[0].dataset or "", str(widest), load, len(own)))
    return subjects
