"""Every case of a datalist, every subset of its modalities: rows of figures, and what was skipped and why."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev
from typing import Any

from torch import nn

from MissingModalitySegLib.datalists import Case, Datalist
from MissingModalitySegLib.errors import InputError, MissingModalitySegError
from MissingModalitySegLib.labels import GLIOMA, LabelScheme, find_scheme
from MissingModalitySegLib.modalities import MODALITIES, Code, Modality


@dataclass
class Evaluation:
    """Rows as in the file format: one per case and code."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[dict[str, str]] = field(default_factory=list)

    def summary(self) -> dict[str, dict[str, dict[str, float]]]:
        """Mean, standard error and count of Dice: code → region → figures."""
        codes: dict[str, dict[str, list[float]]] = {}
        for row in self.rows:
            for region, value in row["dice"].items():
                codes.setdefault(row["code"], {}).setdefault(region, []).append(value)
        return {
            code: {
                region: {
                    "mean": fmean(values),
                    "se": stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0,
                    "n": len(values),
                }
                for region, values in regions.items()
            }
            for code, regions in codes.items()
        }


def evaluate(
    network: nn.Module,
    datalist: Datalist,
    subsets: str | Sequence[Code] = "all",
    modalities: tuple[Modality, ...] = MODALITIES,
    spacing: float = 1.0,
    scheme: LabelScheme = GLIOMA,
    report: Callable[[dict[str, Any]], None] = lambda row: None,
) -> Evaluation:
    """Segment and score every labelled case for `subsets`: "all" of what it has, "full", or given codes.

    A case that cannot be read or prepared is skipped with its reason and never stops the evaluation.
    """
    result = Evaluation()
    for case in datalist.cases:
        if case.label is None:
            result.skipped.append({"case": case.id, "code": "", "why": "it has no label"})
            continue
        for code in _codes(case, subsets, modalities, result):
            try:
                row = evaluate_case(network, case, code, spacing, scheme)
            except MissingModalitySegError as error:
                result.skipped.append({"case": case.id, "code": str(code), "why": str(error)})
                continue
            result.rows.append(row)
            report(row)
    return result


def evaluate_case(
    network: nn.Module, case: Case, code: Code, spacing: float = 1.0, scheme: LabelScheme = GLIOMA
) -> dict[str, Any]:
    """One row: the case as if only the modalities of `code` had been acquired, scored on the label's own grid."""
    from MissingModalitySegLib.engine import Model, prepare, read_image, read_study, restore_labels
    from MissingModalitySegLib.engine.images import to_array
    from MissingModalitySegLib.engine.predict import labels_from, predict
    from MissingModalitySegLib.engine.prepare import resample_labels
    from MissingModalitySegLib.measures.overlap import dice

    if not case.brain_extracted and case.brain_mask is None:
        raise InputError("brain-not-extracted", "It shows the whole head and has no brain mask.")
    study = read_study({modality: case.modalities[modality] for modality in code}, case.brain_mask)
    truth_image = read_image(case.label)
    truth_scheme = find_scheme(case.scheme)
    started = time.monotonic()
    model = Model(network, code.modalities, spacing, scheme=scheme)
    prepared = prepare(study, spacing, code.modalities, multiple=network.multiple)
    found_image = restore_labels(labels_from(predict(model, prepared), scheme), prepared.frame)
    seconds = time.monotonic() - started
    found, truth = to_array(resample_labels(found_image, truth_image)), to_array(truth_image)
    truth_scheme.check_values(set(truth.ravel().tolist()), f"The label of {case.id}")
    return {
        "case": case.id,
        "code": str(code),
        "dice": {
            name: dice(_inside(found, scheme, name), _inside(truth, truth_scheme, name)) for name in truth_scheme.scored
        },
        "volume_ml": {name: _millilitres(_inside(found, scheme, name), truth_image) for name in scheme.region_names},
        "seconds": round(seconds, 3),
    }


def _inside(labels: Any, scheme: LabelScheme, region: str) -> Any:
    import numpy as np

    return np.isin(labels, sorted(scheme.region(region).values))


def _millilitres(mask: Any, image: Any) -> float:
    x, y, z = image.GetSpacing()
    return round(float(mask.sum()) * x * y * z / 1000, 3)


def _codes(
    case: Case, subsets: str | Sequence[Code], modalities: tuple[Modality, ...], result: Evaluation
) -> Iterator[Code]:
    full = Code(tuple(modality for modality in modalities if modality in case.modalities), modalities)
    if subsets == "full":
        yield full
    elif subsets == "all":
        yield from (code for code in Code.all(modalities) if code.issubset(full))
    else:
        for code in subsets:
            if code.issubset(full):
                yield code
            else:
                why = f"it has {full} only"
                result.skipped.append({"case": case.id, "code": str(code), "why": why})
