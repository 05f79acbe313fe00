"""What one pass in the fast precision costs in Dice, against MONAI's windows in float32."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import torch
from inference_speed import exact, windows
from inference_subject import DEVICE, Subject, window
from reporting import row
from torch import Tensor

from MissingModalitySegLib.arrays.boxes import cut
from MissingModalitySegLib.engine import Model, labels_from, predict_channels
from MissingModalitySegLib.engine.predict import probabilities_of
from MissingModalitySegLib.labels import find_scheme
from MissingModalitySegLib.measures.overlap import dice
from MissingModalitySegLib.modalities import Code
from MissingModalitySegTraining.evaluation.rows import masks_of

KINDS = ("glioma", "ms", "acute_stroke", "metastases")
SEED = 2**41 + 11
"""Beyond the seeds that training draws."""


@dataclass(frozen=True)
class Scored:
    """A prepared case and its truth, on the model's grid."""

    name: str
    channels: Tensor
    brain: Tensor
    code: Code
    truth: dict[str, np.ndarray]


def measure(subject: Subject, datalist: Path | None, small: bool) -> list[dict[str, Any]]:
    """Rows for `reporting.report`."""
    rows = [_row("dice_difference", subject, phantoms(subject.model, small), "generated cases", small)]
    if datalist is not None:
        cases = labelled(subject.model, datalist)
        rows.append(_row("dice_difference_real", subject, cases, f"labelled cases of {datalist.name}", small))
    return rows


def _row(name: str, subject: Subject, cases: Iterator[Scored], what: str, small: bool) -> dict[str, Any]:
    model = subject.model
    lost, changed, ours = [], [], []
    for case in cases:
        fast = predict_channels(model, case.channels, case.brain, case.code)
        plain = exact(Subject(model, subject.trained, case.channels, case.brain, subject.box, case.code))
        size = tuple(min(edge, length) for edge, length in zip(window(small), case.brain.shape, strict=True))
        size = tuple(-(-edge // model.multiple) * model.multiple for edge in size)
        slow = windows(case.channels[None].to(DEVICE), size, plain)[0].float().cpu()
        found = masks_of(labels_from(fast, model.scheme).numpy(), model.scheme)
        reference = masks_of(labels_from(probabilities_of(model, slow, case.brain), model.scheme).numpy(), model.scheme)
        for region, truth in case.truth.items():
            if not truth.any():
                continue
            own = dice(found[region], truth)
            ours.append(own)
            lost.append(dice(reference[region], truth) - own)
            changed.append(abs(lost[-1]))
    weights = "" if subject.trained else "; random weights, so it says that nothing breaks, no more"
    return row(
        name,
        mean(lost),
        bar=0.005,
        better="lower",
        how=f"Dice of MONAI's windows in float32 minus ours, mean of {len(lost)} regions of {what}; ours has "
        f"{mean(ours):.3f}, the mean absolute difference is {mean(changed):.4f}{weights}",
    )


def phantoms(model: Model, small: bool) -> Iterator[Scored]:
    """Generated cases nobody has trained on, with all sequences and with two."""
    from MissingModalitySegTraining.data.cache import REGIONS
    from MissingModalitySegTraining.data.phantom_cases import phantom_cases

    with tempfile.TemporaryDirectory() as folder:
        kinds = KINDS[:1] if small else KINDS
        spacing, corrected = 3.0 if small else model.spacing, model.normalisation.bias_correction
        cache, ids = phantom_cases(Path(folder), len(kinds), kinds, SEED, spacing, bias_correction=corrected)
        for case_id in ids:
            entry = cache[case_id]
            bits = np.array(entry.regions)
            truth = {name: (bits >> i & 1).astype(bool) for i, name in enumerate(REGIONS) if name in entry.scored}
            channels, brain = (
                torch.from_numpy(np.array(entry.channels, np.float32)),
                torch.from_numpy(np.array(entry.brain)),
            )
            for code in (Code.full(), Code.parse("T1ce+FLAIR")):
                yield from _restricted(case_id, model, channels, brain, code, truth)


def labelled(model: Model, datalist: Path) -> Iterator[Scored]:
    """The cases of a datalist that have a label, with all their sequences."""
    from MissingModalitySegLib.datalists import read_datalist
    from MissingModalitySegLib.engine import prepare
    from MissingModalitySegLib.engine.geometry import resample_labels
    from MissingModalitySegLib.engine.images import to_array
    from MissingModalitySegTraining.evaluation.case_volumes import CaseVolumes

    for case in read_datalist(datalist).cases:
        available = [modality for modality in case.modalities if modality in model.modalities]
        if case.label is None or not available:
            continue
        volumes = CaseVolumes(case)
        register = "off" if case.aligned else "auto"
        study = volumes.study(Code(tuple(available), model.modalities))
        prepared = prepare(
            study,
            model.spacing,
            model.modalities,
            multiple=model.multiple,
            register=register,
            bias_correction=model.normalisation.bias_correction,
        )
        truth = to_array(resample_labels(volumes.read(case.label), prepared.frame.grid))
        scheme = find_scheme(case.scheme)
        masks = masks_of(cut(torch.from_numpy(truth.copy()), prepared.frame.box).numpy(), scheme)
        masks = {name: mask for name, mask in masks.items() if name in scheme.scored}
        yield from _restricted(case.id, model, prepared.channels, prepared.brain, prepared.code, masks)


def _restricted(
    name: str, model: Model, channels: Tensor, brain: Tensor, code: Code, truth: dict[str, np.ndarray]
) -> Iterator[Scored]:
    code = Code(tuple(m for m in code.available if m in model.modalities), model.modalities)
    if code.available:
        mine = {region: mask for region, mask in truth.items() if region in model.scheme.region_names}
        present = torch.tensor(code.vector).view(-1, 1, 1, 1)
        yield Scored(name, channels * present, brain, code, mine)
