"""Rows and data written by hand, for what becomes of them."""

from __future__ import annotations

from typing import Any

from MissingModalitySegTraining.reproduce.prepared import CohortData

Row = dict[str, Any]


def row(case: str, code: str, dice: float | dict[str, float], dataset: str = "made", true: int = 1, **more: Any) -> Row:
    """A row with one lesion in the truth of every region, unless `true` says otherwise."""
    scores = dice if isinstance(dice, dict) else {"lesion": dice}
    lesions = {"true": true, "found": 1, "hit": 1, "false": 0, "ltpr": 1.0, "lfpr": 0.0, "f1": 1.0}
    return {
        "case": case,
        "subject": more.pop("subject", case),
        "dataset": dataset,
        "code": code,
        "dice": scores,
        "hd95": {name: 10 * score for name, score in scores.items()},
        "ppv": scores,
        "sensitivity": scores,
        "lesions": {name: dict(lesions) for name in scores},
        "volume_ml": {name: {"found": 1.0, "true": 1.0} for name in scores},
        "cscore": scores,
        "cscore_as_printed": scores,
        "seconds": 0.1,
        **more,
    }


def data_of(tasks: dict[str, str] | None = None, unseen: tuple[str, ...] = ()) -> CohortData:
    """Data that were never prepared, of which the tasks are known."""
    return CohortData("nowhere", (), (), tuple(tasks or ()), tasks or {}, unseen, "simulated", "made by hand")
