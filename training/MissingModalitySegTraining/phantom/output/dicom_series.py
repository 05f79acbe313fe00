"""A phantom's sequences as series of MR images, as an archive would deliver them.

Every instance says that it is synthetic: in its image type, its comments, its derivation, its manufacturer, and as a
quality control phantom. UIDs follow from the case and its settings: the same phantom made twice is the same instance.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

from MissingModalitySegLib import __version__
from MissingModalitySegLib.modalities import MODALITIES, Modality

from ..engine import CaseParameters
from ..geometry import DIRECTIONS
from ..sequences import DiffusionWeighted, Flair, Mprage, SpinEcho
from .series_names import HOSPITALS, hospital_of
from .simulate import Rendered, SequenceVolume
from .volumes import Volume

NOTE = "SYNTHETIC PHANTOM - computed, not acquired; shows no patient; not for diagnosis"
AGENT = "Gadolinium (simulated)"
DATE, TIME = "20000101", "120000"
"""Of every examination: an archive wants one, and a phantom has none."""

_NAMESPACE = uuid.UUID("6a1b1a74-6d5d-5d0b-9d3c-0c2f6f0f5a11")
_TO_LPS = np.array([-1.0, -1.0, 1.0])


@dataclass(frozen=True)
class _Series:
    """What all images of a series share."""

    study: str
    """Text from which the study's UIDs are made."""
    modality: Modality
    volume: Volume
    slice_mm: float
    plane: str
    attributes: Mapping[str, object]

    def uid(self, *parts: object) -> str:
        return _uid(self.study, *parts)


def write_series(
    case: CaseParameters, rendered: Rendered, folder: Path, patient: str, study: str
) -> dict[Modality, str]:
    """Write a series per sequence into subfolders of `folder` named as the modalities; returns their descriptions.

    Args:
        case: whose sequence parameters go into the headers.
        rendered: what it looks like.
        folder: where the subfolders are made.
        patient: appended to the patient's name `PHANTOM`, and the patient's ID.
        study: text that tells this examination from all others; the UIDs are made of it.

    Raises:
        OSError: something cannot be written.
    """
    descriptions = {}
    for modality, sequence in rendered.sequences.items():
        attributes = series_attributes(case, modality, sequence.plane)
        descriptions[modality] = str(attributes["SeriesDescription"])
        series = _Series(study, modality, as_displayed(sequence), sequence.slice_mm, sequence.plane, attributes)
        target = folder / modality.value
        target.mkdir(parents=True)
        for index in range(series.volume.array.shape[2]):
            instance = _instance(series, index, patient, case)
            instance.save_as(target / f"IM{index + 1:04d}.dcm", enforce_file_format=True)
    return descriptions


def as_displayed(sequence: SequenceVolume) -> Volume:
    """The volume with columns, rows and slices running as they are displayed (`geometry.DIRECTIONS`)."""
    along = np.array(DIRECTIONS[sequence.plane], dtype=float)
    volume = sequence.image
    against = [axis for axis in range(3) if volume.affine[:3, axis] @ along[axis] < 0]
    return volume.flipped(tuple(against))


def series_attributes(case: CaseParameters, modality: Modality, plane: str) -> dict[str, object]:
    """What the header of a series says about how it was acquired, by DICOM keyword."""
    parameters = case.contrast
    settings: SpinEcho | Mprage | Flair | DiffusionWeighted = {
        Modality.T1: parameters.t1,
        Modality.T1CE: parameters.t1ce,
        Modality.T2: parameters.t2,
        Modality.FLAIR: parameters.flair,
        Modality.DWI: parameters.dwi,
    }[modality]
    gradient_echo = isinstance(settings, Mprage)
    name = HOSPITALS[hospital_of(case.seed)].name(modality, plane, gradient_echo)
    attributes: dict[str, object] = {
        "SeriesDescription": name,
        "ProtocolName": name,
        "ImageType": ["DERIVED", "SECONDARY", "OTHER"],
        "MRAcquisitionType": "2D",
        "ScanningSequence": "SE",
        "SequenceVariant": "SK",
        "ScanOptions": "",
        "RepetitionTime": _decimal(settings.repetition_ms),
        "EchoTrainLength": 1,
        "MagneticFieldStrength": _decimal(parameters.field_tesla),
        "BodyPartExamined": "BRAIN",
    }
    if gradient_echo:
        attributes |= {
            "ScanningSequence": ["GR", "IR"],
            "SequenceVariant": ["SP", "MP"],
            "MRAcquisitionType": "3D",
            "EchoTime": "3",
            "InversionTime": _decimal(settings.inversion_ms),
            "FlipAngle": _decimal(settings.flip_deg),
            "EchoTrainLength": settings.lines,
        }
    else:
        attributes["EchoTime"] = _decimal(settings.echo_ms)
    if isinstance(settings, Flair):
        attributes |= {"ScanningSequence": ["SE", "IR"], "InversionTime": _decimal(settings.inversion_ms)}
    if isinstance(settings, DiffusionWeighted):
        attributes |= {"ScanningSequence": ["EP", "SE"], "DiffusionBValue": round(settings.b_value, 1)}
    if modality is Modality.T1CE:
        attributes["ContrastBolusAgent"] = AGENT
    return attributes


