"""What was measured as a DICOM structured report (TID 1500): volumes of regions, and every lesion."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..labels import LabelScheme, Region
from ..terminology import BRAIN, LESION_TERM, Coded
from .maker import MANUFACTURER, Maker, coded, new_uid
from .packages import package, silent
from .segmentation_object import SERIES_NUMBER, Segments
from .source_headers import UNICODE
from .volume import DicomVolume

MOST_LESIONS = 100
"""A report lists no more of them, the largest; the volumes are those of all."""

VOLUME = Coded("SCT", "118565006", "Volume")
DIAMETER = Coded("SCT", "81827009", "Diameter")
LONG_AXIS = Coded("SCT", "103339001", "Long Axis")
SHORT_AXIS = Coded("SCT", "103340004", "Short Axis")
MILLILITRE = Coded("UCUM", "ml", "milliliter")
MILLIMETRE = Coded("UCUM", "mm", "millimeter")
PROCEDURE = Coded("LN", "24590-2", "MR Brain")
_SIDES = {
    "left": Coded("SCT", "7771000", "Left"),
    "right": Coded("SCT", "24028007", "Right"),
    "midline": Coded("SCT", "260528009", "Median"),
}


def write_measurement_report(
    report: Mapping[str, Any],
    scheme: LabelScheme,
    segments: Segments,
    reference: DicomVolume,
    maker: Maker,
    path: Path,
) -> Any:
    """Write the volumes and lesions of `report` (as `report.json` has them); returns highdicom's dataset.

    A region that is one segment refers to it (TID 1411); those that hold several are told as sums over them, and a
    lesion refers to the image that shows its centre (TID 1501). Raises `OSError` when the file cannot be written.
    """
    sr = package("highdicom.sr")
    codes = package("pydicom.sr.codedict").codes
    groups = [_region(region, report["volumes_ml"][region.name], segments, maker) for region in scheme.regions]
    shown = (report["lesions"] or [])[:MOST_LESIONS]
    groups += [_lesion(lesion, scheme, segments, reference, maker) for lesion in shown]
    with silent():
        observer = sr.ObserverContext(
            observer_type=codes.DCM.Device,
            observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
                uid=maker.device_uid(), name=maker.title, manufacturer_name=MANUFACTURER, model_name=maker.name
            ),
        )
        content = sr.MeasurementReport(
            observation_context=sr.ObservationContext(observer_device_context=observer),
            procedure_reported=coded(PROCEDURE),
            imaging_measurements=groups,
            title=codes.DCM.ImagingMeasurementReport,
            # The image library is of images with a place of their own; highdicom refuses multi-frame ones.
            referenced_images=segments.sources if reference.stack.slices[0].frame is None else None,
        )
        dataset = sr.ComprehensiveSR(
            evidence=[segments.dataset, *segments.sources],
            content=content,
            series_instance_uid=new_uid(),
            series_number=SERIES_NUMBER + 1000 + max(reference.stack.series_number, 0) % 1000,
            sop_instance_uid=new_uid(),
            instance_number=1,
            is_complete=True,
            is_final=False,
            is_verified=False,
            series_description=f"{maker.title}: measurements"[:64],
            specific_character_set=UNICODE,
            **maker.equipment(),
        )
        dataset.save_as(path)
    return dataset


def _region(region: Region, volume_ml: float, segments: Segments, maker: Maker) -> Any:
    sr = package("highdicom.sr")
    values = [value for value in region.values if value in segments.numbers]
    measurements = [_measured(VOLUME, volume_ml, MILLILITRE)]
    common = {
        "finding_type": coded(region.terminology.type),
        "finding_category": coded(region.terminology.category),
        "finding_sites": [sr.FindingSite(coded(region.terminology.region))],
        "algorithm_id": sr.AlgorithmIdentification(maker.title, maker.version),
        "measurements": measurements,
    }
    if len(region.values) == 1 and values:
        value = values[0]
        _, uid = segments.tracking[value]
        return sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=sr.TrackingIdentifier(uid, region.title),
            referenced_segment=sr.ReferencedSegment.from_segmentation(
                segments.dataset, segment_number=segments.numbers[value]
            ),
            **common,
        )
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(new_uid(), region.title), **common
    )


def _lesion(
    lesion: Mapping[str, Any], scheme: LabelScheme, segments: Segments, reference: DicomVolume, maker: Maker
) -> Any:
    sr = package("highdicom.sr")
    codes = package("pydicom.sr.codedict").codes
    side = _SIDES.get(lesion["side"] or "")
    measurements = [
        _measured(VOLUME, lesion["volume_ml"], MILLILITRE),
        _measured(DIAMETER, lesion["diameter_mm"], MILLIMETRE, codes.SCT.Maximum),
        _measured(LONG_AXIS, lesion["axial_diameter_mm"], MILLIMETRE),
        _measured(SHORT_AXIS, lesion["axial_across_mm"], MILLIMETRE),
    ]
    image = reference.sources[lesion["voxel"][2]]
    shown = None
    if image is not None:
        frames = None if image.frame is None else [image.frame + 1]
        source = next(one for one in segments.sources if str(one.SOPInstanceUID) == image.instance)
        shown = [sr.SourceImageForMeasurementGroup(str(source.SOPClassUID), image.instance, frames)]
    outermost = scheme.regions[0].terminology or LESION_TERM
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(new_uid(), f"Lesion {lesion['id']}"),
        finding_type=coded(outermost.type),
        finding_category=coded(outermost.category),
        finding_sites=[sr.FindingSite(coded(BRAIN), laterality=None if side is None else coded(side))],
        algorithm_id=sr.AlgorithmIdentification(maker.title, maker.version),
        measurements=measurements,
        source_images=shown,
    )


def _measured(name: Coded, value: float, unit: Coded, derivation: Any = None) -> Any:
    return package("highdicom.sr").Measurement(
        name=coded(name), value=float(value), unit=coded(unit), derivation=derivation
    )
