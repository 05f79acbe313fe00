"""A segmentation object as viewers take it: geometry from its own tags alone, slices from their positions.

The rules are those by which Slicer's importer goes: the orientation is that of the first frame, the distance between
slices is the declared one, the volume reaches from the lowest frame to the highest, frames must lie on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pydicom
import SimpleITK as sitk  # noqa: N813


@dataclass
class Segment:
    label: str
    image: sitk.Image
    frames: int


def read_segments(dataset: pydicom.Dataset) -> dict[int, Segment]:
    """By number: name and mask of each segment, on the grid that the frames span."""
    shared, frames = dataset.SharedFunctionalGroupsSequence[0], dataset.PerFrameFunctionalGroupsSequence
    assert len(frames) == dataset.NumberOfFrames
    cosines = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, dtype=float)
    row, column = cosines[:3], cosines[3:]
    normal = np.cross(row, column)
    measures = shared.PixelMeasuresSequence[0]
    step = float(measures.SpacingBetweenSlices)
    origins = np.array([frame.PlanePositionSequence[0].ImagePositionPatient for frame in frames], dtype=float)
    heights = origins @ normal
    first = origins[heights.argmin()]
    depth = round((heights.max() - heights.min()) / step) + 1
    pixels = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns)
    found = {}
    for segment in dataset.SegmentSequence:
        array, count = np.zeros((depth, dataset.Rows, dataset.Columns), np.uint8), 0
        for frame, origin, plane in zip(frames, origins, pixels, strict=True):
            group = frame if "SegmentIdentificationSequence" in frame else shared
            if group.SegmentIdentificationSequence[0].ReferencedSegmentNumber != segment.SegmentNumber:
                continue
            offset = origin - first
            k = round(float(offset @ normal) / step)
            assert np.allclose(offset, k * step * normal, atol=1e-3), "a frame beside the grid"
            array[k] |= plane
            count += 1
        image = sitk.GetImageFromArray(array)
        image.SetOrigin(first.tolist())
        image.SetSpacing([float(measures.PixelSpacing[1]), float(measures.PixelSpacing[0]), step])
        image.SetDirection(np.stack([row, column, normal], 1).ravel().tolist())
        found[int(segment.SegmentNumber)] = Segment(str(segment.SegmentLabel), image, count)
    return found
