"""Rows of evaluations that never took place, with figures chosen by the test."""

from __future__ import annotations

from MissingModalitySegTraining.evaluation.rows import Evaluation
from MissingModalitySegTraining.evaluation.scores import add_cscores


def row(case: str, code: str, dice: float | dict[str, float], **more) -> dict:
    """Regions with a Dice of 0 or more; other figures are plain functions of it unless `more` gives them."""
    regions = dice if isinstance(dice, dict) else {"lesion": dice}
    lesions = {"true": 2, "found": 2, "hit": 1, "false": 1, "ltpr": 0.5, "lfpr": 0.5, "f1": 0.5}
    made = {
        "case": case,
        "subject": None,
        "dataset": None,
        "code": code,
        "dice": regions,
        "hd95": {name: 10 * (1 - value) for name, value in regions.items()},
        "ppv": dict(regions),
        "sensitivity": dict(regions),
        "lesions": {name: dict(lesions) for name in regions},
        "volume_ml": {name: {"found": 1 + value, "true": 2.0 + len(case)} for name, value in regions.items()},
        "seconds": 0.5,
    }
    return made | more


def evaluation(*rows: dict, model: str = "ours", **more) -> Evaluation:
    datasets = {each["dataset"] or "made" for each in rows}
    kinds = more.pop("kinds", dict.fromkeys(sorted(datasets), "simulated"))
    return Evaluation(model, "made", tuple(add_cscores(rows)), kinds=kinds, **more)


def without(region: str = "lesion", found: int = 0) -> dict:
    """Lesion counts of a case whose truth is empty."""
    empty = found == 0
    counts = {"true": 0, "found": found, "hit": 0, "false": found}
    return {region: counts | {"ltpr": float(empty), "lfpr": float(not empty), "f1": float(empty)}}
