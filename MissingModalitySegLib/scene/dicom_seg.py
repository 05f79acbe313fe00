"""Whether a segmentation can become a DICOM SEG with Slicer's own exporter, before the user tries."""

from __future__ import annotations

from typing import Any

import vtk

from .segmentation import ALGORITHM_NAME, ALGORITHM_TYPE, is_empty, segment_ids


def seg_problems(segmentation: Any, database: Any = None) -> tuple[str, ...]:
    """What is in the way of a DICOM SEG, as sentences; none when Slicer's exporter will take it.

    `database` is Slicer's DICOM database; without it the files behind the volume are not looked for.
    """
    problems = []
    volume = segmentation.GetNodeReference(segmentation.GetReferenceImageGeometryReferenceRole())
    if volume is None:
        problems.append("The volume that it was made from is not in the scene any more.")
    else:
        problems += _of_volume(volume, database)
    if segmentation.GetParentTransformNode() is not None:
        problems.append("It lies under a transform, which DICOM SEG cannot hold. Harden the transform first.")
    filled = [segment for segment in segment_ids(segmentation) if not is_empty(segmentation, segment)]
    if not filled:
        problems.append("It is empty: there is nothing to export.")
    for segment in filled:
        problems += _of_segment(segmentation.GetSegmentation().GetSegment(segment))
    return tuple(problems)


def _of_volume(volume: Any, database: Any) -> list[str]:
    instances = (volume.GetAttribute("DICOM.instanceUIDs") or "").split()
    if not instances:
        return [
            f"“{volume.GetName()}” was not loaded from DICOM; SEG refers to its slices. Export NRRD or NIfTI instead."
        ]
    problems = []
    if volume.GetParentTransformNode() is not None:
        problems.append(f"“{volume.GetName()}” lies under a transform, so its DICOM slices lie elsewhere.")
    missing = 0 if database is None else sum(not database.fileForInstance(one) for one in instances)
    if missing:
        problems.append(
            f"{missing} of the {len(instances)} files of “{volume.GetName()}” are not in the DICOM database."
        )
    return problems


def _of_segment(segment: Any) -> list[str]:
    problems = []
    if not tag_of(segment, segment.GetTerminologyEntryTagName()):
        problems.append(f"The segment “{segment.GetName()}” has no coded term.")
    kind = tag_of(segment, ALGORITHM_TYPE) or "MANUAL"
    if kind != "MANUAL" and not tag_of(segment, ALGORITHM_NAME):
        problems.append(f"The segment “{segment.GetName()}” does not say which algorithm made it.")
    return problems


def tag_of(segment: Any, name: str) -> str:
    """A tag of a segment; empty where it has none."""
    value = vtk.mutable("")
    return str(value) if segment.GetTag(name, value) else ""
