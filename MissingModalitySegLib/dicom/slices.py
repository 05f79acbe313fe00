"""Slices: the pictures of a series with their places in space, whether each has a file or many share one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .headers import PRIVATE_B_VALUES, Header
from .packages import silent


@dataclass(frozen=True, eq=False)
class Slice:
    """One picture: where its pixels are, where it lies, and what its header says of how it was acquired."""

    path: Path
    frame: int | None
    """Counted from 0 in a multi-frame file; None where the file holds this picture alone."""
    instance: str
    """SOPInstanceUID."""
    number: int
    """InstanceNumber, or the frame's number; 0 where there is none."""
    position: tuple[float, float, float]
    """The middle of the first pixel, LPS mm."""
    orientation: tuple[float, ...]
    """Direction of a row's pixels, then of a column's: six cosines, LPS."""
    size: tuple[int, int]
    """Columns, rows."""
    spacing: tuple[float, float]
    """Between columns, between rows, mm."""
    scaling: tuple[float, float]
    """Slope and intercept from stored to meant values."""
    thickness: float
    """Of the slice in mm; 0 where it is not said."""
    times: tuple[str, ...]
    """Of acquisition and of content, as they are written."""
    attributes: Mapping[str, object] = field(repr=False)
    """What `recognition.recognise` asks for, and what tells one volume of a series from another."""

    @property
    def normal(self) -> np.ndarray:
        return np.cross(self.orientation[:3], self.orientation[3:])


class NoSlice(ValueError):  # noqa: N818 - a verdict, not a failure
    """The header has no picture that can be a slice of a volume; the message says why, as in “it has no position”."""


def slices_of(header: Header) -> list[Slice]:
    """The slices in one file. Raises `NoSlice`."""
    dataset = header.dataset
    with silent():
        _check(dataset)
        if "PerFrameFunctionalGroupsSequence" in dataset:
            return list(_frames(header))
        if _integer(dataset.get("NumberOfFrames"), 1) > 1:
            raise NoSlice("its frames have no place in space")
        return [_slice(header, None, (dataset,), dataset)]


def _check(dataset: Any) -> None:
    if not dataset.get("SOPInstanceUID"):
        raise NoSlice("its images lack the tag SOPInstanceUID")
    if not dataset.get("Rows") or not dataset.get("Columns"):
        raise NoSlice("it holds no images")
    if _integer(dataset.get("SamplesPerPixel"), 1) != 1:
        raise NoSlice("it is in colour")
    if any("MOSAIC" in str(value).upper() for value in _values(dataset.get("ImageType"))):
        raise NoSlice("its slices lie in one picture (a mosaic)")


def _frames(header: Header) -> Iterator[Slice]:
    dataset = header.dataset
    shared = _first(dataset.get("SharedFunctionalGroupsSequence"))
    for i, own in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        yield _slice(header, i, tuple(group for group in (own, shared) if group is not None), dataset)


def _slice(header: Header, frame: int | None, groups: tuple[Any, ...], dataset: Any) -> Slice:
    def ask(keyword: str, sequence: str) -> Any:
        """An attribute of a frame's own functional groups, else of the shared ones; without frames of the image."""
        for group in groups:
            inside = group if frame is None else _first(group.get(sequence))
            if inside is not None and inside.get(keyword) not in (None, ""):
                return inside.get(keyword)
        return None

    position = _numbers(ask("ImagePositionPatient", "PlanePositionSequence"), 3, "ImagePositionPatient")
    orientation = _numbers(ask("ImageOrientationPatient", "PlaneOrientationSequence"), 6, "ImageOrientationPatient")
    between_rows, between_columns = _numbers(ask("PixelSpacing", "PixelMeasuresSequence"), 2, "PixelSpacing")
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if not np.allclose(lengths, 1, atol=0.01) or abs(row @ column) > 0.01:
        raise NoSlice("its rows and columns are not at right angles")
    if between_rows <= 0 or between_columns <= 0:
        raise NoSlice("its pixels have no size")
    slope = _decimal(ask("RescaleSlope", "PixelValueTransformationSequence"), 1.0)
    return Slice(
        path=header.path,
        frame=frame,
        instance=str(dataset.SOPInstanceUID),
        number=_integer(dataset.get("InstanceNumber"), 0) if frame is None else frame + 1,
        position=position,
        orientation=_at_right_angles(row, column),
        size=(int(dataset.Columns), int(dataset.Rows)),
        spacing=(between_columns, between_rows),
        scaling=(slope or 1.0, _decimal(ask("RescaleIntercept", "PixelValueTransformationSequence"), 0.0)),
        thickness=max(_decimal(ask("SliceThickness", "PixelMeasuresSequence"), 0.0), 0.0),
        times=tuple(str(dataset.get(key) or "") for key in ("AcquisitionTime", "ContentTime")),
        attributes=_enhanced(ask, dataset) if frame is not None else _classic(dataset),
    )


def _at_right_angles(row: np.ndarray, column: np.ndarray) -> tuple[float, ...]:
    """Two cosines, which headers round, made exactly perpendicular and of length 1."""
    row = row / np.linalg.norm(row)
    column = column - (column @ row) * row
    return (*map(float, row), *map(float, column / np.linalg.norm(column)))


