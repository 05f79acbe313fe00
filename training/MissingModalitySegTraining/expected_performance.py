"""What to expect of a model, code by code, from what was measured on the cases held out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Code, Modality

Figure = dict[str, Any]
"""A row of `performance` in a manifest."""


def expected_performance(validation: Mapping[str, Any], modalities: Sequence[Modality]) -> list[Figure]:
    """Mean Dice and its standard error by code, region and data set, from the content of a `validation.json`.

    Only cases that have the region count: where there is nothing to find, Dice says whether anything was found and is
    no overlap. Of one case alone there is no standard error.
    """
    groups: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for row in validation["rows"]:
        code = str(Code.parse(row["code"], modalities))
        for region, value in row["dice"].items():
            if value is not None and row["volume_ml"][region]["true"]:
                groups[code, region, row.get("dataset") or validation["datalist"]].append(value)
    figures = []
    for (code, region, dataset), values in sorted(groups.items(), key=lambda group: _order(group[0], modalities)):
        figure: Figure = {"code": code, "region": region, "metric": "dice", "mean": round(fmean(values), 4)}
        if len(values) > 1:
            figure["standard_error"] = round(stdev(values) / len(values) ** 0.5, 4)
        kind = validation["data"][dataset]
        figures.append(figure | {"n": len(values), "dataset": dataset, "data": kind})
    return figures


def reliabilities(figures: Sequence[Figure], modalities: Sequence[Modality], region: str) -> tuple[float, ...]:
    """How far each modality alone can be trusted: the mean Dice of `region` from it, by which answers are weighted.

    Raises `InputError` where a modality was not measured alone, or none finds anything.
    """
    weights = []
    for modality in modalities:
        alone = [figure for figure in figures if figure["code"] == str(modality) and figure["region"] == region]
        if not alone:
            raise InputError(
                "no-reliability",
                f"Nobody measured what {modality} alone finds, so its reliability is not known.",
                "Validate with every modality alone, or fuse by the mean.",
            )
        cases = sum(figure["n"] for figure in alone)
        weights.append(round(sum(figure["mean"] * figure["n"] for figure in alone) / cases, 4))
    if not any(weights):
        raise InputError("no-reliability", "No modality alone finds anything.", "Train longer, or fuse by the mean.")
    return tuple(weights)


def _order(key: tuple[str, str, str], modalities: Sequence[Modality]) -> tuple[str, int, int]:
    code, region, dataset = key
    regions = ("lesion", "core", "enhancing")
    return dataset, Code.parse(code, modalities).mask, regions.index(region) if region in regions else len(regions)
