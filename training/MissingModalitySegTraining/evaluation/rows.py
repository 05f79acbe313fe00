"""One row: what was measured about one case with one code, as plain JSON data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from MissingModalitySegLib.labels import LabelScheme
from MissingModalitySegLib.measures.region import RegionMeasures, measure_region
from MissingModalitySegLib.measures.volumes import millilitres
from MissingModalitySegLib.modalities import Code

Row = dict[str, Any]
Masks = Mapping[str, np.ndarray]

FORMAT = 2
"""Counts up when a row comes to hold something else, so that rows of an older program are not mixed with new ones."""


def masks_of(labels: np.ndarray, scheme: LabelScheme) -> Masks:
    """The mask of each region of `scheme` in a label map, by name."""
    return {region.name: np.isin(labels, sorted(region.values)) for region in scheme.regions}


def make_row(
    case: Mapping[str, str | None], code: Code, found: Masks, truth: Masks, spacing: Sequence[float], seconds: float
) -> Row:
    """The row of a case, given as `{"case", "subject", "dataset"}`; masks by region, `spacing` in mm.

    Regions with truth are measured; of the other found ones the volume is told. `hd95` is null where it is infinite,
    since JSON has no infinity. CScore needs all cases and comes later (`scores.add_cscores`).
    """
    regions = {name: measure_region(mask, truth[name], spacing) for name, mask in found.items() if name in truth}
    row: Row = {**case, "code": str(code)}
    for measure in ("dice", "hd95", "ppv", "sensitivity"):
        row[measure] = {name: _number(getattr(region, measure)) for name, region in regions.items()}
    row["lesions"] = {name: _lesions(region) for name, region in regions.items()}
    row["volume_ml"] = {
        name: {"found": _number(millilitres(mask, spacing)), "true": None} for name, mask in found.items()
    }
    for name, region in regions.items():
        row["volume_ml"][name]["true"] = _number(region.true_ml)
    row["seconds"] = round(seconds, 3)
    return row


def _lesions(region: RegionMeasures) -> dict[str, float | int]:
    lesions = region.lesions
    return {
        "true": lesions.true,
        "found": lesions.found,
        "hit": lesions.hit,
        "false": lesions.false,
        "ltpr": _number(lesions.true_positive_rate),
        "lfpr": _number(lesions.false_positive_rate),
        "f1": _number(lesions.f1),
    }


def _number(value: float) -> float | None:
    """Six significant digits, null for infinity."""
    return float(f"{value:.6g}") if math.isfinite(value) else None


Kind = Literal["simulated", "real"]


@dataclass(frozen=True)
class Evaluation:
    """What a model reached on which data.

    `kinds` says of each data set whether its scans are simulated or real: no figure is shown without. `grid` says
    where masks were compared: on the truth's own (`native`) or on the model's (`model`), where small lesions and thin
    borders score differently.
    """

    model: str
    datalist: str
    rows: tuple[Row, ...]
    skipped: tuple[dict[str, str], ...] = ()
    kinds: dict[str, Kind] = field(default_factory=dict)
    version: str = ""
    checksum: str = ""
    grid: Literal["native", "model"] = "native"


def dataset_of(row: Row, datalist: str) -> str:
    """The data set a row belongs to: the case's own, else the datalist."""
    return row.get("dataset") or datalist
