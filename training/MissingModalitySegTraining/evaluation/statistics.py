"""Means with standard errors, and whether one model is better than another.

A caveat holds for every figure over several codes: the rows of one subject are not independent, since the same scan is
scored up to 2^K - 1 times. The papers pool all rows, so the pooled figures are what can be laid beside theirs; their
standard errors are too small and their p values too low. The figures called `by_subject` first average over the codes
of each subject, so that every subject counts once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean, median, stdev
from typing import Any

from MissingModalitySegLib.errors import InputError

from .rows import Evaluation, Row, dataset_of
from .scores import (
    LOWER_IS_BETTER,
    MEASURES,
    both_are_empty,
    correlation_of,
    regions_of,
    subject_of,
    truth_is_empty,
    value,
)

Figures = dict[str, Any]


def summarise(evaluation: Evaluation) -> Figures:
    """Means over everything and per data set.

    `by_code`: code → region → figures. `over_codes`: region → figures over all rows, as the papers' “mean over all
    modality configurations”. `by_dataset`: the same for each data set, with `data` (simulated or real) and `cases`.
    """
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in evaluation.rows:
        groups[dataset_of(row, evaluation.datalist)].append(row)
    return _tables(evaluation.rows) | {
        "by_dataset": {
            name: {"data": evaluation.kinds.get(name), "cases": len({row["case"] for row in rows})} | _tables(rows)
            for name, rows in groups.items()
        }
    }


def figures(rows: Sequence[Row], region: str) -> Figures:
    """What rows say of a region.

    Per measure `mean`, `se` (sample deviation / √n; null for a single row) and `n`, over the rows where the measure
    exists: HD95 is left out where it is infinite, CScore where Corr does not exist. `dice_where_true` is Dice without
    the cases whose truth is empty: on those an empty answer scores 1 and everything else 0. Then how many such cases
    there are (`truth_empty`), in how many nothing was found as well (`both_empty`), in how many only one side was empty
    (`hd95_infinite`), and Corr.
    """
    scored = [row for row in rows if region in row["dice"]]
    found: Figures = {measure: mean_of(value(row, region, measure) for row in scored) for measure in MEASURES}
    found["dice_where_true"] = mean_of(value(row, region, "dice") for row in scored if not truth_is_empty(row, region))
    found["truth_empty"] = sum(truth_is_empty(row, region) for row in scored)
    found["both_empty"] = sum(both_are_empty(row, region) for row in scored)
    found["hd95_infinite"] = sum(row["hd95"][region] is None for row in scored)
    found["subjects"] = len({subject_of(row) for row in scored})
    return found


def mean_of(values: Iterable[float | None]) -> Figures:
    """Mean, standard error and count of the values that exist."""
    known = [each for each in values if each is not None]
    return {
        "mean": fmean(known) if known else None,
        "se": stdev(known) / len(known) ** 0.5 if len(known) > 1 else None,
        "n": len(known),
    }


def compare(ours: Evaluation, other: Evaluation) -> Figures:
    """Whether `ours` differs from `other`: Wilcoxon signed-rank tests, two-sided, paired over (case, code).

    Per region and measure: `pairs`; `zeros`, how many pairs are equal (Wilcoxon's own rule: they are dropped before
    ranking; where all are equal p is 1); `left_out`, pairs without a figure on either side (HD95 infinite); `p`; the
    effect as `median_difference` and `mean_difference` (ours - other, zeros included); `better` and `worse`, in how
    many pairs ours is. `by_subject` holds the same test over one mean difference per subject. Raises `InputError` when
    nothing can be paired, masks were compared on different grids, or cases of one name have different truths.
    """
    if ours.grid != other.grid:
        raise InputError(
            "other-grid",
            f"One evaluation compared masks on the grid “{ours.grid}”, the other on “{other.grid}”.",
            "Evaluate both in the same way.",
        )
    others = {(row["case"], row["code"]): row for row in other.rows}
    pairs = [(row, others[key]) for row in ours.rows if (key := (row["case"], row["code"])) in others]
    if not pairs:
        raise InputError(
            "nothing-to-compare",
            f"“{ours.model}” and “{other.model}” were evaluated on no common case and code.",
            "Evaluate both on the same data list and subsets.",
        )
    for one, two in pairs:
        _check_same_truth(one, two)
    return {
        "ours": ours.model,
        "other": other.model,
        "pairs": len(pairs),
        "unpaired": len(ours.rows) + len(other.rows) - 2 * len(pairs),
        "regions": {
            region: {measure: _compared(pairs, region, measure) for measure in MEASURES}
            for region in regions_of(row for pair in pairs for row in pair)
        },
    }


def wilcoxon(differences: Sequence[float]) -> tuple[float, int]:
    """p (two-sided) of Wilcoxon's signed-rank test and how many differences are zero; zeros are dropped first."""
    from scipy import stats

    other_than_zero = [each for each in differences if each != 0]
    if not other_than_zero:
        return 1.0, len(differences)
    return float(stats.wilcoxon(other_than_zero).pvalue), len(differences) - len(other_than_zero)


