"""What one pass in the fast precision costs in Dice, against MONAI's windows in float32."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Any

from inference_speed import exact, windows
from inference_subject import DEVICE, Subject, window
from prepared_cases import PreparedCase, generated, real
from reporting import row

from MissingModalitySegLib.datalists import read_datalist
from MissingModalitySegLib.engine import Model, labels_from, predict_channels
from MissingModalitySegLib.engine.predict import probabilities_of
from MissingModalitySegLib.measures.overlap import dice
from MissingModalitySegLib.modalities import Code
from MissingModalitySegTraining.evaluation.rows import masks_of

KINDS = ("glioma", "ms", "acute_stroke", "metastases")
SEED = 2**41 + 11
"""Beyond the seeds that training draws."""


def measure(subject: Subject, datalist: Path | None, small: bool) -> list[dict[str, Any]]:
    """Rows for `reporting.report`."""
    rows = [_row("dice_difference", subject, phantoms(subject.model, small), "generated cases", small)]
    if datalist is not None:
        cases = labelled(subject.model, datalist)
        rows.append(_row("dice_difference_real", subject, cases, f"labelled cases of {datalist.name}", small))
    return rows


def _row(name: str, subject: Subject, cases: Iterator[PreparedCase], what: str, small: bool) -> dict[str, Any]:
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
            if region not in found or not truth.any():
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


def phantoms(model: Model, small: bool) -> Iterator[PreparedCase]:
    """Generated cases nobody has trained on, with all sequences and with two."""
    kinds = KINDS[:1] if small else KINDS
    for case in generated(model, len(kinds), kinds, SEED, 3.0 if small else None):
        yield case
        if two := tuple(modality for modality in Code.parse("T1ce+FLAIR") if modality in model.modalities):
            yield case.shown(Code(two, model.modalities))


def labelled(model: Model, datalist: Path) -> Iterator[PreparedCase]:
    """The cases of a data list that have a label, with all their sequences."""
    return real(model, [case for case in read_datalist(datalist).cases if case.label is not None])
