"""What can be wrong with a single volume, a label map or a pair of grids, judged from the voxels and the header alone.

What is damaged or not finite does not come this far: the engine refuses to read it. Each function yields (severity,
code, sentence); the sentence goes on after the name of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import numpy as np

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.labels import LabelScheme

if TYPE_CHECKING:
    import SimpleITK as sitk  # noqa: N813

Severity = Literal["error", "warning"]
Judgement = tuple[Severity, str, str]

_SAMPLE = 200_000
"""Voxels, evenly spread, from which the kind of a volume is told: to count distinct floats in all takes seconds."""

_FEW_VALUES = 8
_AIR = -900.0  # Hounsfield units
_SMALLEST_FIELD, _LARGEST_FIELD = 10.0, 1000.0  # mm


def judge_image(image: sitk.Image) -> Iterator[Judgement]:
    """Constants, masks and label maps given as images, CT, an extent that no head has."""
    import SimpleITK as sitk  # noqa: N813

    yield from _judge_values(sitk.GetArrayViewFromImage(image).ravel())
    extent = [size * spacing for size, spacing in zip(image.GetSize(), image.GetSpacing(), strict=True)]
    if min(extent) < _SMALLEST_FIELD or max(extent) > _LARGEST_FIELD:
        shown = " x ".join(f"{length:.3g}" for length in extent)
        yield "warning", "odd-extent", f"measures {shown} mm; its voxel size may be wrong."


def _judge_values(values: np.ndarray) -> Iterator[Judgement]:
    if values.size == 0:
        return
    low, high = float(values.min()), float(values.max())
    if low == high:
        yield "error", "constant", f"has the value {low:g} everywhere."
        return
    sample = values[:: max(values.size // _SAMPLE, 1)].astype(np.float64)
    if len(np.unique(sample)) <= _FEW_VALUES:
        distinct = np.unique(values)
        if len(distinct) == 2:
            yield (
                "error",
                "mask-as-image",
                f"has only the values {distinct[0]:g} and {distinct[1]:g}: a mask, no image.",
            )
            return
        if len(distinct) <= _FEW_VALUES and np.array_equal(distinct, np.round(distinct)):
            yield "error", "labels-as-image", f"has only {len(distinct)} values, all whole: a label map, no image."
            return
    yield from _judge_hounsfield(sample)


def _judge_hounsfield(sample: np.ndarray) -> Iterator[Judgement]:
    """CT: air at -1000, soft tissue around 0 … 100, bone above.

    A z-scored MRI with a background of -1000 is none: its values around 0 spread by about one.
    """
    air = sample <= _AIR
    rest = sample[~air]
    if not 0.05 <= air.mean() <= 0.98 or rest.size < 10:
        return
    soft = (rest > -200) & (rest < 200)
    if soft.mean() < 0.4 or rest[soft].std() < 4:
        return
    bone = rest.max() > 300
    yield ("error" if bone else "warning"), "looks-like-ct", "has the values of a CT (air at -1000, tissue around 0)."


def judge_label(image: sitk.Image, scheme: LabelScheme) -> Iterator[Judgement]:
    """Values that the scheme does not have, and labels without any lesion."""
    import SimpleITK as sitk  # noqa: N813

    values = np.unique(sitk.GetArrayViewFromImage(image))
    try:
        scheme.check_values(values.tolist(), "It")
    except InputError as error:
        yield "error", error.code, f"holds other values: {error.message} {error.hint}"
    if not values.any():
        yield "warning", "empty-label", "marks no lesion."


def judge_mask(image: sitk.Image) -> Iterator[Judgement]:
    """A brain mask that is empty or everywhere; a mask is > 0.5."""
    import SimpleITK as sitk  # noqa: N813

    inside = sitk.GetArrayViewFromImage(image) > 0.5
    if not inside.any():
        yield "error", "empty-mask", "marks no brain."
    elif inside.all():
        yield "warning", "full-mask", "marks every voxel as brain."


def grid_difference(one: sitk.Image, other: sitk.Image) -> str | None:
    """How two grids differ, in words; None when they are the same to a twentieth of a voxel."""
    if one.GetSize() != other.GetSize():
        return f"{_shown(one.GetSize())} and {_shown(other.GetSize())} voxels"
    size, voxel = one.GetSize(), min(one.GetSpacing())
    corners = [tuple((n - 1) * (i >> axis & 1) for axis, n in enumerate(size)) for i in range(8)]
    places = [
        np.array([image.TransformIndexToPhysicalPoint(corner) for corner in corners], float) for image in (one, other)
    ]
    apart = float(np.linalg.norm(places[0] - places[1], axis=1).max())
    return f"corners {apart:.3g} mm apart" if apart > 0.05 * voxel else None


def _shown(size: tuple[int, ...]) -> str:
    return " x ".join(map(str, size))