def _check_same_truth(one: Row, two: Row) -> None:
    volumes = [{region: volume["true"] for region, volume in row["volume_ml"].items()} for row in (one, two)]
    if any(volumes[0][region] != volumes[1][region] for region in one["dice"] if region in two["dice"]):
        raise InputError(
            "other-truth",
            f"The case “{one['case']}” has another truth in one evaluation than in the other.",
            "Evaluate both on the same data list.",
        )


def _compared(pairs: Sequence[tuple[Row, Row]], region: str, measure: str) -> Figures | None:
    scored = [(one, two) for one, two in pairs if region in one["dice"] and region in two["dice"]]
    by_subject: dict[str, list[float]] = defaultdict(list)
    for one, two in scored:
        values = value(one, region, measure), value(two, region, measure)
        if None not in values:
            # Values are stored with six digits: more would be rounding, and equal answers must stay equal.
            by_subject[subject_of(one)].append(round(values[0] - values[1], 9))
    differences = [each for group in by_subject.values() for each in group]
    if not differences:
        return None
    left_out = len(scored) - len(differences)
    return _tested(differences, measure) | {
        "left_out": left_out,
        "by_subject": _tested([round(fmean(group), 9) for group in by_subject.values()], measure),
    }


def _tested(differences: Sequence[float], measure: str) -> Figures:
    p, zeros = wilcoxon(differences)
    sign = -1 if measure in LOWER_IS_BETTER else 1
    return {
        "pairs": len(differences),
        "zeros": zeros,
        "p": p,
        "median_difference": median(differences),
        "mean_difference": fmean(differences),
        "better": sum(sign * each > 0 for each in differences),
        "worse": sum(sign * each < 0 for each in differences),
    }


def _tables(rows: Sequence[Row]) -> Figures:
    codes: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        codes[row["code"]].append(row)
    return {
        "by_code": {code: _per_region(group, _of_one_code) for code, group in codes.items()},
        "over_codes": _per_region(rows, _of_many_codes),
    }


def _per_region(rows: Sequence[Row], make: Callable[[Sequence[Row], str], Figures]) -> dict[str, Figures]:
    return {region: make(rows, region) for region in regions_of(rows)}


def _of_one_code(rows: Sequence[Row], region: str) -> Figures:
    """With Corr over subjects, where the rows are of one data set: over several, it says which has larger lesions."""
    datasets = {row.get("dataset") for row in rows}
    return figures(rows, region) | {"correlation": correlation_of(rows, region) if len(datasets) == 1 else None}


def _of_many_codes(rows: Sequence[Row], region: str) -> Figures:
    """With `mean_of_codes`, in which each code counts once however many cases have it, and `by_subject`."""
    found = figures(rows, region)
    for measure, figure in found.items():
        if isinstance(figure, Mapping):
            known = [
                (row, each)
                for row in rows
                if region in row["dice"] and (each := _value(row, region, measure)) is not None
            ]
            figure["mean_of_codes"] = _mean_of_means((row["code"], each) for row, each in known)["mean"]
            figure["by_subject"] = _mean_of_means((subject_of(row), each) for row, each in known)
    found["codes"] = len({row["code"] for row in rows if region in row["dice"]})
    return found


def _value(row: Row, region: str, measure: str) -> float | None:
    if measure == "dice_where_true":
        return None if truth_is_empty(row, region) else value(row, region, "dice")
    return value(row, region, measure)


def _mean_of_means(values: Iterable[tuple[str, float]]) -> Figures:
    groups: dict[str, list[float]] = defaultdict(list)
    for key, each in values:
        groups[key].append(each)
    return mean_of(fmean(group) for group in groups.values())
