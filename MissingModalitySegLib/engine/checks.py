"""Whether the volumes of a study are what they are taken for: as they were read, and once the brain is known.

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
from .brain import background_value
from .contrast import contrasts_of, doubts
from .geometry import millilitres
from .images import no_value_share
from .prepare import Prepared
from .sizes import refuse_size
from .study import Study


@dataclass(frozen=True)
class Finding:
    """Something odd about one volume or two: a `code` for programs and a sentence for people."""

    code: str
    message: str
    modalities: tuple[Modality, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, "modalities": [str(one) for one in self.modalities]}


_THICK_MM = 4.0
"""Slices beyond which a lesion of a few mm may lie between two."""

_SAME = 0.9999
"""Volumes that agree like this are one acquisition, at most written twice. T1 before and after contrast: up to 0.99."""

_LARGEST_VALUE = 1e9
"""No scanner writes more; float32 begins to lose whole numbers at 1.6e7."""

_SMALLEST_BRAIN_ML, _LARGEST_BRAIN_ML = 500.0, 2100.0
"""From an infant's to the largest; those measured: 1080 to 1730 ml."""

_CUT_MM2 = 400.0
"""A brain that ends at the border of the field of view with so much of a section goes on beyond it."""

_CUT_BELOW_MM2 = 2500.0
"""The same at its lower end, where the brain stem and the cerebellum's base may well be cut."""

_NOT_COVERED = 0.05
"""Share of the brain that may lie outside another volume's field of view."""

_NO_VALUES = 0.01
"""Share of a volume without numbers that is worth a word."""

_WIDEST_HEAD_MM = 260.0
"""From left to right; heads with ears reach 200."""

_OFFSET = 1024
"""What some writers add to Hounsfield units, so that nothing is negative."""

_MOST_COMPARED = 300_000
"""Voxels that two volumes are compared by, spread over them."""


def check_inputs(study: Study, watch: Watch = Watch()) -> tuple[Finding, ...]:  # noqa: B008 (has no state)
    """Look at the volumes as they were read. Returns what is odd, after telling it to `watch`.

    Raises `InputError` for a volume that is constant, has a single slice, a handful of voxels or far too many, is a CT,
    has values beyond any scanner's, or stands in two slots.
    """
    found = []
    for modality, image in study.images.items():
        refuse_size(str(modality), image.GetSize(), image.GetSpacing())
        array = sitk.GetArrayViewFromImage(image)
        _refuse_values(modality, array)
        _refuse_ct(modality, array)
        found += [*_perhaps_ct(modality, array), *_odd_values(modality, array)]
        found += [*_no_values(modality, image), *_more_than_a_head(modality, image)]
        watch.check()
    _refuse_same_volumes(study)
    found += _thick_slices(study)
    return told(found, watch)


def check_prepared(prepared: Prepared, study: Study, watch: Watch = Watch()) -> tuple[Finding, ...]:  # noqa: B008
    """Look at the brain that was found and at the volumes inside it. Returns what is odd, after telling it to `watch`.

    Where no brain was looked for, nothing is said about it.
    """
    if prepared.is_all_brain:
        return ()
    found = [*_odd_brain(prepared), *_cut_brain(prepared), *_not_covered(prepared, study)]
    watch.check()
    spacing = prepared.frame.grid.GetSpacing()[0]
    for modalities, code, message in doubts(contrasts_of(prepared.channels, prepared.code, prepared.brain, spacing)):
        found.append(Finding(code, message, modalities))
    return told(found, watch)


def told(found: list[Finding], watch: Watch) -> tuple[Finding, ...]:
    """`found`, after telling all of it to `watch`."""
    for finding in found:
        watch.warn(finding.code, finding.message)
    return tuple(found)


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
    """Hounsfield units: air at -1000, soft tissue within some 100 of 0, bone above 300; some writers add 1024."""
    sample = _sample(array)
    if _is_head_in_hounsfield(sample) or _is_offset_hounsfield(sample) or _is_brain_in_hounsfield(sample, array):
        raise InputError(
            "looks-like-ct",
            f"{modality} has the values of a CT: in Hounsfield units, air at -1000, tissue about 0, bone above 300.",
            "Give an MRI; no model here was made for CT.",
        )


def _is_head_in_hounsfield(sample: np.ndarray) -> bool:
    air = sample[(sample > -1100) & (sample < -850)]
    body = sample[sample > -500]
    if len(air) < 0.02 * len(sample) or len(body) < 0.02 * len(sample):
        return False
    padding = len(np.unique(air)) < 3 and len(np.unique(sample)) > 100  # one value: the frame around an MRI
    return bool(np.mean(np.abs(body) < 150) > 0.5 and np.mean(body > 300) > 0.01 and not padding)


def _is_offset_hounsfield(sample: np.ndarray) -> bool:
    """Of what is no air, about half lies within 6 % of one value. On MRI that was never more than a third (33 real
    volumes, each brought to that value)."""
    units = sample - np.float64(_OFFSET)
    body = units[units > -500]
    return len(body) >= 0.02 * len(sample) and bool(np.mean(_is_matter(body)) > 0.45)


def _is_brain_in_hounsfield(sample: np.ndarray, array: np.ndarray) -> bool:
    """What extraction leaves of a CT, in a background of air."""
    body = sample[sample > -500]
    if len(body) < 0.02 * len(sample) or not 15 <= np.median(body) <= 60 or np.mean(_is_matter(body)) < 0.9:
        return False
    background = background_value(array)
    return background is not None and background <= -900


