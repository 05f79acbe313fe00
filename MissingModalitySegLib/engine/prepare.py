"""From a study to the tensor a network takes.

The grid of the model keeps the axes of the reference volume (reordered and flipped to run left → right, posterior →
anterior, inferior → superior) and takes the model's spacing, so that a volume that already has it is not interpolated.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from ..arrays.bias import even
from ..arrays.boxes import bounding_box, cut, grow_to_multiple
from ..errors import InputError
from ..modalities import MODALITIES, Code, Modality
from ..watch import Watch
from .alignment import Alignment, align_study
from .frame import Frame
from .geometry import in_box, model_grid
from .study import Study
from .whole_brain import find_brain

_MARGIN = 4
"""Voxels of background kept around the brain, so that its border is not the border of the tensor."""


@dataclass(frozen=True)
class Scale:
    """What normalisation took away: native intensity = value * deviation + mean."""

    mean: float
    deviation: float


@dataclass(frozen=True)
class Prepared:
    """What a network takes: normalised channels (K, X, Y, Z), zero where missing or outside `brain` (X, Y, Z)."""

    channels: Tensor
    brain: Tensor
    code: Code
    frame: Frame
    scales: Mapping[Modality, Scale] = field(default_factory=dict)
    alignments: Mapping[Modality, Alignment] = field(default_factory=dict)
    brain_source: str = "given"
    """given, extracted-input, none, classical, hd-bet, or `model NAME VERSION`."""
    seen: Mapping[Modality, Tensor] = field(default_factory=dict)
    """The brain (X, Y, Z) inside a volume's field of view, for volumes that do not show all of it."""

    @property
    def is_all_brain(self) -> bool:
        """Whether the mask fills the grid: no brain was told from anything else, so its outline means nothing."""
        return int(self.brain.sum()) == math.prod(self.frame.grid.GetSize())

    def brain_in(self, modality: Modality) -> Tensor:
        """The part of the brain (X, Y, Z) that a volume shows; elsewhere its channel says nothing."""
        return self.seen.get(modality, self.brain)


def prepare(
    study: Study,
    spacing: float = 1.0,
    modalities: tuple[Modality, ...] = MODALITIES,
    reference: Modality | None = None,
    multiple: int = 16,
    *,
    register: str = "auto",
    brain: str = "auto",
    extract: bool = True,
    bias_correction: bool = False,
    watch: Watch = Watch(),  # noqa: B008 - it has no state
) -> Prepared:
    """Bring every volume to the model's grid, cut out the brain and normalise.

    `spacing` is the model's, in mm; `multiple` is what the network needs each size to be divisible by. `register` and
    `brain` are as in `Options`; a mask in the study comes before `brain`. Without `extract`, whole heads without a mask
    are refused: figures and training data are not to hang on an extractor. With `bias_correction`, what the coil does
    to brightness is taken out, if the model has learnt without it. Raises `InputError` when volumes do not
    overlap, when the reference is not in the study and when no brain is found.
    """
    code = study.code(modalities)
    study = study.only(code)
    reference = reference or study.reference
    if reference not in study.images:
        raise InputError(
            "no-such-reference",
            f"There is no {reference} in the study to take as the reference.",
            f"Use one of {', '.join(map(str, code))}.",
        )
    native = study.images[reference]
    alignments = align_study(study, reference, register, watch)
    watch.check()
    grid = model_grid(native, spacing)
    found = find_brain(study, reference, grid, alignments, brain, extract, watch)
    box = grow_to_multiple(bounding_box(torch.from_numpy(found.mask), _MARGIN), multiple)
    mask = cut(torch.from_numpy(found.mask), box)
    inside = mask.numpy()
    channels = np.zeros((len(modalities), *box.shape), np.float32)
    scales, parts = {}, {}
    for number, modality in enumerate(modalities):
        if modality in code:
            watch.check()
            alignment = alignments.get(modality)
            transform = None if alignment is None else alignment.transform
            values = in_box(study.images[modality], grid, box, transform)
            seen = inside & np.isfinite(values)
            if bias_correction:
                values = even(torch.from_numpy(values), torch.from_numpy(seen), grid.GetSpacing()).numpy()
            scales[modality] = _fill(channels[number], seen, values)
            if not np.array_equal(seen, inside):
                parts[modality] = torch.from_numpy(seen)
    frame = Frame(reference, native, grid, box)
    return Prepared(torch.from_numpy(channels), mask, code, frame, scales, alignments, found.source, parts)


def _fill(channel: np.ndarray, seen: np.ndarray, values: np.ndarray) -> Scale:
    """Write what is `seen` of the brain in a volume with these `values` into `channel`, normalised.

    What a volume's field of view does not reach stays zero, which is the mean of the brain and what a missing modality
    holds, and does not count for the scale.
    """
    inside = values[seen]
    mean, deviation = statistics(inside)
    channel[seen] = (inside - np.float32(mean)) / np.float32(deviation)
    return Scale(mean, deviation)


def statistics(values: np.ndarray) -> tuple[float, float]:
    """Mean and population standard deviation as `arrays.normalise.brain_statistics` has them."""
    if values.size == 0:
        return 0.0, 1.0
    mean, deviation = float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))
    return mean, deviation if deviation > 1e-6 * max(abs(mean), 1e-12) else 1.0
