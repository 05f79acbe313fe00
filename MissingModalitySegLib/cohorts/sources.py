"""Where the studies of a cohort come from: a data list, a BIDS data set, a folder of volumes, or of DICOM series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from ..modalities import Modality
from ..series_choice import choose_series
from ..study_folders import Choice, FolderStudy, find_studies, session_of
from ..volume_headers import VolumeHeader
from ..watch import Watch

if TYPE_CHECKING:
    from ..dicom import DicomStudy, Stack


class Source(StrEnum):
    """The kinds of places."""

    DATALIST = "datalist"
    BIDS = "bids"
    FOLDER = "folder"
    DICOM = "dicom"


@dataclass(frozen=True)
class SourceStudy:
    """A study: files, or the series that files are to be made of; one of the two for each sequence."""

    id: str
    volumes: Mapping[Modality, Path] = field(default_factory=dict)
    stacks: Mapping[Modality, Stack] = field(default_factory=dict)
    choice: Choice = field(default_factory=Choice)
    known: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """What else is to be said of it, for the table."""


def find_source_studies(
    kind: Source, place: Path, include_phi: bool = False, watch: Watch | None = None
) -> tuple[SourceStudy, ...]:
    """The studies at `place`. Raises `InputError` where there are none; what `watch` raises.

    Studies of DICOM are named by a pseudonym, or by patient and date where `include_phi` is set.
    """
    if kind is Source.DICOM:
        from ..dicom import find_dicom_studies

        return _named(tuple(_of_dicom(one, include_phi) for one in find_dicom_studies(place, watch)))
    if kind is Source.DATALIST and not place.is_file():
        raise InputError("no-such-file", f"There is no data list “{place}”.", "Mend the path.")
    if kind is not Source.DATALIST and not place.is_dir():
        raise InputError("no-such-folder", f"There is no folder “{place}”.", "Mend the path.")
    studies = find_studies(place)
    if kind is Source.BIDS:
        studies = tuple(one for one in studies if session_of(one.id))
        if not studies:
            raise InputError(
                "not-bids", f"No volume below “{place}” is named as BIDS names volumes.", "Give it with --folder."
            )
    return tuple(_of_folder(one) for one in studies)


def _of_folder(study: FolderStudy) -> SourceStudy:
    return SourceStudy(study.id, study.volumes, choice=study.choice, known=study.known)


def _of_dicom(study: DicomStudy, include_phi: bool) -> SourceStudy:
    """Series are spoken of by number and description: names of folders may be those of patients."""
    series = choose_series(
        {stack: stack.recognition for stack in study.usable},
        lambda stack: VolumeHeader(stack.size, stack.voxel_mm),
        lambda stack: stack.name,
    )
    used = {modality: stack.name for modality, stack in series.chosen.items()}
    skipped: dict[str, str] = {}
    for stack in study.stacks:
        if stack not in series.chosen.values():
            why = f"It is left out: {stack.left_out}." if stack.left_out else series.skipped.get(stack, "")
            _add(skipped, stack.name, why)
    for one in study.left_out:
        described = f" “{one.description}”" if one.description else ""
        _add(skipped, f"series {one.series_number}{described}", f"It is left out: {one.why}.")
    notes = tuple(f"{stack.name}: {note}" for stack in series.chosen.values() for note in stack.notes)
    name = study.key
    if include_phi:
        name = "_".join(part for part in (study.patient.id or study.patient.name, study.date) if part) or study.key
    return SourceStudy(name, {}, dict(series.chosen), Choice(used, dict(series.reasons), skipped), {}, notes)


def _add(skipped: dict[str, str], name: str, why: str) -> None:
    """Two series may have the same number and description."""
    key, number = name, 2
    while key in skipped:
        key, number = f"{name} ({number})", number + 1
    skipped[key] = why


def _named(studies: tuple[SourceStudy, ...]) -> tuple[SourceStudy, ...]:
    """Sorted by name, so that two studies of one name get the same folders whenever they are found."""
    return tuple(sorted(studies, key=lambda one: one.id))
