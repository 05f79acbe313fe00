"""Everything wrong with a data list and the files it names, at once: errors (it will not work) and warnings (look)."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from MissingModalitySegLib.datalist_structure import check_structure
from MissingModalitySegLib.datalists import Case, datalist_from_dict, load_document
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.labels import SCHEMES, find_scheme

from .volume_findings import Judgement, Severity, grid_difference, judge_image, judge_label, judge_mask

if TYPE_CHECKING:
    import SimpleITK as sitk  # noqa: N813


@dataclass(frozen=True)
class Finding:
    """One thing about one place of the data list, as in `cases[3] (ms07).modalities.T1`."""

    severity: Severity
    code: str
    where: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.where}: {self.sentence}"


@dataclass(frozen=True)
class Checked:
    """What a check found, and among how many cases."""

    cases: int
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "warning")

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "cases": self.cases,
            "errors": [asdict(finding) for finding in self.errors],
            "warnings": [asdict(finding) for finding in self.warnings],
        }


def check_datalist(
    path: str | os.PathLike[str], progress: Callable[[int, int], None] = lambda done, of: None
) -> Checked:
    """Check a data list file, then every volume of every case whose entry can be understood.

    `progress` hears of each case done. Raises `InputError` only when the file itself is absent or no JSON.
    """
    path = Path(path).absolute()
    document = load_document(path)
    findings = [
        Finding("error", "bad-datalist", problem.where, problem.sentence) for problem in check_structure(document)
    ]
    cases = _understood(document, path.parent)
    for done, (where, case) in enumerate(cases):
        progress(done, len(cases))
        findings += check_case(case, where)
    progress(len(cases), len(cases))
    findings += _across(cases)
    if not cases and not findings:
        findings.append(Finding("error", "no-case", "cases", "is empty."))
    listed = document.get("cases") if isinstance(document, dict) else None
    return Checked(len(listed) if isinstance(listed, list) else 0, tuple(findings))


def check_case(case: Case, where: str) -> list[Finding]:
    """The findings about one case; `where` is its place in the datalist."""
    findings: list[Finding] = []

    def look(path: Path, place: str, judge: Callable[[sitk.Image], Iterator[Judgement]]) -> sitk.Image | None:
        from MissingModalitySegLib.engine.images import read_image

        at = f"{where}.{place}"
        try:
            image = read_image(path)
        except InputError as error:
            findings.append(Finding("error", error.code, at, error.message))
            return None
        findings.extend(Finding(severity, code, at, f"{path.name} {text}") for severity, code, text in judge(image))
        return image

    volumes, contents = {}, {}
    for modality, path in case.modalities.items():
        image = look(path, f"modalities.{modality}", judge_image)
        if image is None:
            continue
        digest = _digest(image)
        if digest in contents:
            text = f"{path.name} holds the very voxels of {contents[digest]}."
            findings.append(Finding("error", "same-volume-twice", f"{where}.modalities.{modality}", text))
        contents.setdefault(digest, modality)
        volumes[modality] = _grid(image)
        if case.brain_extracted and (remark := _not_extracted(image)):
            findings.append(Finding("warning", "not-extracted", f"{where}.modalities.{modality}", remark))
        if modality in case.brain_masks:
            mask = look(case.brain_masks[modality], f"brain_masks.{modality}", judge_mask)
            if mask is not None and (difference := grid_difference(volumes[modality], mask)):
                text = f"has another grid than its sequence: {difference}."
                findings.append(Finding("error", "geometry", f"{where}.brain_masks.{modality}", text))
    reference = next(iter(volumes.values()), None)
    if case.aligned:
        first = next(iter(volumes), None)
        for modality, image in volumes.items():
            if difference := grid_difference(reference, image):
                text = f"is said to be aligned but has another grid than {first}: {difference}."
                findings.append(Finding("error", "geometry", f"{where}.modalities.{modality}", text))
    overlays = {"label": case.label, "brain_mask": case.brain_mask}
    for place, path in overlays.items():
        if path is None:
            continue
        judge = judge_mask if place == "brain_mask" else lambda image: judge_label(image, find_scheme(case.scheme))
        image = look(path, place, judge)
        if image is None or not volumes:
            continue
        differences = [grid_difference(other, image) for other in volumes.values()]
        if all(differences):
            severity: Severity = "error" if case.aligned else "warning"
            text = f"lies on the grid of none of the sequences: {differences[0]}."
            findings.append(Finding(severity, "geometry", f"{where}.{place}", text))
    return findings


def _understood(document: Any, folder: Path) -> list[tuple[str, Case]]:
    """The cases whose own entry has no problem, whatever is wrong elsewhere in the file."""
    entries = document.get("cases") if isinstance(document, dict) else None
    found = []
    for i, entry in enumerate(entries if isinstance(entries, list) else []):
        alone = {"name": "one", "cases": [entry]}
        if not check_structure(alone, tuple(SCHEMES)):
            case = datalist_from_dict(alone, folder).cases[0]
            found.append((f"cases[{i}] ({case.id})", case))
    return found


def _across(cases: Sequence[tuple[str, Case]]) -> Iterator[Finding]:
    """What only shows between cases: a subject in two folds, one file in two cases, folds given to some."""
    folds: dict[str, dict[int, str]] = defaultdict(dict)
    users: dict[Path, str] = {}
    for where, case in cases:
        if case.fold is not None:
            folds[case.subject or case.id].setdefault(case.fold, where)
        for path in dict.fromkeys(Path(os.path.normpath(path)) for path in case.files):
            if path in users:
                yield Finding("warning", "shared-file", where, f"uses {path.name}, as does {users[path]}.")
            users.setdefault(path, where)
    for subject, places in folds.items():
        if len(places) > 1:
            text = f"the subject “{subject}” is in the folds {', '.join(map(str, sorted(places)))}."
            yield Finding("error", "subject-in-two-folds", " and ".join(places.values()), text)
    without = sum(case.fold is None for _, case in cases)
    if folds and without:
        yield Finding("warning", "fold-missing", "cases", f"{without} of {len(cases)} cases have no fold.")


def _not_extracted(image: sitk.Image) -> str | None:
    from MissingModalitySegLib.engine.brain import background_value, extracted_brain
    from MissingModalitySegLib.engine.images import to_array

    array = to_array(image)
    if background_value(array) is None:
        return "is said to be brain extracted but has no constant background."
    if extracted_brain(array, image.GetSpacing()) is None:
        return "is said to be brain extracted but is as large as a whole head."
    return None


def _digest(image: sitk.Image) -> bytes:
    import SimpleITK as sitk  # noqa: N813

    return hashlib.blake2b(sitk.GetArrayViewFromImage(image), digest_size=16).digest()


def _grid(image: sitk.Image) -> sitk.Image:
    """A stand-in that holds the grid but no voxels to speak of, so that five volumes need not stay in memory."""
    import SimpleITK as sitk  # noqa: N813

    grid = sitk.Image(image.GetSize(), sitk.sitkUInt8)
    grid.CopyInformation(image)
    return grid
