"""Whether the volumes of one examination lie on each other, and moving those that do not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk  # noqa: N813

from ..errors import InputError
from ..modalities import Modality
from ..watch import Watch
from .geometry import overlap_of_fields
from .registration import Fixed
from .registration import register as best_motion
from .study import Study

LEAST_OVERLAP = 0.5
"""Less of the smaller field of view in common, and the volumes are not of one examination."""


@dataclass(frozen=True)
class Alignment:
    """How a volume came to lie on the reference volume."""

    applied: bool
    """Whether it was moved."""
    overlap: float
    """Share of the smaller of both fields of view that lies in the other, as the files have it."""
    before: float | None = None
    after: float | None = None
    """Agreement by `measure` as the files have it and as it was used, 0 to 1; None where registration is off."""
    shift_mm: float = 0.0
    """How far the middle of the reference was moved."""
    angle_deg: float = 0.0
    measure: str = "normalised gradient fields"
    transform: sitk.Transform | None = None
    """From places in the reference (LPS mm) to places in the volume; None where it was not moved."""


def align_study(study: Study, reference: Modality, register: str, watch: Watch) -> dict[Modality, Alignment]:
    """How each other volume lies on the reference volume; with `register` auto, those that lie elsewhere are moved.

    Also on one and the same grid: a patient moves between two series that were planned alike. Raises `InputError` when
    a volume has too little of its field of view in common with the reference.
    """
    fixed = study.images[reference]
    prepared = Fixed.of(fixed) if register == "auto" and len(study.images) > 1 else None
    alignments = {}
    for modality, image in study.images.items():
        if modality is reference:
            continue
        watch.check()
        overlap = overlap_of_fields(fixed, image)
        if overlap < LEAST_OVERLAP:
            raise InputError(
                "no-overlap",
                f"{modality} and {reference} show different places: {100 * overlap:.0f} % of their fields of view "
                "overlap.",
                "They may be of different patients or visits; register them first if they belong together.",
            )
        alignments[modality] = _aligned(fixed, prepared, image, overlap) if prepared else Alignment(False, overlap)
    return alignments


def _aligned(fixed: sitk.Image, prepared: Fixed, moving: sitk.Image, overlap: float) -> Alignment:
    motion = best_motion(prepared, moving)
    if motion.transform is None:
        return Alignment(False, overlap, motion.before, motion.after)
    middle = fixed.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in fixed.GetSize()])
    shift = np.linalg.norm(np.array(motion.transform.TransformPoint(middle)) - np.array(middle))
    rotation = np.array(motion.transform.GetMatrix()).reshape(3, 3)
    angle = np.degrees(np.arccos(np.clip((np.trace(rotation) - 1) / 2, -1.0, 1.0)))
    return Alignment(True, overlap, motion.before, motion.after, float(shift), float(angle), transform=motion.transform)
