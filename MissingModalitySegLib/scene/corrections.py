"""Whether segments were corrected by hand since the model drew them: figures and tables stay those of the model."""

from __future__ import annotations

import itertools
import json
import zlib
from typing import Any

import numpy as np

from .dicom_seg import tag_of
from .segmentation import ALGORITHM_TYPE, AUTOMATIC, SEMIAUTOMATIC, mask_of, segment_ids, value_of

DRAWN = "MissingModalitySeg.Drawn"
"""Attribute of a segmentation: the checksums of its segments as the model drew them, by ID, as JSON."""

_EMPTY = 0


def remember_drawn(segmentation: Any) -> None:
    """Write on a segmentation what its segments are like now."""
    segmentation.SetAttribute(DRAWN, json.dumps(_checksums(segmentation)))


def corrected_segments(segmentation: Any) -> tuple[str, ...]:
    """The IDs of segments whose voxels are not those that the model drew, also of those added and removed.

    How they are shown does not count. Of a segmentation that does not say what was drawn, no segment is named.
    """
    drawn = _drawn(segmentation)
    if drawn is None:
        return ()
    now = _checksums(segmentation)
    return tuple(one for one in {**drawn, **now} if drawn.get(one, _EMPTY) != now.get(one, _EMPTY))


def label_values(segmentation: Any) -> dict[str, int]:
    """The number of each segment in a label map, by ID: that of the label scheme, whatever the order of the segments.

    Segments that the user added get the next numbers, also where one of the scheme was removed: its number means that.
    """
    present = segment_ids(segmentation)
    known = {name: value for name in present if (value := value_of(name)) is not None}
    taken = [value for name in (*present, *(_drawn(segmentation) or ())) if (value := value_of(name)) is not None]
    free = itertools.count(1 + max(taken, default=0))
    return {name: known.get(name) or next(free) for name in present}


def own_segments(segmentation: Any) -> tuple[tuple[int, str], ...]:
    """The number in a label map and the name of each segment that the user added."""
    inside = segmentation.GetSegmentation()
    values = label_values(segmentation)
    return tuple((value, inside.GetSegment(one).GetName()) for one, value in values.items() if value_of(one) is None)


def tag_corrections(segmentation: Any) -> None:
    """Let the segments say to DICOM SEG which of them are the model's alone, and which were corrected by hand."""
    drawn, corrected = _drawn(segmentation) or {}, corrected_segments(segmentation)
    for name in segment_ids(segmentation):
        segment = segmentation.GetSegmentation().GetSegment(name)
        if name in drawn and tag_of(segment, ALGORITHM_TYPE) in (AUTOMATIC, SEMIAUTOMATIC):
            segment.SetTag(ALGORITHM_TYPE, SEMIAUTOMATIC if name in corrected else AUTOMATIC)


def _drawn(segmentation: Any) -> dict[str, int] | None:
    try:
        return dict(json.loads(segmentation.GetAttribute(DRAWN) or "null"))
    except (TypeError, ValueError):
        return None


def _checksums(segmentation: Any) -> dict[str, int]:
    return {name: _checksum(mask_of(segmentation, name)) for name in segment_ids(segmentation)}


def _checksum(mask: np.ndarray | None) -> int:
    """Of the voxels in their box: extents and label values of layers change when a scene is saved."""
    if mask is None or not mask.any():
        return _EMPTY
    for axis in range(mask.ndim):
        mask = np.moveaxis(mask, axis, 0)
        filled = np.flatnonzero(mask.any(axis=(1, 2)))
        mask = np.moveaxis(mask[filled[0] : filled[-1] + 1], 0, axis)
    return zlib.crc32(np.packbits(mask).tobytes(), zlib.crc32(str(mask.shape).encode()))