def _classic(dataset: Any) -> dict[str, object]:
    return _common(dataset) | _given(
        {
            "ImageType": _values(dataset.get("ImageType")),
            "ScanningSequence": _values(dataset.get("ScanningSequence")),
            "EchoTime": _decimal(dataset.get("EchoTime")),
            "RepetitionTime": _decimal(dataset.get("RepetitionTime")),
            "InversionTime": _decimal(dataset.get("InversionTime")),
            "DiffusionBValue": _b_value(dataset),
            "DiffusionGradientOrientation": _values(dataset.get("DiffusionGradientOrientation")),
            "ContrastBolusAgent": str(dataset.get("ContrastBolusAgent") or ""),
            "TemporalPositionIdentifier": _values(dataset.get("TemporalPositionIdentifier")),
            "AcquisitionNumber": _values(dataset.get("AcquisitionNumber")),
        }
    )


def _enhanced(ask: Any, dataset: Any) -> dict[str, object]:
    """The words of enhanced multi-frame images in those of the classic ones."""
    sequences = {"SPIN": ("SE",), "GRADIENT": ("GR",), "BOTH": ("GR", "SE")}
    scanning = list(sequences.get(str(dataset.get("EchoPulseSequence") or ""), ()))
    inversion = ask("InversionRecovery", "MRModifierSequence") or dataset.get("InversionRecovery")
    scanning += ["IR"] if inversion == "YES" else []
    scanning += ["EP"] if str(dataset.get("EchoPlanarPulseSequence") or "") == "YES" else []
    directions = ask("DiffusionGradientDirectionSequence", "MRDiffusionSequence")
    agent = _first(dataset.get("ContrastBolusAgentSequence"))
    times = _values(ask("InversionTimes", "MRModifierSequence"))
    return _common(dataset) | _given(
        {
            "ImageType": _values(ask("FrameType", "MRImageFrameTypeSequence") or dataset.get("ImageType")),
            "ScanningSequence": tuple(scanning),
            "EchoTime": _decimal(ask("EffectiveEchoTime", "MREchoSequence")),
            "RepetitionTime": _decimal(ask("RepetitionTime", "MRTimingAndRelatedParametersSequence")),
            "InversionTime": _decimal(times[0] if times else None),
            "DiffusionBValue": _decimal(ask("DiffusionBValue", "MRDiffusionSequence")),
            "DiffusionGradientOrientation": _values((_first(directions) or {}).get("DiffusionGradientOrientation")),
            "ContrastBolusAgent": "" if agent is None else str(agent.get("CodeMeaning") or "contrast agent"),
            "TemporalPositionIdentifier": _values(ask("TemporalPositionIndex", "FrameContentSequence")),
            "AcquisitionNumber": _values(ask("FrameAcquisitionNumber", "FrameContentSequence")),
        }
    )


def _common(dataset: Any) -> dict[str, object]:
    keywords = ("Modality", "SeriesDescription", "ProtocolName", "SequenceName", "BodyPartExamined")
    return _given({keyword: _text(dataset, keyword) for keyword in keywords})


def _given(attributes: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in attributes.items() if value not in ("", (), None)}


def _b_value(dataset: Any) -> float | None:
    """The b-value of the standard's attribute, else of the vendor's own, whose value may come as bytes."""
    if dataset.get("DiffusionBValue") is not None:
        return _decimal(dataset.get("DiffusionBValue"))
    manufacturer = str(dataset.get("Manufacturer") or "").upper()
    for vendor, tag in PRIVATE_B_VALUES.items():
        if vendor in manufacturer and tag in dataset:
            value = dataset[tag].value
            if isinstance(value, bytes):
                if vendor == "PHILIPS" and len(value) == 4:
                    return float(np.frombuffer(value, "<f4")[0])
                value = value.decode("ascii", "replace").split("\\")
            first = _decimal(_values(value)[0] if _values(value) else None)
            if first is None:
                return None
            return first % 1e6 if vendor == "GE" else first  # GE adds 10⁹ to what it does not mean literally
    return None


def _text(dataset: Any, keyword: str) -> str:
    try:
        return str(dataset.get(keyword) or "").strip()
    except Exception:  # a character set that is declared and not used
        return ""


def _first(sequence: Any) -> Any:
    return sequence[0] if sequence is not None and len(sequence) else None


def _values(value: Any) -> tuple[Any, ...]:
    """The values of an attribute, be there none, one or several."""
    if value is None or (isinstance(value, str) and not value):
        return ()
    if isinstance(value, str):
        return tuple(value.split("\\"))
    try:
        return tuple(str(one) if isinstance(one, str) else one for one in value)
    except TypeError:
        return (value,)


def _numbers(value: Any, count: int, keyword: str) -> tuple[float, ...]:
    values = [_decimal(one) for one in _values(value)]
    if not values:
        raise NoSlice(f"its images lack the tag {keyword}")
    if len(values) != count or None in values:
        raise NoSlice(f"the tag {keyword} does not hold {count} numbers")
    return tuple(values)


def _decimal(value: Any, default: float | None = None) -> float | None:
    """A finite number, else `default`; some scanners write decimal commas."""
    match = re.fullmatch(r"\s*([-+]?[\d.,]+(?:[eE][-+]?\d+)?)\s*\0?", str(value)) if value is not None else None
    if match is None:
        return default
    try:
        return float(match[1].replace(",", "."))
    except ValueError:
        return default


def _integer(value: Any, default: int) -> int:
    number = _decimal(value)
    return default if number is None else int(number)
