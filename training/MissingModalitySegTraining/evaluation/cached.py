"""Evaluation on prepared arrays: during training, and where there are no images, only a cache."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import torch

from MissingModalitySegLib.engine.model import Model
from MissingModalitySegLib.engine.predict import Inference, labels_from, predict_channels
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.labels import LabelScheme
from MissingModalitySegLib.modalities import Code

from ..data.cache import REGIONS, Cache, CachedCase
from .evaluate import Subsets, codes_of, scheme_of
from .journal import model_checksum
from .rows import Evaluation, Kind, Masks, Row, make_row, masks_of
from .scores import add_cscores


def evaluate_cached(
    model: Model,
    cache: Cache,
    ids: Sequence[str] | None = None,
    codes: Subsets = "all",
    name: str = "cache",
    kind: Kind | None = None,
    inference: Inference = "auto",
    report: Callable[[Row], None] = lambda row: None,
) -> Evaluation:
    """Segment and score cached cases (default: all) for `codes`, on the model's grid.

    It differs from `evaluate.evaluate` in two ways. Masks are compared on the grid of the model, to which the truth was
    resampled. And the mask of the brain is the one that the case was prepared with, from all of its volumes, whatever
    the code. `kind` says whether the scans are simulated; by default those of data sets called phantom are. Raises
    `InputError` when model and cache are of different voxel sizes, or an entry is absent or damaged.
    """
    scheme = scheme_of(model)
    if not np.isclose(cache.options.spacing, model.spacing, rtol=0.02):
        raise InputError(
            "another-spacing",
            f"The cache holds voxels of {cache.options.spacing:g} mm, “{model.name}” takes {model.spacing:g} mm.",
            "Fill a cache for this model.",
        )
    rows: list[Row] = []
    skipped: list[dict[str, str]] = []
    for case_id in cache.ids if ids is None else ids:
        entry = cache[case_id]
        truth = _truth(entry, scheme)
        usable = tuple(modality for modality in model.modalities if modality in entry.code)
        available = Code(usable, model.modalities) if usable else None
        if not truth or (available is None and isinstance(codes, str)):
            why = "it has no label" if not truth else "it has none of the model's sequences"
            skipped.append({"case": entry.id, "code": "", "why": why})
            continue
        for code, why in codes_of(available, codes, model):
            if why is not None:
                skipped.append({"case": entry.id, "code": str(code), "why": why})
                continue
            rows.append(_row(model, scheme, entry, code, truth, inference))
            report(rows[-1])
    datasets = {row["dataset"] or name for row in rows}
    return Evaluation(
        model=model.name,
        datalist=name,
        rows=tuple(add_cscores(rows)),
        skipped=tuple(skipped),
        kinds={each: kind or ("simulated" if each.startswith("phantom") else "real") for each in sorted(datasets)},
        version=model.version,
        checksum=model_checksum(model),
        grid="model",
    )


def _row(model: Model, scheme: LabelScheme, entry: CachedCase, code: Code, truth: Masks, inference: Inference) -> Row:
    channels = torch.from_numpy(entry.shown(code))
    started = time.monotonic()
    brain = torch.from_numpy(np.array(entry.brain))
    labels = labels_from(predict_channels(model, channels, brain, code, inference), scheme)
    seconds = time.monotonic() - started
    case = {"case": entry.id, "subject": entry.metadata.get("subject"), "dataset": entry.metadata.get("dataset")}
    return make_row(case, code, masks_of(labels.numpy(), scheme), truth, (model.spacing,) * 3, seconds)


def _truth(entry: CachedCase, scheme: LabelScheme) -> Masks:
    """The masks of the regions that the case scores and the model gives; none of an unlabelled case."""
    bits = np.array(entry.regions)
    return {
        region: (bits >> i & 1).astype(bool)
        for i, region in enumerate(REGIONS)
        if region in entry.scored and region in scheme.region_names
    }
