"""Where the brain of a study is: given, left by an extraction before, or found in the heads.

In heads it is looked for by the model `brain`; without that by HD-BET, if the user has it; else without any weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk  # noqa: N813

from ..bundles import find
from ..errors import BundleError, InputError, located
from ..modalities import Modality
from ..options import BRAIN
from ..watch import Watch
from . import hd_bet
from .alignment import Alignment
from .brain import ExtractedBrains
from .extraction import extract_brain_classically, extract_brain_from_all
from .geometry import axes_of, resample_labels, turned_onto
from .images import from_array, read_image
from .model import load_model
from .study import Study

_CLASSICAL_ORDER = (Modality.T1, Modality.FLAIR, Modality.T2, Modality.T1CE, Modality.DWI)
"""In which the way without weights is tried; it was made for the first three."""


@dataclass(frozen=True)
class Brain:
    """A mask (x, y, z) on the model's grid, and where it is from."""

    mask: np.ndarray
    source: str


def find_brain(
    study: Study,
    reference: Modality,
    grid: sitk.Image,
    alignments: Mapping[Modality, Alignment],
    brain: str,
    extract: bool,
    watch: Watch,
) -> Brain:
    """The brain of `study` on `grid`. A mask in the study comes first, then what `brain` says, as in `Options`.

    Raises `InputError` when a mask is empty, no brain is found, or it would have to be without `extract`.
    """
    transforms = {modality: alignment.transform for modality, alignment in alignments.items()}
    if study.brain is not None:
        return Brain(_given(study.brain, grid), "given")
    if brain not in BRAIN:
        with located("brain"):
            return Brain(_given(read_image(brain), grid), "given")
    if brain == "none":
        return Brain(np.ones(grid.GetSize(), bool), "none")
    found = _left_by_extraction(study, grid, transforms, trust=brain == "extracted")
    if found is not None:
        return Brain(found, "extracted-input")
    if brain == "extracted":
        return Brain(np.ones(grid.GetSize(), bool), "extracted-input")
    if not extract:
        raise InputError(
            "brain-not-extracted",
            "The volumes show the whole head, and no mask of the brain was given.",
            "Give a brain mask, or volumes from which everything but the brain was removed.",
        )
    mask, source = _extracted_now(study, reference, transforms, watch)
    return Brain(_on_grid(mask, grid, None), source)


def _given(mask: sitk.Image, grid: sitk.Image) -> np.ndarray:
    inside = _on_grid(mask > 0.5, grid, None)
    if not inside.any():
        raise InputError(
            "empty-brain-mask",
            "The brain mask marks nothing in the field of view of the reference volume.",
            "Give a mask that is above 0.5 inside the brain and lies where the volumes do.",
        )
    return inside


def _left_by_extraction(
    study: Study, grid: sitk.Image, transforms: Mapping[Modality, sitk.Transform | None], trust: bool
) -> np.ndarray | None:
    """What extraction left in any of the volumes; with `trust` however large it may look.

    The constant background is looked for in the native voxels: interpolation and smoothing blur it.
    """
    union = None
    extracted = ExtractedBrains(trust)
    for modality, image in study.images.items():
        mask = extracted(sitk.GetArrayViewFromImage(image).transpose(2, 1, 0), image.GetSpacing())
        if mask is None:
            continue
        if transforms.get(modality) is None and turned_onto(image, grid):
            found = axes_of(image).to_ras(mask)
        else:
            found = _on_grid(from_array(mask.astype(np.uint8), image), grid, transforms.get(modality))
        union = found if union is None or union is found else union | found
    return None if union is None else np.ascontiguousarray(union)


def _on_grid(mask: sitk.Image, grid: sitk.Image, transform: sitk.Transform | None) -> np.ndarray:
    """A mask (0 and 1) on `grid`, (x, y, z) bool."""
    if transform is None and turned_onto(mask, grid):
        array = axes_of(mask).to_ras(sitk.GetArrayViewFromImage(mask).transpose(2, 1, 0))
        return np.ascontiguousarray(array).astype(bool)
    return sitk.GetArrayFromImage(resample_labels(mask, grid, transform)).transpose(2, 1, 0).astype(bool)


def _extracted_now(
    study: Study, reference: Modality, transforms: Mapping[Modality, sitk.Transform | None], watch: Watch
) -> tuple[sitk.Image, str]:
    """A mask on the grid of the reference and what found it."""
    try:
        bundle = find("brain")
    except BundleError as error:
        if error.code != "bundle-not-found":
            raise
    else:
        model = load_model(bundle)
        found = extract_brain_from_all(model, study.images, reference, transforms, watch)
        return found, f"model {model.name} {model.version}"
    if hd_bet.available():
        mask = hd_bet.extract_with_hd_bet(study.images[reference], watch)
        if mask is not None:
            return mask, "hd-bet"
    watch.warn(
        "classical-brain-extraction",
        "The brain was found without a trained model; look at its outline before you measure anything.",
    )
    problem = None
    for modality in _CLASSICAL_ORDER:
        if modality in study.images:
            watch.check()
            try:
                mask = extract_brain_classically(study.images[modality])
            except InputError as error:
                problem = problem or error
                continue
            return resample_labels(mask, study.images[reference], transforms.get(modality)), "classical"
    raise problem
