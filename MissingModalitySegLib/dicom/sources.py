"""Series as inputs of a run, and what a run writes back for an archive.

An input is a folder, whose series are searched for the one that is meant, or one file of a series, which stands for all
files beside it that belong to the same series.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import SimpleITK as sitk  # noqa: N813

from ..checksums import sha256_of
from ..engine.images import VolumeSource
from ..engine.running import ObjectMaker, Source
from ..errors import InputError
from ..labels import LabelScheme
from ..modalities import Modality
from ..options import Options
from ..output_folder import MEASUREMENT_REPORT, SEGMENTATION_OBJECT
from ..watch import Watch, part
from .headers import looks_like_dicom
from .maker import Maker
from .measurement_report import write_measurement_report
from .packages import package
from .segmentation_object import write_segmentation_object
from .stacks import Stack
from .studies import DicomStudy, find_dicom_studies, find_studies_of
from .volume import DicomVolume, read_stack

MOST_NAMED = 8
"""A sentence names no more series than this."""


class SeriesSource(VolumeSource):
    """A volume that is read from a series: `place` is a folder or one of its files, or a stack that was found."""

    def __init__(self, place: Path | Stack, modality: Modality, others: Others, include_phi: bool = False) -> None:
        self.volume: DicomVolume | None = None
        self.study: DicomStudy | None = None
        self._place, self._modality, self._others, self._include_phi = place, modality, others, include_phi

    def read(self, watch: Watch) -> sitk.Image:
        with part(watch, 0.0, 0.3) as share:
            stack = self._place if isinstance(self._place, Stack) else self._found(self._place, share)
        name = str(self._modality)
        for note in stack.notes:
            watch.warn("series-mended", f"{name}, {stack.name}: {note}")
        told = stack.recognition
        if told.certain and told.modality is not self._modality:
            watch.warn(
                "series-looks-different",
                f"{name}: by its header the {stack.name} looks like {told.modality}. {told.reason}",
            )
        with part(watch, 0.3, 1.0) as share:
            self.volume = read_stack(stack, share)
        self._others.compare(self, watch)
        return self.volume.image

    def describe(self) -> Mapping[str, Any]:
        stack = self.volume.stack
        return {
            "file": stack.name,
            "sha256": stack_checksum(stack),
            "series": {
                "number": stack.series_number,
                "description": stack.description,
                "part": stack.part,
                "images": len(stack.slices),
                "notes": list(stack.notes),
            },
        }

    @property
    def patient(self) -> Mapping[str, str] | None:
        if not self._include_phi or self.study is None:
            return None
        who = self.study.patient
        return {"name": who.name, "id": who.id, "birth_date": who.birth_date, "study_date": self.study.date}

    def _found(self, place: Path, watch: Watch) -> Stack:
        studies = self._others.studies(place, watch)
        if place.is_dir():
            self.study, stack = _meant(studies, self._modality, place)
        else:
            self.study, stack = _around(studies, place, self._modality)
        return stack


class Others:
    """What the series of a run share: folders that were searched, and the patient they are of."""

    def __init__(self) -> None:
        self._folders: dict[Path, tuple[DicomStudy, ...]] = {}
        self._read: list[SeriesSource] = []

    def studies(self, place: Path, watch: Watch) -> tuple[DicomStudy, ...]:
        """The studies in a folder, or in the folder of a file."""
        if place not in self._folders:
            find = find_dicom_studies if place.is_dir() else find_studies_of
            self._folders[place] = find(place, watch)
        return self._folders[place]

    def compare(self, source: SeriesSource, watch: Watch) -> None:
        """Raise `InputError` (`mixed-patients`) for volumes of two people; warn of two examinations."""
        for other in self._read:
            if source.study is None or other.study is None:
                continue
            if source.study.patient.identity != other.study.patient.identity:
                raise InputError(
                    "mixed-patients",
                    "The series are of different patients.",
                    "Give series of one patient; if it is one, the headers disagree on name or ID.",
                )
            if source.study.uid != other.study.uid:
                watch.warn("different-studies", "The series are of different examinations of the same patient.")
        self._read.append(source)


def sources_of(inputs: Mapping[Modality, Path], options: Options) -> dict[Modality, Source]:
    """`inputs`, in which folders and DICOM files became series that read themselves.

    Raises `InputError` (`dicom-missing`, `no-dicom-input`) where DICOM is asked for and cannot be had.
    """
    others = Others()
    sources: dict[Modality, Source] = {}
    for modality, path in inputs.items():
        series = path.is_dir() or (path.is_file() and looks_like_dicom(path))
        sources[modality] = SeriesSource(path, modality, others, options.include_phi) if series else path
    wanted = options.dicom_seg or options.dicom_sr
    if any(isinstance(one, SeriesSource) for one in sources.values()):
        package("pydicom")
        if wanted:
            package("highdicom")
    elif wanted:
        raise InputError(
            "no-dicom-input",
            "DICOM was asked for, but no volume comes from DICOM.",
            "A segmentation object refers to the images it is of: give the series, not volumes made of them.",
        )
    return sources


def object_maker(sources: Mapping[Modality, Source], options: Options) -> ObjectMaker | None:
    """What writes `segmentation.dcm` and `report.dcm` for a run of `sources`, as far as `options` ask for them."""
    if not options.dicom_seg and not options.dicom_sr:
        return None

    def make(folder: Path, labels: sitk.Image, scheme: LabelScheme, report: Mapping[str, Any]) -> Mapping[str, str]:
        source = sources[Modality(report["reference"])]
        if not isinstance(source, SeriesSource):
            raise InputError(
                "no-dicom-reference",
                f"No DICOM was written: the reference, {report['reference']}, is no series of DICOM.",
            )
        return write_objects(folder, labels, scheme, report, source.volume, report=options.dicom_sr)

    return make


def write_objects(
    folder: Path,
    labels: sitk.Image,
    scheme: LabelScheme,
    told: Mapping[str, Any],
    reference: DicomVolume,
    report: bool = True,
) -> dict[str, str]:
    """Write `segmentation.dcm`, and `report.dcm` as well; file names by what they are.

    `told` is the run's report. Raises `InputError` (`no-dicom-object`) with what stands in the way, and `OSError`.
    """
    maker = Maker.of_report(told)
    try:
        segments = write_segmentation_object(labels, scheme, reference, maker, folder / SEGMENTATION_OBJECT)
        made = {"dicom_seg": SEGMENTATION_OBJECT}
        if report:
            write_measurement_report(told, scheme, segments, reference, maker, folder / MEASUREMENT_REPORT)
            made["dicom_sr"] = MEASUREMENT_REPORT
    except (InputError, OSError) as error:
        _discard(folder)
        if isinstance(error, InputError):
            raise InputError(error.code, f"No DICOM was written: {error.message}", error.hint) from None
        raise
    except (ValueError, TypeError, AttributeError, KeyError) as error:  # what highdicom makes of headers that lie
        _discard(folder)
        raise InputError(
            "no-dicom-object",
            f"No DICOM was written: the headers of the series do not allow it ({type(error).__name__}).",
            "Have a look at the series with a validator.",
        ) from None  # the text of the error may quote the header
    return made


def stack_checksum(stack: Stack) -> str:
    """A SHA-256 of the files behind a stack, whatever they are called and in which order they lie."""
    sums = sorted(sha256_of(path) for path in stack.files)
    return hashlib.sha256("\n".join(sums).encode()).hexdigest()


@dataclass(frozen=True)
class _Found:
    study: DicomStudy
    stack: Stack


def _meant(studies: tuple[DicomStudy, ...], modality: Modality, place: Path) -> tuple[DicomStudy, Stack]:
    """The one volume in a folder; of several the one that its header says is `modality`."""
    usable = [_Found(study, stack) for study in studies for stack in study.usable]
    if not usable:
        notes = [note for study in studies for note in study.notes()]
        raise InputError(
            "no-usable-series",
            f"No series in this folder can be used as {modality}. {' '.join(notes[:MOST_NAMED])}".strip(),
            "Name the folder of another series.",
        )
    fitting = [one for one in usable if one.stack.recognition.modality is modality]
    chosen = usable if len(usable) == 1 else fitting
    if len(chosen) != 1:
        names = [one.stack.name for one in chosen or usable]
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        several = f" in {len(studies)} studies" if len(studies) > 1 else ""
        fit = f"{len(names)} of them could be {modality}" if chosen else f"none is surely {modality}"
        raise InputError(
            "which-series",
            f"The folder holds several series{several}, and {fit}: {', '.join(names[:MOST_NAMED])}{more}.",
            "Name one file of the series that is meant, or the folder that holds it alone.",
        )
    return chosen[0].study, chosen[0].stack


def _around(studies: tuple[DicomStudy, ...], path: Path, modality: Modality) -> tuple[DicomStudy, Stack]:
    """The volume that a file belongs to; of several in one file the one that its header says is `modality`."""
    holding = [_Found(study, stack) for study in studies for stack in study.stacks if path in stack.files]
    usable = [one for one in holding if not one.stack.left_out]
    if not usable:
        why = holding[0].stack.left_out if holding else next((str(one) for one in studies[0].left_out), "")
        raise InputError(
            "series-not-usable", f"The series of {path.name} cannot be used: {why}.", "Choose another series."
        )
    if len(usable) > 1:
        usable = [one for one in usable if one.stack.recognition.modality is modality]
    if len(usable) != 1:
        raise InputError(
            "which-series",
            f"{path.name} holds several volumes: {', '.join(one.stack.name for one in holding)}.",
            f"None of them alone is surely {modality}; extract the one that is meant.",
        )
    return usable[0].study, usable[0].stack


def _discard(folder: Path) -> None:
    for name in (SEGMENTATION_OBJECT, MEASUREMENT_REPORT):
        (folder / name).unlink(missing_ok=True)
