"""Whether the volumes of a study are what they are taken for, before anything is computed from them.

What cannot be worked on is refused with `InputError`. What is merely odd is a `Finding`, told through the watch: the
user may know better.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813

from ..errors import InputError
from ..modalities import Modality
from ..watch import Watch
from .study import Study


@dataclass(frozen=True)
class Finding:
    """Something odd about one volume or two: a `code` for programs and a sentence for people."""

    code: str
    message: str
    modalities: tuple[Modality, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, "modalities": [str(one) for one in self.modalities]}


_FEWEST_VOXELS = 8
"""Along every axis: less is a localiser, a single slice or a piece of one."""

_MOST_VOXELS = 512_000_000
"""800³: more than any scanner makes of a head, and 2 GB of memory for each volume."""

_LARGEST_FIELD_MM = 700.0
"""No scanner sees more along an axis; longer fields are headers in the wrong unit."""

_SMALLEST_FIELD_MM = 40.0

_THICK_MM = 4.0
"""Slices beyond which a lesion of a few mm may lie between two."""

_SAME = 0.9999
"""Volumes that agree like this are one acquisition, at most written twice. T1 before and after contrast: up to 0.99."""

_LARGEST_VALUE = 1e9
"""No scanner writes more; float32 begins to lose whole numbers at 1.6e7."""

_MOST_COMPARED = 300_000
"""Voxels that two volumes are compared by, spread over them."""


def check_inputs(study: Study, watch: Watch = Watch()) -> tuple[Finding, ...]:  # noqa: B008 (has no state)
    """Look at the volumes as they were read. Returns what is odd, after telling it to `watch`.

    Raises `InputError` for a volume that is constant, has a single slice, a handful of voxels or far too many, is a CT,
    has values beyond any scanner's, or stands in two slots.
    """
    found = []
    for modality, image in study.images.items():
        _refuse_size(modality, image)
        array = sitk.GetArrayViewFromImage(image)
        _refuse_values(modality, array)
        _refuse_ct(modality, array)
        found += _odd_values(modality, array)
        watch.check()
    _refuse_same_volumes(study)
    found += _thick_slices(study)
    for finding in found:
        watch.warn(finding.code, finding.message)
    return tuple(found)


def _refuse_size(modality: Modality, image: sitk.Image) -> None:
    size, spacing = image.GetSize(), image.GetSpacing()
    shown = " x ".join(map(str, size))
    if min(size) == 1:
        raise InputError(
            "single-slice", f"{modality} is a single slice ({shown} voxels).", "Give the whole stack as one volume."
        )
    if min(size) < _FEWEST_VOXELS:
        raise InputError(
            "too-small",
            f"{modality} has {shown} voxels; along each axis {_FEWEST_VOXELS} are needed.",
            "It may be a localiser, or a part of a series; give the whole series.",
        )
    if np.prod(size, dtype=float) > _MOST_VOXELS:
        raise InputError(
            "too-large",
            f"{modality} has {shown} voxels, more than any scan of a head.",
            "Cut it to the head, or resample it to 1 mm.",
        )
    field = [n * s for n, s in zip(size, spacing, strict=True)]
    if max(field) > _LARGEST_FIELD_MM or max(field) < _SMALLEST_FIELD_MM:
        raise InputError(
            "field-of-view-impossible",
            f"{modality} is {' x '.join(f'{length:.3g}' for length in field)} mm large, which cannot be a head.",
            "The voxel size in its header is probably wrong (not in mm); mend it there.",
        )


def _refuse_values(modality: Modality, array: np.ndarray) -> None:
    low, high = float(array.min()), float(array.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise InputError(
            "not-finite",
            f"{modality} has voxels that are NaN or infinite.",
            "Give them a value: outside the brain, the one that the background has.",
        )
    if low == high:
        what = "empty: all voxels are 0" if low == 0 else f"constant: all voxels are {low:g}"
        raise InputError("constant-volume", f"{modality} is {what}.", "The export may have failed; export it again.")
    if max(-low, high) > _LARGEST_VALUE:
        raise InputError(
            "values-too-large",
            f"{modality} has values up to {max(-low, high):.2g}, more than any scanner writes.",
            "Its numbers are probably read in the wrong format; convert it again from DICOM.",
        )


def _refuse_ct(modality: Modality, array: np.ndarray) -> None:
    """Hounsfield units put air at -1000, with noise, soft tissue within some 100 of 0, and bone above 300."""
    sample = _sample(array)
    air = sample[(sample > -1100) & (sample < -850)]
    body = sample[sample > -500]
    if len(air) < 0.02 * len(sample) or len(body) < 0.02 * len(sample):
        return
    soft, bone = np.mean(np.abs(body) < 150), np.mean(body > 300)
    padding = len(np.unique(air)) < 3 and len(np.unique(sample)) > 100  # one value: the frame around an MRI
    if soft > 0.5 and bone > 0.01 and not padding:
        raise InputError(
            "looks-like-ct",
            f"{modality} has the values of a CT: air at -1000, tissue about 0, bone above 300.",
            "Give an MRI; no model here was made for CT.",
        )


def _odd_values(modality: Modality, array: np.ndarray) -> Iterator[Finding]:
    if array.dtype.kind == "i" and array.dtype.itemsize <= 2:
        limit = np.iinfo(array.dtype).max
        sample = _sample(array)
        if len(np.unique(sample[sample < -limit // 2])) > 10 and (sample > limit // 2).any():
            yield Finding(
                "values-overflowed",
                f"{modality} has many values at both ends of what its integers hold: bright places may have turned "
                "dark when it was written. Convert it again from DICOM.",
                (modality,),
            )


def _refuse_same_volumes(study: Study) -> None:
    for (one, first), (other, second) in itertools.combinations(study.images.items(), 2):
        if first.GetSize() != second.GetSize():
            continue
        left, right = (_sample(sitk.GetArrayViewFromImage(image)).astype(np.float64) for image in (first, second))
        left, right = left - left.mean(), right - right.mean()
        norm = np.sqrt((left @ left) * (right @ right))
        if norm > 0 and left @ right > _SAME * norm:
            raise InputError(
                "same-volume-twice",
                f"{one} and {other} are the same volume.",
                "Give each sequence once; leave out the one that was not acquired.",
            )


def _thick_slices(study: Study) -> Iterator[Finding]:
    """Only where no volume is better: a thick FLAIR beside a thin T1 is everyday."""
    finest = min(study.images, key=lambda modality: max(study.images[modality].GetSpacing()))
    thickness = max(study.images[finest].GetSpacing())
    if thickness > _THICK_MM:
        yield Finding(
            "thick-slices",
            f"The thinnest slices are {thickness:.2g} mm apart: lesions smaller than that may be missed, and volumes "
            "and diameters are coarse.",
            (finest,),
        )


def _sample(array: np.ndarray) -> np.ndarray:
    """Voxels spread evenly over `array`, the same ones for arrays of the same shape."""
    step = max(1, round((array.size / _MOST_COMPARED) ** (1 / 3)))
    return array[::step, ::step, ::step].ravel()
