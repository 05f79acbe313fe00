"""The studies in a folder: which series each has, which volumes these hold, and what is left out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..recognition.attributes import excluded_by_attributes
from ..watch import Watch
from .headers import Header, read_header, read_headers
from .packages import package, silent
from .patients import Patient, patient_of, pseudonym
from .slices import NoSlice, Slice, slices_of
from .stacks import Stack, stacks_of

READABLE_SYNTAXES = frozenset(
    {
        "1.2.840.10008.1.2",  # implicit, little endian
        "1.2.840.10008.1.2.1",  # explicit, little endian
        "1.2.840.10008.1.2.1.99",  # deflated
        "1.2.840.10008.1.2.2",  # explicit, big endian
        "1.2.840.10008.1.2.4.50",  # JPEG
        "1.2.840.10008.1.2.4.51",
        "1.2.840.10008.1.2.4.57",  # JPEG, lossless
        "1.2.840.10008.1.2.4.70",
        "1.2.840.10008.1.2.4.80",  # JPEG-LS
        "1.2.840.10008.1.2.4.81",
        "1.2.840.10008.1.2.4.90",  # JPEG 2000
        "1.2.840.10008.1.2.4.91",
        "1.2.840.10008.1.2.5",  # RLE
    }
)
"""How pixels may be stored so that ITK reads them."""

_WITH_LOSS = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 81, 91))


@dataclass(frozen=True)
class LeftOut:
    """A series, or images of one, that make no volume; `why` goes on from “left out:”."""

    series_number: int
    description: str
    images: int
    why: str

    def __str__(self) -> str:
        described = f" “{self.description}”" if self.description else ""
        images = "1 image" if self.images == 1 else f"{self.images} images"
        return f"Series {self.series_number}{described}, {images}, left out: {self.why}."


@dataclass(frozen=True)
class DicomStudy:
    """One examination of one patient.

    `stacks` are its volumes in the order of the series, those that cannot serve included (`Stack.left_out`); ask each
    for its `recognition`. `left_out` are series that make no volume.
    """

    uid: str = field(repr=False)
    key: str
    """A name for files and tables that does not lead to the patient, the same whenever the study is read."""
    patient: Patient
    date: str = field(repr=False)
    """Of the study, YYYYMMDD; belongs to the patient as the name does."""
    description: str
    """Of the study, without what identifies the patient."""
    stacks: tuple[Stack, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def usable(self) -> tuple[Stack, ...]:
        """The volumes that can serve, whatever they turn out to be."""
        return tuple(stack for stack in self.stacks if not stack.left_out)

    def notes(self) -> tuple[str, ...]:
        """A sentence for everything that is left out or was mended."""
        told = [f"{_capital(one.name)}: left out: {one.left_out}." for one in self.stacks if one.left_out]
        told += [f"{_capital(one.name)}: {note}" for one in self.stacks for note in one.notes]
        return (*map(str, self.left_out), *told)


def find_dicom_studies(folder: Path | str, watch: Watch | None = None) -> tuple[DicomStudy, ...]:
    """All studies in the DICOM files below `folder`, by patient and date; nothing but headers is read.

    Raises `InputError`: there is no such folder (`no-such-folder`), or no DICOM in it (`no-dicom`); pydicom is not
    installed (`dicom-missing`). And what `watch` raises.
    """
    headers, broken = read_headers(Path(folder), watch)
    if not headers:
        what = f"{broken} files look like DICOM and cannot be read" if broken else "There is no DICOM file"
        hint = "Name the folder that holds the series; a volume in a file of its own is named by that file."
        raise InputError("no-dicom", f"{what} below “{folder}”.", hint)
    return studies_of(headers)


def find_studies_of(path: Path | str, watch: Watch | None = None) -> tuple[DicomStudy, ...]:
    """The study of one file: of the files in its folder those that belong to the same series.

    Raises `InputError` (`no-dicom`, `dicom-missing`), and what `watch` raises.
    """
    path = Path(path)
    one = read_header(path)
    if one is None:
        raise InputError("no-dicom", f"{path.name} cannot be read as DICOM.", "It may be truncated.")
    headers, _ = read_headers(path.parent, watch, below=False)
    series = str(one.dataset.get("SeriesInstanceUID") or "")
    same = [header for header in headers if str(header.dataset.get("SeriesInstanceUID") or "") == series]
    return studies_of(same or [one])


def studies_of(headers: Iterable[Header]) -> tuple[DicomStudy, ...]:
    """The studies of headers that are there already."""
    package("pydicom")
    with silent():
        groups: dict[tuple[Any, ...], list[Header]] = {}
        for header in headers:
            identity = patient_of(header.dataset).identity
            groups.setdefault((str(header.dataset.get("StudyInstanceUID") or ""), identity), []).append(header)
        found = [_study(uid, identity, members) for (uid, identity), members in groups.items()]
    return tuple(sorted(found, key=lambda one: (one.patient.identity, one.date, one.key)))


def _study(uid: str, identity: tuple[str, ...], headers: list[Header]) -> DicomStudy:
    patient = patient_of(headers[0].dataset)
    series: dict[str, list[Header]] = {}
    for header in headers:
        series.setdefault(str(header.dataset.get("SeriesInstanceUID") or ""), []).append(header)
    stacks: list[Stack] = []
    left_out: list[LeftOut] = []
    for members in series.values():
        made, reasons = _series(uid, members, patient)
        stacks += made
        left_out += reasons
    first = headers[0].dataset
    return DicomStudy(
        uid=uid,
        key=f"study-{pseudonym(uid, *identity)}",
        patient=patient,
        date=str(first.get("StudyDate") or ""),
        description=patient.hidden_in(_text(first, "StudyDescription")),
        stacks=tuple(sorted(stacks, key=lambda one: (one.series_number, one.series_uid))),
        left_out=tuple(sorted(left_out, key=lambda one: one.series_number)),
    )


def _series(study_uid: str, headers: list[Header], patient: Patient) -> tuple[list[Stack], list[LeftOut]]:
    first = headers[0].dataset
    number = _number(first)
    description = patient.hidden_in(_text(first, "SeriesDescription"))
    slices: list[Slice] = []
    reasons: Counter[str] = Counter()
    for header in headers:
        try:
            _refuse(header)
            slices += slices_of(header)
        except NoSlice as verdict:
            reasons[str(verdict)] += 1
        except Exception:  # a header can be broken in more ways than anyone lists
            reasons["its header is damaged"] += 1
    left_out = [LeftOut(number, description, count, why) for why, count in reasons.items()]
    if not slices:
        return [], left_out
    whole = Stack(
        study_uid=study_uid,
        series_uid=str(first.get("SeriesInstanceUID")),
        frame_of_reference=str(first.get("FrameOfReferenceUID") or ""),
        series_number=number,
        description=description,
        slices=tuple(slices),
    )
    lossy = _lossy(headers)
    return [replace(one, notes=(*one.notes, *lossy)) for one in stacks_of(whole)], left_out


def _refuse(header: Header) -> None:
    """Raise `NoSlice` for what cannot be a slice of an MR volume, whatever its geometry."""
    dataset = header.dataset
    modality = str(dataset.get("Modality") or "")
    if not modality:
        raise NoSlice("its images lack the tag Modality")
    if modality != "MR":
        raise NoSlice(f"it is {excluded_by_attributes({'Modality': modality})}")
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID"):
        if not dataset.get(keyword):
            raise NoSlice(f"its images lack the tag {keyword}")
    syntax = header.transfer_syntax
    if syntax and syntax not in READABLE_SYNTAXES:
        uid = package("pydicom").uid.UID(syntax)
        how = f"in a private way ({syntax})" if uid.is_private else f"as {uid.name}, which cannot be read here"
        raise NoSlice(f"its pixels are stored {how}")


def _lossy(headers: list[Header]) -> tuple[str, ...]:
    if any(header.transfer_syntax in _WITH_LOSS for header in headers):
        return ("Its pixels may have been compressed with loss.",)
    return ()


def _number(dataset: Any) -> int:
    try:
        return int(dataset.get("SeriesNumber") or 0)
    except (TypeError, ValueError):
        return 0


def _text(dataset: Any, keyword: str) -> str:
    try:
        return str(dataset.get(keyword) or "").strip()
    except Exception:  # a character set that is declared and not used
        return ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
