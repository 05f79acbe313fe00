"""Where the brain is in volumes that hold nothing but brain, and how to tell them from whole heads.

Both may lie in a constant background: many scanners and archives set the air around a head to zero. What tells them
apart in any sequence is size: a head is a brain with some 15 mm of skull and scalp around it, and a neck. Heads of
children are as small as brains; but below the surface of a head lies a skull, which is dark in every sequence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

_BACKGROUND_SHARE = 0.15
"""A volume counts as extracted when at least this share of it, and of its border, has one and the same value."""

_LARGEST_BRAIN_ML = 2000.0
"""More than fits into most skulls. Brains measured: 1080 to 1730 ml (7 real, 20 simulated); heads: 1970 to 4580 ml."""

_LARGEST_SECTION_MM2 = 21_500.0
"""Of the widest plane section, which tells a slab of a head from one of a brain. Brains: up to 20,800; heads: from
21,200, four in five above 24,000."""

_LARGEST_BALL_MM = 52.0
"""Radius of the largest ball inside: fissures and the base keep it small in a brain (41 to 51), not in a head (from 53
where its crown is in view)."""

_COARSE_MM = 3.0
"""Voxels in which the ball and the skull are looked for."""

_SKULL_DEPTH, _BRAIN_DEPTH = (0.12, 0.3), 0.4
"""Where a skull would lie and from where on there is mostly brain, as shares of the ball's radius: for every age."""

_DARK, _DARK_SHARE = 0.3, 0.14
"""Where more than this share of what lies in the depth of a skull is darker than 0.3 of the brain, there is one.
Brains: up to 0.07, as fluid is dark on T1 and FLAIR; heads: from 0.16 (19 real brains, 10 real heads)."""


_ROUND = 0.425
"""Radius of the largest ball over the cube root of the volume: brains are cleft and flat below (0.39 to 0.44), heads
are round (0.44 to 0.51). A brain with much dark in it, of tumours or wide sulci, is no head as long as it is not."""


@dataclass(frozen=True)
class Size:
    """How large the object in a volume is."""

    volume_ml: float
    section_mm2: float
    """Of the widest section along any axis of the grid."""
    ball_mm: float
    """Radius of the largest ball inside."""

    @property
    def is_head(self) -> bool:
        """Whether no brain is as large."""
        return (
            self.volume_ml > _LARGEST_BRAIN_ML
            or self.section_mm2 > _LARGEST_SECTION_MM2
            or self.ball_mm > _LARGEST_BALL_MM
        )

    @property
    def is_round(self) -> bool:
        """Whether few brains are as round."""
        return self.ball_mm > _ROUND * 10 * self.volume_ml ** (1 / 3)


def background_value(array: np.ndarray) -> float | None:
    """The constant around an extracted brain, or None where there is no constant background.

    It may be any value: z-scored volumes have 0 or the smallest value outside, others -1024 or -3.
    """
    border = np.concatenate([array[[0, -1]].ravel(), array[:, [0, -1]].ravel(), array[:, :, [0, -1]].ravel()])
    values, counts = np.unique(border, return_counts=True)
    value = values[counts.argmax()]
    constant_border = counts.max() >= 0.5 * border.size
    constant_volume = np.count_nonzero(array == value) >= _BACKGROUND_SHARE * array.size
    return float(value) if constant_border and constant_volume else None


def extracted_brain(array: np.ndarray, spacing: Sequence[float] = (1.0, 1.0, 1.0)) -> np.ndarray | None:
    """The mask of the brain in a volume (voxels of `spacing`, mm) from which everything else was removed.

    None if nothing was removed, or only the air around a head.
    """
    return ExtractedBrains()(array, spacing)


