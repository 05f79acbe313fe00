"""A label map as a segmentation: names, colours, coded terms, algorithm tags, reference geometry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import slicer
import vtk

from ..labels import Colour, LabelScheme
from ..terminology import Terminology
from .geometry import ijk_to_ras, image_of, to_matrix, values_in, voxels

ALGORITHM_TYPE = "DICOM.SegmentAlgorithmType"
ALGORITHM_NAME = "DICOM.SegmentAlgorithmName"
REGION = "MissingModalitySeg.Region"
"""Tag of a segment: the regions of the scheme that it lies in, outermost first, as in “lesion core”."""

_FILL = 0.35
"""Opacity in slices: the image under a lesion must be read through it."""


class Parts(StrEnum):
    """What the segments are: the labels, which exclude each other, or the regions, which lie in one another."""

    LABELS = "labels"
    REGIONS = "regions"


@dataclass(frozen=True)
class _Segment:
    id: str
    title: str
    values: frozenset[int]
    colour: Colour
    terminology: Terminology | None
    regions: tuple[str, ...]


def fill_segmentation(
    segmentation: Any, labels: Any, scheme: LabelScheme, algorithm: str, parts: Parts = Parts.LABELS
) -> None:
    """Put a label map (a volume node in the world) into a segmentation node as one segment per label or region.

    Labels share one layer; regions overlap, and each has its own. A label without voxels makes an empty segment, so
    that it can be drawn. `algorithm` is what DICOM SEG names as the maker.
    """
    found, matrix = voxels(labels.GetImageData()), to_matrix(ijk_to_ras(labels))
    scheme.check_values(values_in(found), "The result")
    core = slicer.vtkSegmentationConverter
    binary = core.GetSegmentationBinaryLabelmapRepresentationName()
    shared = _oriented(found, matrix) if parts is Parts.LABELS else None
    inside = segmentation.GetSegmentation()
    if inside is None:
        segmentation.SetAndObserveSegmentation(slicer.vtkSegmentation())
        inside = segmentation.GetSegmentation()
    inside.SetSourceRepresentationName(binary)
    for one in _segments(scheme, parts):
        segment = slicer.vtkSegment()
        segment.SetName(one.title)
        segment.SetColor(*(part / 255 for part in one.colour))
        if one.terminology is not None:
            segment.SetTag(segment.GetTerminologyEntryTagName(), one.terminology.entry())
        segment.SetTag(ALGORITHM_TYPE, "AUTOMATIC")
        segment.SetTag(ALGORITHM_NAME, algorithm)
        segment.SetTag(REGION, " ".join(one.regions))
        if shared is not None:
            segment.AddRepresentation(binary, shared)
            segment.SetLabelValue(next(iter(one.values)))
        else:
            segment.AddRepresentation(binary, _oriented(np.isin(found, list(one.values)), matrix))
        inside.AddSegment(segment, one.id)


def refer_to_geometry(segmentation: Any, labels: Any, reference: Any = None) -> None:
    """Make the grid of the label map the segmentation's own, for editing and export, and name the volume behind it."""
    if reference is not None:
        segmentation.SetReferenceImageGeometryParameterFromVolumeNode(reference)
    core = slicer.vtkSegmentationConverter
    geometry = core.SerializeImageGeometry(to_matrix(ijk_to_ras(labels)), labels.GetImageData())
    segmentation.GetSegmentation().SetConversionParameter(core.GetReferenceImageGeometryParameterName(), geometry)


def dress(segmentation: Any) -> None:
    """Show the segments in all views: a thin fill that lets the image through, and a clear outline."""
    segmentation.CreateDefaultDisplayNodes()
    display = segmentation.GetDisplayNode()
    display.SetOpacity2DFill(_FILL)
    display.SetOpacity2DOutline(1.0)
    display.SetSliceIntersectionThickness(2)


def show_segments(segmentation: Any, shown: Iterable[str] | None = None, opacity: float | None = None) -> None:
    """Show only the segments named by ID (None: all), and set the opacity of their fill, 0 to 1."""
    display = segmentation.GetDisplayNode()
    wanted = None if shown is None else set(shown)
    for segment in segment_ids(segmentation):
        display.SetSegmentVisibility(segment, wanted is None or segment in wanted)
    if opacity is not None:
        display.SetOpacity2DFill(opacity)


def is_in_3d(segmentation: Any) -> bool:
    """Whether the segments have surfaces, also those that were loaded with a scene."""
    surfaces = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
    return bool(segmentation.GetSegmentation().ContainsRepresentation(surfaces))


def show_in_3d(segmentation: Any, shown: bool) -> None:
    """Make or drop the surfaces of all segments."""
    if shown:
        segmentation.CreateClosedSurfaceRepresentation()
    else:
        segmentation.RemoveClosedSurfaceRepresentation()


def segment_ids(segmentation: Any) -> tuple[str, ...]:
    """The IDs of all segments, in order."""
    names = vtk.vtkStringArray()
    segmentation.GetSegmentation().GetSegmentIDs(names)
    return tuple(names.GetValue(i) for i in range(names.GetNumberOfValues()))


def is_empty(segmentation: Any, segment: str) -> bool:
    """Whether a segment has no voxels."""
    inside = segmentation.GetSegmentation().GetSegment(segment)
    image = inside.GetRepresentation(slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName())
    if image is None or image.GetPointData().GetScalars() is None or image.GetNumberOfPoints() == 0:
        return True
    return not (voxels(image) == inside.GetLabelValue()).any()


def _segments(scheme: LabelScheme, parts: Parts) -> tuple[_Segment, ...]:
    if parts is Parts.REGIONS:
        return tuple(
            _Segment(one.name, one.title, one.values, one.colour, one.terminology, (one.name,))
            for one in scheme.regions
        )
    return tuple(
        _Segment(
            f"label-{one.value}",
            one.title,
            frozenset({one.value}),
            one.colour,
            one.terminology,
            scheme.regions_of(one.value),
        )
        for one in scheme.labels
    )


def _oriented(array: np.ndarray, matrix: Any) -> Any:
    oriented = slicer.vtkOrientedImageData()
    oriented.DeepCopy(image_of(array.astype(np.uint8)))
    oriented.SetGeometryFromImageToWorldMatrix(matrix)
    return oriented
