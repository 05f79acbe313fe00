"""Parsers of what comes from elsewhere, each as a function of bytes: for the tests and for `fuzz`.

A target returns where the bytes are read or refused with a sentence of the error family. Anything else that is raised
is a fault of the parser; so is a breach of what is asserted here about what was accepted.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

from MissingModalitySegLib.bundles import Manifest, import_bundle, read_header, verify
from MissingModalitySegLib.case_results import finished_report
from MissingModalitySegLib.cohorts.journal import Journal
from MissingModalitySegLib.datalists import missing_files, read_datalist, write_datalist
from MissingModalitySegLib.dicom import studies
from MissingModalitySegLib.dicom.headers import read_headers
from MissingModalitySegLib.errors import MissingModalitySegError
from MissingModalitySegLib.jobs import Job
from MissingModalitySegLib.jobs.events import parse
from MissingModalitySegLib.label_json import scheme_from_dict, scheme_to_dict
from MissingModalitySegLib.modalities import Modality
from MissingModalitySegLib.options import Options
from MissingModalitySegLib.recognition import recognise
from MissingModalitySegLib.study_folders import find_studies
from MissingModalitySegLib.volume_headers import read_volume_header

Target = Callable[[bytes], None]


@cache
def place() -> Path:
    """A folder for what targets write, in memory where there is such a place; gone with the process."""
    holder = tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None, prefix="fuzz-")
    place.holder = holder
    return Path(holder.name)


def written(name: str, data: bytes) -> Path:
    path = place() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def refused(error: MissingModalitySegError) -> None:
    """What a refusal must be: a name for programs, a sentence that can be printed, nothing of Python's own words."""
    assert error.code
    assert error.message.strip()
    str(error).encode("utf-8", "backslashreplace")
    assert "Traceback" not in str(error)


def manifest(data: bytes) -> None:
    """What was accepted is written and read again without loss."""
    try:
        read = Manifest.from_json(data)
    except MissingModalitySegError as error:
        refused(error)
    else:
        assert Manifest.from_json(read.to_json()) == read


def weights(data: bytes) -> None:
    """The tensors of an accepted header cover its file, none twice."""
    try:
        entries = read_header(written("w.safetensors", data))
    except MissingModalitySegError as error:
        refused(error)
    else:
        begins = 8 + int.from_bytes(data[:8], "little")
        assert sum(entry.end - entry.begin for entry in entries.values()) == len(data) - begins


def archive(data: bytes) -> None:
    """An import writes a sound model or nothing, and never outside its folder."""
    source, models = written("bundle.zip", data), place() / "models"
    before = sorted(os.listdir(place()))
    try:
        verify(import_bundle(source, models, replace=True))
    except MissingModalitySegError as error:
        refused(error)
        assert not [name for name in _listed(models) if name.startswith(".")]
    assert set(os.listdir(place())) - set(before) <= {"models"}


def job(data: bytes) -> None:
    """An accepted job crosses the process border unchanged, in ASCII."""
    try:
        read = Job.from_json(data)
    except MissingModalitySegError as error:
        refused(error)
    else:
        line = read.to_json()
        assert line.isascii()
        assert "\n" not in line
        assert Job.from_json(line) == read


def options(data: bytes) -> None:
    values = _json(data)
    try:
        read = Options.from_dict(values)
    except MissingModalitySegError as error:
        refused(error)
    else:
        assert Options.from_dict(read.to_dict()) == read


def event(data: bytes) -> None:
    """A line of a worker's output that is no event is None, never an error."""
    read = parse(data)
    if read is not None:
        assert read.to_json().isascii()


def datalist(data: bytes) -> None:
    """An accepted list can be asked for its files, and written and read again."""
    path = written("datalist.json", data)
    try:
        read = read_datalist(path)
        missing_files(read)
        find_studies(path)
    except MissingModalitySegError as error:
        refused(error)
    else:
        again = place() / "again.json"
        with suppress(MissingModalitySegError):  # metadata that are no strict JSON cannot be written
            write_datalist(read, again)
            assert read_datalist(again) == read


