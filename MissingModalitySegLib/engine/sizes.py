"""Sizes that no scan of a head has; told from the grid alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..errors import InputError
from .images import MOST_VOXELS

_FEWEST_VOXELS = 8
"""Along every axis: less is a localiser, a single slice or a piece of one."""

_LARGEST_FIELD_MM = 700.0
"""No scanner sees more along an axis; longer fields are headers in the wrong unit."""

_SMALLEST_FIELD_MM = 40.0


def refuse_size(name: str, size: Sequence[int], spacing: Sequence[float]) -> None:
    """Raise `InputError` for a volume of `size` voxels of `spacing` mm that cannot be worked on."""
    shown = " x ".join(map(str, size))
    if min(size) == 1:
        raise InputError(
            "single-slice", f"{name} is a single slice ({shown} voxels).", "Give the whole stack as one volume."
        )
    if min(size) < _FEWEST_VOXELS:
        raise InputError(
            "too-small",
            f"{name} has {shown} voxels; along each axis {_FEWEST_VOXELS} are needed.",
            "It may be a localiser, or a part of a series; give the whole series.",
        )
    if math.prod(map(int, size)) > MOST_VOXELS:
        raise InputError(
            "too-large",
            f"{name} has {shown} voxels, more than any scan of a head.",
            "Cut it to the head, or resample it to 1 mm.",
        )
    field = [n * s for n, s in zip(size, spacing, strict=True)]
    if max(field) > _LARGEST_FIELD_MM or max(field) < _SMALLEST_FIELD_MM:
        raise InputError(
            "field-of-view-impossible",
            f"{name} is {' x '.join(f'{length:.3g}' for length in field)} mm large, which cannot be a head.",
            "The voxel size in its header is probably wrong (not in mm); mend it there.",
        )
