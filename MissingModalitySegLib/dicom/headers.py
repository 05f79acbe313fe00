"""The headers of all DICOM files below a folder, read without their pixels."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..watch import Watch
from .packages import package, silent

_PREAMBLE = 128
_STARTS = (b"\x02\x00", b"\x08\x00")
"""What files of old scanners, which lack the preamble, begin with: group 2 or 8, little endian."""

_DIRECTORY = "1.2.840.10008.1.3.10"
"""The SOP class of DICOMDIR, a table of contents."""

_NAMES = """
SpecificCharacterSet ImageType SOPClassUID SOPInstanceUID StudyDate StudyTime AcquisitionDate AcquisitionTime
ContentTime AccessionNumber Modality StudyDescription SeriesDescription PatientName PatientID PatientBirthDate
OtherPatientIDs BodyPartExamined ScanningSequence SliceThickness RepetitionTime EchoTime InversionTime
EchoNumbers SpacingBetweenSlices ProtocolName SequenceName ContrastBolusAgent DiffusionBValue
DiffusionGradientOrientation StudyInstanceUID SeriesInstanceUID StudyID SeriesNumber AcquisitionNumber
InstanceNumber ImagePositionPatient ImageOrientationPatient FrameOfReferenceUID TemporalPositionIdentifier
SamplesPerPixel PhotometricInterpretation NumberOfFrames Rows Columns PixelSpacing RescaleIntercept RescaleSlope
Manufacturer BitsAllocated SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence EchoPulseSequence
InversionRecovery EchoPlanarPulseSequence ContrastBolusAgentSequence MagneticFieldStrength AcquisitionDateTime
"""
KEYWORDS = tuple(_NAMES.split())
"""What is read of a header."""

PRIVATE_B_VALUES = {"SIEMENS": (0x0019, 0x100C), "GE": (0x0043, 0x1039), "PHILIPS": (0x2001, 0x1003)}
"""Where scanners write the b-value whose software is older than the attribute of the standard."""


@dataclass(frozen=True)
class Header:
    """One file and its header, a pydicom dataset that holds `KEYWORDS` and `PRIVATE_B_VALUES` alone."""

    path: Path
    dataset: Any

    @property
    def transfer_syntax(self) -> str:
        meta = getattr(self.dataset, "file_meta", None)
        return str(getattr(meta, "TransferSyntaxUID", "") or "")


def read_headers(source: Path, watch: Watch | None = None, below: bool = True) -> tuple[list[Header], int]:
    """The headers of the DICOM files in a folder and `below`, in the order of their paths, and how many are broken.

    Raises `InputError` where there is no such folder, and what `watch` raises.
    """
    source, watch = Path(source), watch or Watch()
    if not source.is_dir():
        raise InputError("no-such-folder", f"There is no folder “{source}”.", "Name a folder with DICOM files.")
    paths = sorted(_files_below(source) if below else (path for path in source.iterdir() if path.is_file()))
    found: list[Header] = []
    broken = 0
    with silent():
        for i, path in enumerate(paths):
            watch.check()
            if looks_like_dicom(path):
                header = read_header(path)
                if header is None:
                    broken += 1
                elif str(header.dataset.get("SOPClassUID", "")) != _DIRECTORY:
                    found.append(header)
            watch.progress((i + 1) / len(paths))
    return found, broken


def read_header(path: Path) -> Header | None:
    """The header of one file; None where it is broken."""
    pydicom = package("pydicom")
    tags = [*KEYWORDS, *PRIVATE_B_VALUES.values(), *((group, 0x0010) for group, _ in PRIVATE_B_VALUES.values())]
    with silent():
        try:
            dataset = pydicom.dcmread(path, stop_before_pixels=True, force=True, specific_tags=tags)
            _settle(dataset)
        except Exception:  # whatever a broken file does to the parser, it is a broken file
            return None
    return Header(path, dataset) if "SOPClassUID" in dataset or "Modality" in dataset else None


def _settle(dataset: Any) -> None:
    """Interpret every element now and drop those that cannot be: pydicom would fail or warn when one is asked for."""
    for tag in list(dataset.keys()):
        try:
            element = dataset[tag]
        except Exception:  # a damaged element raises what it likes
            del dataset[tag]
            continue
        if element.VR == "SQ":
            for item in element.value:
                _settle(item)


def looks_like_dicom(path: Path) -> bool:
    """Whether the first bytes of a file are those of DICOM."""
    try:
        if not path.is_file():  # reading from a pipe would wait for its writer
            return False
        with open(path, "rb") as stream:
            start = stream.read(_PREAMBLE + 4)
    except OSError:
        return False
    return start[_PREAMBLE:] == b"DICM" or (start[:2] in _STARTS and path.suffix.lower() in ("", ".dcm", ".ima"))


def _files_below(root: Path) -> Iterator[Path]:
    for folder, below, names in os.walk(root):
        below[:] = sorted(one for one in below if not one.startswith("."))
        for name in names:
            if not name.startswith(".") and name.upper() != "DICOMDIR":
                yield Path(folder, name)