def label_scheme(data: bytes) -> None:
    try:
        read = scheme_from_dict(_json(data))
    except MissingModalitySegError as error:
        refused(error)
    else:
        assert scheme_from_dict(scheme_to_dict(read)) == read


def earlier_report(data: bytes) -> None:
    """A report left by anybody is a finished one or none; it never stops a batch."""
    written("case/report.json", data)
    made = Manifest.from_json(_seed("manifest"))
    finished_report(place() / "case", {Modality.FLAIR: place() / "no.nii.gz"}, made, Options())


def journal(data: bytes) -> None:
    written("journal/journal.jsonl", data)
    book = Journal(place() / "journal")
    before = book.read()
    book.write("begun", case="a")
    assert len(book.read()) >= min(len(before), 1)


def volume_header(data: bytes) -> None:
    """The first byte chooses the format. What is told of a volume can be computed with."""
    name = ("a.nii", "a.nii.gz", "a.nrrd", "a.mha")[data[0] % 4 if data else 0]
    header = read_volume_header(written(name, data[1:]))
    if header is not None:
        assert len(header.size) >= 3
        assert header.voxel_ml >= 0
        assert header.thinnest > 0
        assert header.frames >= 1


def dicom(data: bytes) -> None:
    """A folder of files of which any may be broken gives studies or a refusal; everything told can be shown."""
    folder = place() / "dicom"
    folder.mkdir(exist_ok=True)
    (folder / "one.dcm").write_bytes(data)
    try:
        headers, _ = read_headers(folder)
        found = studies.studies_of(headers)
    except MissingModalitySegError as error:
        refused(error)
    else:
        for study in found:
            study.notes()
            for stack in study.stacks:
                assert stack.name
                assert 0 <= stack.recognition.confidence <= 1


def recognition(data: bytes) -> None:
    """Names and attributes of any type give a verdict with a sentence."""
    text = data.decode("utf-8", "surrogateescape")
    values = _json(data)
    attributes = values if isinstance(values, dict) else {"SeriesDescription": text, "ImageType": values}
    verdict = recognise(text, attributes)
    assert verdict.reason.endswith(".")
    assert 0 <= verdict.confidence <= 1
    assert all(0 <= one.confidence <= 1 for one in verdict.alternatives)


def case_report(data: bytes) -> None:
    """`report` on a folder in which anybody may have written."""
    from MissingModalitySegLib.reports.from_folder import write_case_report

    written("run/report.json", data)
    try:
        page = write_case_report(place() / "run").read_text(encoding="utf-8")
    except MissingModalitySegError as error:
        refused(error)
    else:
        assert page.casefold().startswith("<!doctype html>")


def cohort_report(data: bytes) -> None:
    """One odd report among others does not cost the page of a cohort."""
    from MissingModalitySegLib.reports import write_cohort_report

    written("cohort/case/report.json", data)
    assert "case" in write_cohort_report(place() / "cohort").read_text(encoding="utf-8")


def training_config(data: bytes) -> None:
    """`train --config FILE`."""
    from MissingModalitySegTraining.configs import read_config

    try:
        read_config(written("config.yaml", data))
    except MissingModalitySegError as error:
        refused(error)


TARGETS: dict[str, Target] = {
    one.__name__: one
    for one in (
        manifest, weights, archive, job, options, event, datalist, label_scheme, earlier_report, journal,
        volume_header, dicom, recognition, case_report, cohort_report, training_config,
    )
}  # fmt: skip


def _json(data: bytes) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _listed(folder: Path) -> list[str]:
    return os.listdir(folder) if folder.is_dir() else []


def _seed(name: str) -> bytes:
    from .seeds import seeds

    return seeds(name)[0]
