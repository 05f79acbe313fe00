"""Two visits of one patient: where the head of the later lies in the earlier scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813

from ..errors import InputError
from ..modalities import Modality
from .geometry import direction_of
from .registration import Fixed, register
from .report import rows_of, transform_of

LEAST_AGREEMENT = 0.4
"""Of the edges of two registered heads in one sequence; below it they are hardly of one patient.

Measured on two visits of one patient: 0.47 to 0.55 by T1, T2 and FLAIR; with a head of another: 0.25 to 0.35.
"""

_BEST = (Modality.T1, Modality.FLAIR, Modality.T2, Modality.T1CE, Modality.DWI)
"""Sequences that change little between visits first; contrast agent and diffusion last."""


@dataclass(frozen=True)
class Registration:
    """How two visits were brought together: `transform` takes places of the later to places of the earlier scan."""

    transform: sitk.Transform
    before: Modality
    after: Modality
    """The sequences that were held against each other."""
    agreement: float
    """Of their edges, 0 to 1, as in `registration`."""
    shift_mm: float
    """How far the middle of the head was moved."""
    angle_deg: float

    @property
    def is_doubtful(self) -> bool:
        """Whether both are perhaps heads of two patients; nothing is known of pairs of different sequences."""
        return self.before is self.after and self.agreement < LEAST_AGREEMENT

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "first": str(self.before),
            "second": str(self.after),
            "agreement": round(self.agreement, 3),
            "shift_mm": round(self.shift_mm, 2),
            "angle_deg": round(self.angle_deg, 2),
            "transform_lps": rows_of(self.transform),
        }


def register_visits(before: Mapping[Modality, sitk.Image], after: Mapping[Modality, sitk.Image]) -> Registration:
    """Find the rigid transform between two visits, from volumes of each that lie on one another already.

    The same sequence is taken where both have one. Two starts are tried, as the coordinates have it and the middle of
    one field of view on that of the other, and the better end is kept. Raises `InputError` where there is no volume.
    """
    if not before or not after:
        raise InputError(
            "no-volume",
            "The volumes of a visit are missing, so that the visits cannot be registered.",
            "Name the folders they lie in, or say that both scans are in one space (--register off).",
        )
    both = [one for one in _BEST if one in before and one in after]
    earlier, later = (both[0], both[0]) if both else (_first(before), _first(after))
    fixed, moving = after[later], before[earlier]
    found = [_from_start(fixed, moving, shift) for shift in (np.zeros(3), _middle(moving) - _middle(fixed))]
    transform, agreement = max(found, key=lambda one: one[1])
    centre = _middle(fixed)
    shift = float(np.linalg.norm(np.array(transform.TransformPoint(centre.tolist())) - centre))
    rotation = np.array(rows_of(transform))[:, :3]
    angle = float(np.degrees(np.arccos(np.clip((np.trace(rotation) - 1) / 2, -1.0, 1.0))))
    return Registration(transform_of(rows_of(transform)), earlier, later, agreement, shift, angle)


def _from_start(fixed: sitk.Image, moving: sitk.Image, shift: np.ndarray) -> tuple[sitk.Transform, float]:
    """The best transform from a first guess that moves places by `shift`, and the agreement there."""
    moved = sitk.Image(moving)
    moved.SetOrigin((np.array(moving.GetOrigin()) - shift).tolist())
    motion = register(Fixed.of(fixed), moved)
    found = sitk.CompositeTransform(sitk.TranslationTransform(3, shift.tolist()))
    if motion.transform is not None:
        found.AddTransform(motion.transform)  # the last one added is applied first
    return found, motion.after


def _first(images: Mapping[Modality, sitk.Image]) -> Modality:
    return next(one for one in _BEST if one in images)


def _middle(image: sitk.Image) -> np.ndarray:
    """Of the field of view, LPS mm."""
    half = (np.array(image.GetSize()) - 1) / 2 * np.array(image.GetSpacing())
    return np.array(image.GetOrigin()) + direction_of(image) @ half
