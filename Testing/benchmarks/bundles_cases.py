"""The cases that bundles are measured on, prepared as a model wants them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from MissingModalitySegLib.arrays.boxes import cut
from MissingModalitySegLib.datalists import Case
from MissingModalitySegLib.engine import Model, prepare, read_study
from MissingModalitySegLib.engine.geometry import resample_labels
from MissingModalitySegLib.engine.images import read_image, to_array
from MissingModalitySegLib.engine.predict import network_output
from MissingModalitySegLib.modalities import Code
from MissingModalitySegTraining.data.phantom_cases import phantom_cases

SEED = 2**41 + 400
"""Beyond the seeds that training draws."""


@dataclass(frozen=True)
class Subject:
    """A case on the grid of a model."""

    name: str
    channels: Tensor
    """(K, X, Y, Z), z-scored over the brain."""
    brain: Tensor
    code: Code
    lesion: np.ndarray | None
    """(X, Y, Z) bool; None where nobody has outlined any."""
    voxel_ml: float


def generated(model: Model, count: int, kinds: Sequence[str]) -> Iterator[Subject]:
    """Phantoms with all five sequences."""
    with tempfile.TemporaryDirectory() as folder:
        corrected = model.normalisation.bias_correction
        cache, ids = phantom_cases(Path(folder), count, kinds, SEED, model.spacing, bias_correction=corrected)
        for case_id in ids:
            entry = cache[case_id]
            channels = torch.from_numpy(np.array(entry.channels, np.float32))
            brain, lesion = torch.from_numpy(np.array(entry.brain)), np.array(entry.regions) > 0
            yield Subject(case_id, channels, brain, Code.full(), lesion, model.spacing**3 / 1000)


def real(model: Model, cases: Sequence[Case]) -> Iterator[Subject]:
    """Real scans, by the path that every run takes."""
    for case in cases:
        study = read_study(case.modalities, case.brain_mask)
        ready = prepare(
            study,
            model.spacing,
            model.modalities,
            multiple=model.multiple,
            register="off" if case.aligned else "auto",
            bias_correction=model.normalisation.bias_correction,
        )
        lesion = None
        if case.label is not None:
            labels = to_array(resample_labels(read_image(case.label), ready.frame.grid))
            lesion = cut(torch.from_numpy(labels.copy()), ready.frame.box).numpy() > 0
        yield Subject(case.id, ready.channels, ready.brain, ready.code, lesion, model.spacing**3 / 1000)


def synthesised(synthesiser: Model, channels: Tensor, brain: Tensor, code: Code) -> Tensor:
    """All sequences (K, X, Y, Z) from those of `code`, z-scored over the brain."""
    there = torch.tensor(code.vector).view(-1, 1, 1, 1)
    return torch.where(brain, network_output(synthesiser, channels * there, brain, code), 0.0)
