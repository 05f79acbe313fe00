"""Lesion that models see where there is none: in sequences of healthy heads, and in what was synthesised of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from prepared_cases import PreparedCase, generated, real, synthesised
from reporting import row

from MissingModalitySegLib.bundles import find, load
from MissingModalitySegLib.datalists import Case
from MissingModalitySegLib.engine import Model, labels_from, load_model, predict_channels
from MissingModalitySegLib.modalities import Code

BAR_ML = 0.5
CODES = ("T1+T1ce+T2+FLAIR+DWI", "T1+T2+FLAIR", "FLAIR", "T1", "T2")
FROM = Code.parse("T1+T2")
"""What FLAIR is synthesised from."""


def measure(cases: Sequence[Case], count: int, models: Sequence[str]) -> list[dict[str, Any]]:
    """Rows for `reporting.report`."""
    synthesiser = load_model(load(find("synthesis").folder))
    rows = []
    for name in models:
        model = load_model(load(find(name).folder))
        healthy = list(generated(model, count, ("none",)))
        rows += [_row(f"{name} {code}", healthy, model, Code.parse(code), name) for code in CODES]
        made = [_with_synthetic_flair(one, synthesiser) for one in healthy]
        rows.append(_row(f"{name} synthetic FLAIR", made, model, Code.parse("FLAIR"), name))
        for one in real(model, [case for case in cases if case.metadata.get("disease") == "none"]):
            rows.append(_row(f"{name} {one.name} {one.code}", [one], model, one.code, name))
    return rows


def _row(title: str, cases: Sequence[PreparedCase], model: Model, code: Code, name: str) -> dict[str, Any]:
    found = [_volume_ml(model, one, code) for one in cases]
    print(title, " ".join(f"{value:.2f}" for value in found), flush=True)
    how = f"ml of lesion, median of {len(found)} lesion-free cases; most {max(found):.2f}"
    return row(title, median(found), bar=BAR_ML if name == "moe" else None, better="lower", how=how)


def _volume_ml(model: Model, case: PreparedCase, code: Code) -> float:
    found = predict_channels(model, case.shown(code).channels, case.brain, code)
    return float((labels_from(found, model.scheme) > 0).sum()) * case.voxel_ml


def _with_synthetic_flair(case: PreparedCase, synthesiser: Model) -> PreparedCase:
    made = replace(case, channels=synthesised(synthesiser, case, FROM))
    return made.shown(Code.parse("FLAIR"))