def _is_matter(units: np.ndarray) -> np.ndarray:
    """Which Hounsfield units are those of brain, blood or muscle, with noise."""
    return np.abs(units - 35) < 60


def _perhaps_ct(modality: Modality, array: np.ndarray) -> Iterator[Finding]:
    """Whole numbers as those of a brain in Hounsfield units, in a background of 0: some MRI are scaled like that."""
    inside = _sample(array)
    inside = inside[inside != 0]
    if not len(inside) or np.any(inside % 1):
        return
    first, middle, last, highest = np.percentile(inside, [25, 50, 75, 99.5])
    if 20 <= middle <= 50 and last - first < 20 and highest < 120 and background_value(array) == 0:
        yield Finding(
            "perhaps-ct",
            f"{modality} may be a CT: its values are few and as those of a brain in Hounsfield units. The models were "
            "made for MRI.",
            (modality,),
        )


def _no_values(modality: Modality, image: sitk.Image) -> Iterator[Finding]:
    share = no_value_share(image)
    if share >= _NO_VALUES:
        yield Finding(
            "no-values",
            f"{modality} has no number (NaN) in {100 * share:.0f} % of its voxels, at the border; they were taken for "
            "background. Brain that lies there was not seen.",
            (modality,),
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


def _more_than_a_head(modality: Modality, image: sitk.Image) -> Iterator[Finding]:
    """What is not air, by a threshold on a coarse look, is wider than a head: a chest, a belly, two legs."""
    oriented = sitk.DICOMOrient(image, "RAS")
    array, spacing = sitk.GetArrayViewFromImage(oriented), oriented.GetSpacing()
    steps = [max(1, round(4 / s)) for s in reversed(spacing)]
    coarse = array[tuple(slice(None, None, step) for step in steps)]
    low, high = np.percentile(coarse, [1, 98])
    across = (coarse > low + 0.15 * (high - low)).mean(axis=(0, 1))  # Z Y X: how full each sagittal slice is
    present = np.flatnonzero(across > 0.2 * across.max())
    width = (present[-1] - present[0] + 1) * steps[2] * spacing[0] if len(present) else 0.0
    if width > _WIDEST_HEAD_MM:
        yield Finding(
            "more-than-a-head",
            f"{modality} shows something {width:.0f} mm wide, which is no head. The models were made for brains.",
            (modality,),
        )


def _odd_brain(prepared: Prepared) -> Iterator[Finding]:
    volume = millilitres(int(prepared.brain.sum()), prepared.frame.grid)
    if not _SMALLEST_BRAIN_ML <= volume <= _LARGEST_BRAIN_ML:
        size = "small" if volume < _SMALLEST_BRAIN_ML else "large"
        yield Finding(
            "unusual-brain",
            f"The brain that was found is unusually {size}: {volume:.0f} ml. Look whether its mask is right and the "
            "volume shows a whole brain.",
        )


def _cut_brain(prepared: Prepared) -> Iterator[Finding]:
    """Where the brain's mask ends with a broad section at the border of the field of view of the reference."""
    grid, box, brain = prepared.frame.grid, prepared.frame.box, prepared.brain
    spacing = grid.GetSpacing()
    ends = []
    for axis, names in enumerate((("left", "right"), ("back", "front"), ("bottom", "top"))):
        area = float(np.prod(spacing)) / spacing[axis]
        for name, border in zip(names, (0, grid.GetSize()[axis] - 1), strict=True):
            place = border - box.start[axis]
            section = float(brain.select(axis, place).sum()) * area if 0 <= place < brain.shape[axis] else 0.0
            if section > (_CUT_BELOW_MM2 if name == "bottom" else _CUT_MM2):
                ends.append(name)
    if ends:
        yield Finding(
            "brain-cut",
            f"The field of view of the {prepared.frame.reference} ends inside the brain ({', '.join(ends)}): what lies "
            "beyond was not looked at, and volumes are those of the part that is shown.",
            (prepared.frame.reference,),
        )


def _not_covered(prepared: Prepared, study: Study) -> Iterator[Finding]:
    """How much of the brain lies outside the field of view of each of the other volumes."""
    grid, start = prepared.frame.grid, np.array(prepared.frame.box.start)
    voxels = prepared.brain[::6, ::6, ::6].nonzero().numpy() * 6 + start
    if not len(voxels):
        return
    direction = np.array(grid.GetDirection()).reshape(3, 3)
    points = np.array(grid.GetOrigin()) + (voxels * np.array(grid.GetSpacing())) @ direction.T
    for modality in prepared.code:
        if modality == prepared.frame.reference:
            continue
        image, alignment = study.images[modality], prepared.alignments.get(modality)
        moved = points
        if alignment is not None and alignment.transform is not None:
            moved = np.array([alignment.transform.TransformPoint(point) for point in points.tolist()])
        to_index = np.linalg.inv(np.array(image.GetDirection()).reshape(3, 3)) / np.array(image.GetSpacing())[:, None]
        indices = (moved - np.array(image.GetOrigin())) @ to_index.T
        outside = np.any((indices < -0.5) | (indices > np.array(image.GetSize()) - 0.5), axis=1).mean()
        if outside > _NOT_COVERED:
            yield Finding(
                "brain-not-covered",
                f"{100 * outside:.0f} % of the brain lies outside the field of view of the {modality}; there only the "
                "other sequences were used.",
                (modality,),
            )


def _sample(array: np.ndarray) -> np.ndarray:
    """Voxels spread evenly over `array`, the same ones for arrays of the same shape."""
    step = max(1, round((array.size / _MOST_COMPARED) ** (1 / 3)))
    return array[::step, ::step, ::step].ravel()
