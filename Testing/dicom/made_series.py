"""Series as scanners write them, made of a volume: one file per slice, or one enhanced file for all."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import SimpleITK as sitk  # noqa: N813
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import EnhancedMRImageStorage, ExplicitVRLittleEndian, MRImageStorage, generate_uid

FLAIR = {
    "SeriesDescription": "T2 FLAIR",
    "ScanningSequence": ["SE", "IR"],
    "EchoTime": "120",
    "RepetitionTime": "9000",
    "InversionTime": "2500",
}
T1 = {"SeriesDescription": "T1 SE", "ScanningSequence": "SE", "EchoTime": "12", "RepetitionTime": "600"}

DIRECTIONS = {
    "axial": np.eye(3),
    "sagittal": np.array([[0.0, 0, -1], [1, 0, 0], [0, -1, 0]]),
    "coronal": np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]),
}
"""Rows, columns and slices as columns, LPS; all right-handed."""


def oblique(degrees: tuple[float, float, float] = (11, -17, 23)) -> np.ndarray:
    """The axial direction turned about all three axes."""
    turned = sitk.Euler3DTransform()
    turned.SetRotation(*np.radians(degrees))
    return np.array(turned.GetMatrix()).reshape(3, 3)


def made_image(
    size: tuple[int, int, int] = (9, 7, 12),
    spacing: tuple[float, float, float] = (1.5, 2.0, 4.0),
    direction: np.ndarray | None = None,
    seed: int = 0,
) -> sitk.Image:
    """Every voxel another value, somewhere in space."""
    values = np.random.default_rng(seed).permutation(np.prod(size)).astype(np.uint16)
    image = sitk.GetImageFromArray(values.reshape(size[::-1]))
    image.SetSpacing(spacing)
    image.SetOrigin((-31.25, 12.5, -47.75))
    image.SetDirection((np.eye(3) if direction is None else direction).ravel().tolist())
    return image


@dataclass
class Scan:
    """Who is scanned, and what all series of the examination share."""

    name: str = "Doe^Jane"
    id: str = "PAT-4711"
    study: str = field(default_factory=generate_uid)
    frame_of_reference: str = field(default_factory=generate_uid)
    extra: dict[str, Any] = field(default_factory=dict)


def datasets(image: sitk.Image, scan: Scan | None = None, number: int = 1, **attributes: Any) -> list[FileDataset]:
    """One MR image per slice of `image`, in its order; `attributes` go over the usual ones, None removes them."""
    scan, series = scan or Scan(), generate_uid()
    array = sitk.GetArrayFromImage(image)
    direction = np.array(image.GetDirection()).reshape(3, 3)
    made = []
    for k, plane in enumerate(array):
        one = _start(MRImageStorage, scan, series, number)
        one.InstanceNumber = k + 1
        one.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"]
        one.AcquisitionTime = f"12{k // 60:02d}{k % 60:02d}"
        one.ImagePositionPatient = [_decimal(v) for v in image.TransformIndexToPhysicalPoint((0, 0, k))]
        one.ImageOrientationPatient = [_decimal(v) for v in direction[:, :2].T.ravel()]
        one.PixelSpacing = [_decimal(image.GetSpacing()[1]), _decimal(image.GetSpacing()[0])]
        one.SliceThickness = _decimal(image.GetSpacing()[2])
        _pixels(one, plane)
        _set(one, {**FLAIR, **scan.extra, **attributes})
        made.append(one)
    return made


def enhanced(image: sitk.Image, scan: Scan | None = None, number: int = 1, order: Any = None, **attributes: Any):
    """All slices in one file whose frames lie in `order` (by default as in the image)."""
    scan = scan or Scan()
    array = sitk.GetArrayFromImage(image)
    order = list(range(len(array))) if order is None else list(order)
    direction = np.array(image.GetDirection()).reshape(3, 3)
    one = _start(EnhancedMRImageStorage, scan, generate_uid(), number)
    one.InstanceNumber = 1
    one.ImageType = ["ORIGINAL", "PRIMARY", "M", "NONE"]
    one.NumberOfFrames = len(order)
    one.EchoPulseSequence = "SPIN"
    one.SeriesDescription = "T2 FLAIR"
    shared = Dataset()
    measures = Dataset()
    measures.PixelSpacing = [_decimal(image.GetSpacing()[1]), _decimal(image.GetSpacing()[0])]
    measures.SliceThickness = _decimal(image.GetSpacing()[2])
    shared.PixelMeasuresSequence = [measures]
    plane = Dataset()
    plane.ImageOrientationPatient = [_decimal(v) for v in direction[:, :2].T.ravel()]
    shared.PlaneOrientationSequence = [plane]
    shared.MREchoSequence = [_with(EffectiveEchoTime=120.0)]
    shared.MRTimingAndRelatedParametersSequence = [_with(RepetitionTime=9000.0)]
    shared.MRModifierSequence = [_with(InversionRecovery="YES", InversionTimes=[2500.0])]
    one.SharedFunctionalGroupsSequence = [shared]
    one.PerFrameFunctionalGroupsSequence = [
        _with(
            PlanePositionSequence=[
                _with(ImagePositionPatient=[_decimal(v) for v in image.TransformIndexToPhysicalPoint((0, 0, int(k)))])
            ]
        )
        for k in order
    ]
    _pixels(one, array[order])
    _set(one, {**scan.extra, **attributes})
    return one


def write(made: list[FileDataset] | FileDataset, folder: Path) -> Path:
    """Write datasets into `folder`, in an order of names that is not theirs; returns the folder."""
    made = made if isinstance(made, list) else [made]
    folder.mkdir(parents=True, exist_ok=True)
    start = len(list(folder.iterdir()))
    names = np.random.default_rng(1).permutation(len(made))
    for one, name in zip(made, names, strict=True):
        one.save_as(folder / f"I{start + name:04d}", enforce_file_format=True)
    return folder


def _start(sop_class: str, scan: Scan, series: str, number: int) -> FileDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = generate_uid()
    one = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    one.SpecificCharacterSet = "ISO_IR 192"
    one.SOPClassUID, one.SOPInstanceUID = sop_class, meta.MediaStorageSOPInstanceUID
    one.PatientName, one.PatientID, one.PatientBirthDate, one.PatientSex = scan.name, scan.id, "19610203", "F"
    one.StudyInstanceUID, one.SeriesInstanceUID, one.SeriesNumber = scan.study, series, number
    one.FrameOfReferenceUID = scan.frame_of_reference
    one.StudyDate, one.StudyTime, one.StudyID = "20240501", "101500", "1"
    one.AccessionNumber, one.ReferringPhysicianName = "ACC-90125", "House^Gregory"
    one.Modality = "MR"
    return one


def _pixels(one: Dataset, array: np.ndarray) -> None:
    one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.Rows, one.Columns = array.shape[-2:]
    one.BitsAllocated = one.BitsStored = 16
    one.HighBit, one.PixelRepresentation = 15, 0
    one.PixelData = array.astype("<u2").tobytes()


def _set(one: Dataset, attributes: dict[str, Any]) -> None:
    for keyword, value in attributes.items():
        if value is not None:
            setattr(one, keyword, value)
        elif keyword in one:
            delattr(one, keyword)


def _with(**attributes: Any) -> Dataset:
    made = Dataset()
    _set(made, attributes)
    return made


def _decimal(value: float) -> str:
    return f"{value:.10g}"[:16]


def read_plain(folder: Path) -> list[pydicom.FileDataset]:
    """All files of a folder as pydicom reads them."""
    return [pydicom.dcmread(path) for path in sorted(folder.iterdir())]