def _instance(series: _Series, index: int, patient: str, case: CaseParameters) -> FileDataset:
    """Slice `index` as an MR image."""
    image = FileDataset(None, {}, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
    image.SpecificCharacterSet = "ISO_IR 192"
    image.SOPClassUID = MRImageStorage
    image.SOPInstanceUID = series.uid(series.modality.value, index)
    _patient_and_study(image, series, patient, case)
    image.Modality = "MR"
    image.SeriesInstanceUID = series.uid(series.modality.value)
    image.SeriesNumber = MODALITIES.index(series.modality) + 1
    image.FrameOfReferenceUID = series.uid("frame of reference")
    image.PositionReferenceIndicator = ""
    image.Manufacturer = "MissingModalitySeg (synthetic)"
    image.ManufacturerModelName = "phantom"
    image.SoftwareVersions = __version__
    image.InstanceNumber = index + 1
    image.ImageComments = NOTE
    image.DerivationDescription = NOTE
    image.BurnedInAnnotation = "NO"
    for keyword, value in series.attributes.items():
        setattr(image, keyword, value)
    _plane(image, series, index)
    _pixels(image, series.volume.array[:, :, index])
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.file_meta.ImplementationClassUID = _uid("implementation")
    return image


def _patient_and_study(image: Dataset, series: _Series, patient: str, case: CaseParameters) -> None:
    image.PatientName = f"PHANTOM^{patient}"
    image.PatientID = f"PHANTOM-{patient}"
    image.PatientBirthDate = ""
    image.PatientSex = "O"
    image.PatientAge = f"{round(case.anatomy.age):03d}Y"
    image.QualityControlSubject = "YES"
    image.PatientComments = NOTE
    image.StudyInstanceUID = series.uid()
    image.StudyDate = image.SeriesDate = image.AcquisitionDate = image.ContentDate = DATE
    image.StudyTime = image.SeriesTime = image.AcquisitionTime = image.ContentTime = TIME
    image.StudyID = "1"
    image.StudyDescription = "Brain MRI (synthetic phantom)"
    image.AccessionNumber = ""
    image.ReferringPhysicianName = ""


def _plane(image: Dataset, series: _Series, index: int) -> None:
    affine = series.volume.affine
    across, down, through = series.volume.spacing
    row, column = (_TO_LPS * affine[:3, axis] / step for axis, step in ((0, across), (1, down)))
    normal = np.cross(row, column)
    position = _TO_LPS * (affine[:3, 3] + index * affine[:3, 2])
    image.ImagePositionPatient = [_decimal(value) for value in position]
    image.ImageOrientationPatient = [_decimal(value) for value in (*row, *column)]
    image.PixelSpacing = [_decimal(down), _decimal(across)]
    image.SliceThickness = _decimal(series.slice_mm)
    image.SpacingBetweenSlices = _decimal(through)
    image.SliceLocation = _decimal(float(position @ normal))


def _pixels(image: Dataset, pixels: np.ndarray) -> None:
    image.SamplesPerPixel = 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.Columns, image.Rows = pixels.shape
    image.BitsAllocated = image.BitsStored = 16
    image.HighBit = 15
    image.PixelRepresentation = 0
    image.WindowCenter = _decimal(max(1.0, pixels.max() / 2))
    image.WindowWidth = _decimal(max(1.0, float(pixels.max())))
    image.PixelData = np.ascontiguousarray(pixels.T).astype("<u2").tobytes()


def _decimal(value: float) -> str:
    """A DICOM decimal string: at most 16 characters."""
    for digits in range(15, 0, -1):
        text = f"{value:.{digits}g}"
        if len(text) <= 16:
            return text
    raise ValueError(f"{value} has no decimal string")


def _uid(*parts: object) -> str:
    """A UID under the root 2.25, which anybody may use with a UUID, made of the parts alone."""
    return f"2.25.{uuid.uuid5(_NAMESPACE, '/'.join(map(str, parts))).int}"