class ExtractedBrains:
    """`extracted_brain` for the volumes of one examination, most of which were extracted with one and the same mask."""

    def __init__(self, trust: bool = False) -> None:
        """With `trust` everything in a constant background is brain, however large."""
        self._trust = trust
        self._known: list[tuple[tuple[float, ...], np.ndarray, np.ndarray | None]] = []

    def __call__(self, array: np.ndarray, spacing: Sequence[float]) -> np.ndarray | None:
        value = background_value(array)
        if value is None:
            return None
        present = array != value
        for known_spacing, known_present, mask in self._known:
            if known_spacing == tuple(spacing) and np.array_equal(known_present, present):
                return mask
        mask = largest_part(present)
        mask = None if not self._trust and _is_head(array, mask, spacing, value) else mask
        self._known.append((tuple(spacing), present, mask))
        return mask


def _is_head(array: np.ndarray, mask: np.ndarray, spacing: Sequence[float], air: float) -> bool:
    size = size_of(mask, spacing)
    return size.is_head or (size.is_round and dark_below_surface(array, mask, spacing, air) > _DARK_SHARE)


def dark_below_surface(array: np.ndarray, mask: np.ndarray, spacing: Sequence[float], air: float) -> float:
    """The share of what lies as deep below the surface of `mask` as a skull does that is nearly as dark as `air`."""
    coarse, depth = _coarse(mask, spacing)
    values = np.pad(array[coarse], 1)
    relative = depth / max(float(depth.max()), 1e-6)
    below, deep = (relative > _SKULL_DEPTH[0]) & (relative <= _SKULL_DEPTH[1]), relative > _BRAIN_DEPTH
    if not (below.any() and deep.any()):
        return 0.0
    usual = float(np.median(values[deep]))
    return float(np.mean(values[below] < air + _DARK * (usual - air))) if usual > air else 0.0


def _coarse(mask: np.ndarray, spacing: Sequence[float]) -> tuple[tuple[slice, ...], np.ndarray]:
    """Where to look in voxels of some 3 mm, and how many mm each of them lies below the surface of `mask`.

    There is a voxel more on every side, so that what ends at the border has a surface there.
    """
    steps = [max(1, round(_COARSE_MM / s)) for s in spacing]
    places = tuple(slice(step // 2, None, step) for step in steps)
    sampling = [s * n for s, n in zip(spacing, steps, strict=True)]
    return places, ndimage.distance_transform_edt(np.pad(mask[places], 1), sampling=sampling)


def size_of(mask: np.ndarray, spacing: Sequence[float]) -> Size:
    """The size of the object `mask` on voxels of `spacing`, in mm."""
    voxel = float(np.prod(spacing))
    sections = [
        mask.sum(axis=tuple(other for other in range(3) if other != axis)).max() * voxel / spacing[axis]
        for axis in range(3)
    ]
    return Size(float(mask.sum() * voxel / 1000), float(max(sections)), float(_coarse(mask, spacing)[1].max()))


def largest_part(mask: np.ndarray) -> np.ndarray:
    """The largest connected part of `mask`, with its holes filled; voxels connect across faces."""
    result = np.zeros(mask.shape, bool)
    box = _box_of(mask)
    if box is None:
        return result
    labels, count = ndimage.label(mask[box])
    one = labels == 1 + int(np.bincount(labels.ravel())[1:].argmax()) if count > 1 else labels > 0
    result[box] = one | _holes(one)
    return result


def _holes(mask: np.ndarray) -> np.ndarray:
    """What is false and cannot be left without crossing `mask`. Far faster than growing inwards from the border."""
    # the first voxel lies outside, so part 1 is the outside
    labels, count = ndimage.label(np.pad(~mask, 1, constant_values=True))
    return labels[1:-1, 1:-1, 1:-1] > 1 if count > 1 else np.zeros_like(mask)


def _box_of(mask: np.ndarray) -> tuple[slice, ...] | None:
    """The smallest box around what is true, None where nothing is."""
    slices = []
    for axis in range(mask.ndim):
        hit = np.flatnonzero(mask.any(axis=tuple(other for other in range(mask.ndim) if other != axis)))
        if not len(hit):
            return None
        slices.append(slice(int(hit[0]), int(hit[-1]) + 1))
    return tuple(slices)
