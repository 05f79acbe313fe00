"""A label map as a segmentation: names, colours, coded terms, algorithm tags, reference geometry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import slicer
import vtk

from ..labels import BACKGROUND, LARGEST_VALUE, LabelScheme
from .geometry import ijk_to_ras, image_of, to_array, to_matrix, values_in, voxels

ALGORITHM_TYPE = "DICOM.SegmentAlgorithmType"
AUTOMATIC, SEMIAUTOMATIC = "AUTOMATIC", "SEMIAUTOMATIC"
ALGORITHM_NAME = "DICOM.SegmentAlgorithmName"
REGION = "MissingModalitySeg.Region"
"""Tag of a segment: the regions of the scheme that it lies in, outermost first, as in “lesion core”."""

_ID = "label-"
"""What the ID of a segment of the label scheme begins with; its value follows."""

FILL = 0.35
"""Opacity in slices: the image under a lesion must be read through it."""


def fill_segmentation(segmentation: Any, labels: Any, scheme: LabelScheme, algorithm: str) -> None:
    """Put a label map (a volume node in the world) into a segmentation node as one segment per label, in one layer.

    A label without voxels makes an empty segment, so that it can be drawn. `algorithm` is what DICOM SEG names as the
    maker.
    """
    found, matrix = voxels(labels.GetImageData()), to_matrix(ijk_to_ras(labels))
    scheme.check_values(values_in(found), "The result")
    binary = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    shared = _oriented(found, matrix)
    inside = segmentation.GetSegmentation()
    if inside is None:
        segmentation.SetAndObserveSegmentation(slicer.vtkSegmentation())
        inside = segmentation.GetSegmentation()
    inside.SetSourceRepresentationName(binary)
    for one in scheme.labels:
        segment = slicer.vtkSegment()
        segment.SetName(one.title)
        segment.SetColor(*(part / 255 for part in one.colour))
        if one.terminology is not None:
            segment.SetTag(segment.GetTerminologyEntryTagName(), one.terminology.entry())
        segment.SetTag(ALGORITHM_TYPE, AUTOMATIC)
        segment.SetTag(ALGORITHM_NAME, algorithm)
        segment.SetTag(REGION, " ".join(scheme.regions_of(one.value)))
        segment.AddRepresentation(binary, shared)
        segment.SetLabelValue(one.value)
        inside.AddSegment(segment, f"{_ID}{one.value}")


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
    display.SetOpacity2DFill(FILL)
    display.SetOpacity2DOutline(1.0)
    display.SetSliceIntersectionThickness(2)


def show_segment(segmentation: Any, segment: str, shown: bool) -> None:
    """Show or hide one segment; the others, also those that the user added, stay as they are."""
    display = segmentation.GetDisplayNode()
    if display is not None and segment in segment_ids(segmentation):
        display.SetSegmentVisibility(segment, shown)


def set_fill(segmentation: Any, opacity: float) -> None:
    """Set the opacity, 0 to 1, of the fill of all segments in slices."""
    display = segmentation.GetDisplayNode()
    if display is not None:
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


def value_of(segment: str) -> int | None:
    """The value in the label scheme of a segment that has this ID; None of a segment that the user added."""
    value = segment.removeprefix(_ID)
    if value == segment or not (value.isascii() and value.isdecimal()):
        return None
    return int(value) if BACKGROUND < int(value) <= LARGEST_VALUE else None


def is_empty(segmentation: Any, segment: str) -> bool:
    """Whether a segment has no voxels."""
    mask = mask_of(segmentation, segment)
    return mask is None or not mask.any()


def mask_of(segmentation: Any, segment: str) -> np.ndarray | None:
    """The voxels of a segment, (Z, Y, X), in the extent of its layer; None where there are none."""
    inside = segmentation.GetSegmentation().GetSegment(segment)
    image = inside.GetRepresentation(slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName())
    if image is None or image.GetPointData().GetScalars() is None or image.GetNumberOfPoints() == 0:
        return None
    return voxels(image) == inside.GetLabelValue()


def union_of(segmentation: Any) -> Any | None:
    """All segments together, hidden ones too, as a volume node outside every scene: uint8, 1 inside.

    It lies on the grid of the segmentation, before its parent transforms. None where no segment has voxels.
    """
    extent = slicer.vtkSegmentation.EXTENT_UNION_OF_EFFECTIVE_SEGMENTS_AND_REFERENCE_GEOMETRY  # no voxel is cut off
    merged = _merged(segmentation, extent)
    if merged is None or not voxels(merged).any():
        return None
    return _put_on_grid(slicer.vtkMRMLScalarVolumeNode(), merged, (voxels(merged) > 0).astype(np.uint8))


def labels_of(segmentation: Any, values: Mapping[str, int]) -> Any | None:
    """All segments as a label map node outside every scene, on the reference grid, before its parent transforms.

    `values` gives the number of each segment, by ID. Where segments overlap, the later one is seen. None where there is
    no segment.
    """
    merged = _merged(segmentation, slicer.vtkSegmentation.EXTENT_REFERENCE_GEOMETRY)
    if merged is None:
        return None
    numbers = np.array([0, *(values[name] for name in segment_ids(segmentation))], np.int16)  # Slicer counts from 1
    return _put_on_grid(slicer.vtkMRMLLabelMapVolumeNode(), merged, numbers[voxels(merged)])


def _merged(segmentation: Any, extent: int) -> Any | None:
    """The segments as Slicer puts them together: 1 for the first, and so on; None where there is none."""
    merged, drawn = slicer.vtkOrientedImageData(), _with_voxels(segmentation)
    if drawn is None or not drawn.GenerateMergedLabelmapForAllSegments(merged, extent):
        return None
    return None if merged.GetPointData().GetScalars() is None else merged


def _put_on_grid(node: Any, image: Any, array: np.ndarray) -> Any:
    """A volume node with voxels of its own where an oriented image lies."""
    matrix, start = vtk.vtkMatrix4x4(), np.eye(4)
    image.GetImageToWorldMatrix(matrix)
    start[:3, 3] = image.GetExtent()[::2]  # volume nodes count their voxels from 0
    node.SetIJKToRASMatrix(to_matrix(to_array(matrix) @ start))
    node.SetAndObserveImageData(image_of(array))
    return node


def _with_voxels(segmentation: Any) -> Any | None:
    """The segmentation where its segments are voxels, else a copy whose surfaces were made voxels; None where none is.

    A conversion in place would change what the user sees and saves.
    """
    binary = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    inside = segmentation.GetSegmentation()
    names = () if inside is None else segment_ids(segmentation)
    if not names:
        return None
    if all(inside.GetSegment(name).GetRepresentation(binary) is not None for name in names):
        return segmentation
    copy, turned = slicer.vtkMRMLSegmentationNode(), slicer.vtkSegmentation()
    turned.DeepCopy(inside)
    copy.SetAndObserveSegmentation(turned)
    return copy if turned.CreateRepresentation(binary) else None


def _oriented(array: np.ndarray, matrix: Any) -> Any:
    oriented = slicer.vtkOrientedImageData()
    oriented.DeepCopy(image_of(array.astype(np.uint8)))
    oriented.SetGeometryFromImageToWorldMatrix(matrix)
    return oriented
