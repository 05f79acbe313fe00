"""A label map as DICOM SEG: one segment per label, in the places of the images that it was drawn on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813

from ..engine.geometry import same_grid, steps_of
from ..labels import Label, LabelScheme
from .maker import MANUFACTURER, Maker, coded, new_uid
from .packages import package, silent
from .source_headers import UNICODE, source_headers
from .volume import DicomVolume

SERIES_NUMBER = 7000
"""Added to the number of the series that the segmentation is of."""


@dataclass(frozen=True)
class Segments:
    """A segmentation object that was made: `dataset` is highdicom's, `numbers` the segment of each label's value."""

    dataset: Any
    numbers: Mapping[int, int]
    tracking: Mapping[int, tuple[str, str]]
    """Of each label's value an identifier and a UID, by which later objects name the same finding."""
    sources: list[Any]
    """The headers of the images that it refers to."""


def write_segmentation_object(
    labels: sitk.Image, scheme: LabelScheme, reference: DicomVolume, maker: Maker, path: Path
) -> Segments:
    """Write a label map on the grid of `reference` as a binary segmentation with one segment per label that it holds.

    A map without any voxel becomes an object whose segments are all empty: that nothing was found is an answer, too.

    Raises `InputError` (see `source_headers`), `OSError` when the file cannot be written, and `ValueError` for a grid
    that is not that of the reference.
    """
    if not same_grid(labels, reference.image):
        raise ValueError("the label map does not lie on the grid of the series")
    sources = source_headers(reference.stack)
    array = sitk.GetArrayFromImage(labels)
    there = [label for label in scheme.labels if (array == label.value).any()] or list(scheme.labels)
    numbers = {label.value: number for number, label in enumerate(there, start=1)}
    tracking = {label.value: (f"{label.title}"[:64], new_uid()) for label in there}
    lookup = np.zeros(256, np.uint8)
    for value, number in numbers.items():
        lookup[value] = number
    first = sources[0]
    highdicom = package("highdicom")
    with silent():
        dataset = highdicom.seg.Segmentation(
            source_images=sources,
            pixel_array=_volume(labels, lookup[array], str(first.FrameOfReferenceUID)),
            segmentation_type="BINARY",
            segment_descriptions=[
                _description(numbers[label.value], label, tracking[label.value], maker) for label in there
            ],
            series_instance_uid=new_uid(),
            series_number=SERIES_NUMBER + max(reference.stack.series_number, 0) % 1000,
            sop_instance_uid=new_uid(),
            instance_number=1,
            content_label="LESIONS",
            content_description=f"{scheme.title}, found by {maker.title}"[:64],
            content_creator_name=f"{MANUFACTURER}^Algorithm",
            series_description=f"{maker.title}: segmentation"[:64],
            omit_empty_frames=bool(array.any()),
            specific_character_set=UNICODE,
            **maker.equipment(),
        )
        dataset.BodyPartExamined = "BRAIN"
        dataset.save_as(path)
    return Segments(dataset, numbers, tracking, sources)


def _volume(labels: sitk.Image, array: np.ndarray, frame_of_reference: str) -> Any:
    """Array and geometry as highdicom's volume; its axes are slices, rows, columns."""
    steps = steps_of(labels)
    affine = np.eye(4)
    affine[:3, :3] = steps[:, ::-1]
    affine[:3, 3] = labels.GetOrigin()
    return package("highdicom").Volume(
        array, affine, coordinate_system="PATIENT", frame_of_reference_uid=frame_of_reference
    )


def _description(number: int, label: Label, tracking: tuple[str, str], maker: Maker) -> Any:
    highdicom = package("highdicom")
    codes = package("pydicom.sr.codedict").codes
    term = label.terminology
    made = highdicom.seg.SegmentDescription(
        segment_number=number,
        segment_label=label.title,
        segmented_property_category=coded(term.category),
        segmented_property_type=coded(term.type),
        algorithm_type="AUTOMATIC",
        algorithm_identification=highdicom.AlgorithmIdentificationSequence(
            name=maker.title,
            version=maker.version,
            family=codes.DCM.ArtificialIntelligence,
            source=MANUFACTURER,
        ),
        tracking_id=tracking[0],
        tracking_uid=tracking[1],
        anatomic_regions=[coded(term.region)],
        display_color=highdicom.color.CIELabColor.from_rgb(*label.colour),
    )
    made.SegmentDescription = f"Found by {maker.name} {maker.version}; for research only"
    return made
