"""Reading figures out of rows, and the one figure that needs all of them: CScore."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import fmean

from MissingModalitySegLib.measures.composite import cscore, cscore_as_printed
from MissingModalitySegLib.measures.volumes import volume_correlation

from .rows import Row

MEASURES: dict[str, str] = {
    "dice": "Dice",
    "hd95": "HD95, mm",
    "ppv": "PPV",
    "sensitivity": "Sensitivity",
    "ltpr": "LTPR",
    "lfpr": "LFPR",
    "f1": "Lesion F1",
    "cscore": "CScore",
    "cscore_as_printed": "CScore as printed",
}
"""What is averaged and compared, and what it is called; volumes and counts are not."""

LOWER_IS_BETTER = frozenset({"hd95", "lfpr"})
_OF_LESIONS = frozenset({"ltpr", "lfpr", "f1"})


def value(row: Row, region: str, measure: str) -> float | None:
    """A figure of a row; None where the region was not scored or the figure does not exist."""
    if measure in _OF_LESIONS:
        return row["lesions"].get(region, {}).get(measure)
    return row.get(measure, {}).get(region)


def has_truth(row: Row, region: str) -> bool:
    """Whether a region was scored and its truth holds anything."""
    return region in row["dice"] and not truth_is_empty(row, region)


def truth_is_empty(row: Row, region: str) -> bool:
    """Whether the truth holds nothing of a scored region."""
    return row["lesions"][region]["true"] == 0


def both_are_empty(row: Row, region: str) -> bool:
    """Whether neither truth nor answer hold anything of a scored region: Dice is 1 for nothing."""
    return truth_is_empty(row, region) and row["lesions"][region]["found"] == 0


def regions_of(rows: Iterable[Row]) -> tuple[str, ...]:
    """The regions that any row scores, in order of appearance."""
    return tuple(dict.fromkeys(region for row in rows for region in row["dice"]))


def subject_of(row: Row) -> str:
    """Who was scanned; a case without a subject is one of its own."""
    return row.get("subject") or row["case"]


def correlation_of(rows: Sequence[Row], region: str) -> float | None:
    """Corr: Pearson over subjects of found and true volumes; of a subject with several cases the means are taken."""
    volumes: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in rows:
        if region in row["dice"]:
            volume = row["volume_ml"][region]
            volumes[subject_of(row)].append((volume["found"], volume["true"]))
    means = [[fmean(side) for side in zip(*pairs, strict=True)] for pairs in volumes.values()]
    return volume_correlation([found for found, _ in means], [true for _, true in means])


def add_cscores(rows: Sequence[Row]) -> list[Row]:
    """The rows with `cscore` and `cscore_as_printed` per region; null where Corr does not exist.

    Corr is taken over the subjects of one data set, with one code: that is what each figure of the paper's tables
    stands for. A row's score changes when cases are added to its data set.
    """
    groups: dict[tuple[str | None, str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.get("dataset"), row["code"]].append(row)
    correlations = {
        (*key, region): correlation_of(group, region) for key, group in groups.items() for region in regions_of(group)
    }
    return [_with_cscore(row, correlations) for row in rows]


def _with_cscore(row: Row, correlations: dict[tuple[str | None, str, str], float | None]) -> Row:
    scored = {key: entry for key, entry in row.items() if key not in ("cscore", "cscore_as_printed", "seconds")}
    for name, formula in (("cscore", cscore), ("cscore_as_printed", cscore_as_printed)):
        scored[name] = {}
        for region in row["dice"]:
            correlation = correlations[row.get("dataset"), row["code"], region]
            terms = (value(row, region, measure) for measure in ("dice", "ppv", "ltpr", "lfpr"))
            scored[name][region] = None if correlation is None else round(formula(*terms, correlation), 6)
    return scored | {"seconds": row["seconds"]}
