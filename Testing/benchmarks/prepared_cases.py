"""The cases that models are measured on by several benches, prepared as a model wants them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
from MissingModalitySegLib.labels import find_scheme
from MissingModalitySegLib.modalities import MODALITIES, Code
from MissingModalitySegTraining.data.cache import REGIONS
from MissingModalitySegTraining.data.phantom_cases import phantom_cases
from MissingModalitySegTraining.evaluation.rows import masks_of

SEED = 2**41 + 400
"""Beyond the seeds that training draws."""


@dataclass(frozen=True)
class PreparedCase:
    """A case on the grid of a model."""

    name: str
    channels: Tensor
    """(K, X, Y, Z), the model's modalities in order, z-scored over the brain; zero where one is not in `code`."""
    brain: Tensor
    code: Code
    truth: Mapping[str, np.ndarray]
    """(X, Y, Z) bool by region; none where nobody has outlined any."""
    voxel_ml: float

    @property
    def lesion(self) -> np.ndarray | None:
        return self.truth.get("lesion")

    def shown(self, code: Code) -> PreparedCase:
        """The same with the modalities of `code` alone."""
        there = torch.tensor(code.vector).view(-1, 1, 1, 1)
        return replace(self, channels=self.channels * there, code=code)


def generated(
    model: Model, count: int, kinds: Sequence[str], seed: int = SEED, spacing: float | None = None
) -> Iterator[PreparedCase]:
    """Phantoms with all modalities of `model`, by default with voxels of its size."""
    spacing = model.spacing if spacing is None else spacing
    channels_of_model = [MODALITIES.index(modality) for modality in model.modalities]
    with tempfile.TemporaryDirectory() as folder:
        corrected = model.normalisation.bias_correction
        cache, ids = phantom_cases(Path(folder), count, kinds, seed, spacing, bias_correction=corrected)
        for case_id in ids:
            entry = cache[case_id]
            bits = np.array(entry.regions)
            yield PreparedCase(
                case_id,
                torch.from_numpy(np.array(entry.channels, np.float32))[channels_of_model],
                torch.from_numpy(np.array(entry.brain)),
                Code.full(model.modalities),
                {name: (bits >> i & 1).astype(bool) for i, name in enumerate(REGIONS) if name in entry.scored},
                spacing**3 / 1000,
            )


def real(model: Model, cases: Iterable[Case]) -> Iterator[PreparedCase]:
    """Real scans that have a modality of `model`, by the path that every run takes."""
    for case in cases:
        paths = {modality: path for modality, path in case.modalities.items() if modality in model.modalities}
        if not paths:
            continue
        ready = prepare(
            read_study(paths, case.brain_mask),
            model.spacing,
            model.modalities,
            multiple=model.multiple,
            register="off" if case.aligned else "auto",
            bias_correction=model.normalisation.bias_correction,
        )
        truth = {}
        if case.label is not None:
            scheme = find_scheme(case.scheme)
            labels = to_array(resample_labels(read_image(case.label), ready.frame.grid))
            masks = masks_of(cut(torch.from_numpy(labels.copy()), ready.frame.box).numpy(), scheme)
            truth = {name: mask for name, mask in masks.items() if name in scheme.scored}
        yield PreparedCase(case.id, ready.channels, ready.brain, ready.code, truth, model.spacing**3 / 1000)


def synthesised(synthesiser: Model, case: PreparedCase, code: Code) -> Tensor:
    """All sequences (K, X, Y, Z) from those of `code`, z-scored over the brain."""
    shown = case.shown(code)
    return torch.where(case.brain, network_output(synthesiser, shown.channels, case.brain, code), 0.0)
