"""Studies on a disk: a data list, a BIDS data set, or any folder with volumes in it.

Which sequence a file is comes from its name, as for volumes in a scene; what is unsure is left out and said.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .datalists import read_datalist
from .errors import InputError
from .modalities import Modality
from .output_folder import REPORT
from .recognition import assign, recognise

SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd")

_BIDS = re.compile(r"(sub-[A-Za-z0-9]+)(?:_(ses-[A-Za-z0-9]+))?_")
_SKIPPED = ("derivatives", "sourcedata", "code")
"""Folders of a BIDS data set that hold no raw volumes."""


@dataclass(frozen=True)
class FolderStudy:
    """One study: `id` names its results, a path with `/` below the root. `notes` say what was left out, and why."""

    id: str
    volumes: Mapping[Modality, Path]
    notes: tuple[str, ...] = field(default=())


def find_studies(source: Path | str) -> tuple[FolderStudy, ...]:
    """The studies of a data list (`.json`) or below a folder, by name. Raises `InputError` where there are none.

    Volumes of one BIDS session, else those of one folder, are a study. Results of earlier runs are no studies.
    """
    source = Path(source)
    if source.is_file():
        cases = read_datalist(source).cases
        return tuple(FolderStudy(case.id, case.modalities) for case in cases)
    if not source.is_dir():
        raise InputError("no-such-folder", f"There is no folder “{source}”.", "Choose a folder or a data list.")
    groups: dict[str, list[Path]] = {}
    for path in _volumes_below(source):
        groups.setdefault(_group(path, source), []).append(path)
    studies = tuple(_study(name, paths) for name, paths in sorted(groups.items()))
    if not studies:
        raise InputError(
            "no-studies", f"There is no volume below “{source}”.", f"Volumes are files {', '.join(SUFFIXES)}."
        )
    return studies


def _volumes_below(root: Path) -> list[Path]:
    found: list[Path] = []
    for folder, below, names in os.walk(root):
        below[:] = sorted(one for one in below if not one.startswith(".") and one not in _SKIPPED)
        if REPORT in names:  # what a run wrote
            continue
        found += [Path(folder, name) for name in sorted(names) if name.endswith(SUFFIXES) and not name.startswith(".")]
    return found


def _group(path: Path, root: Path) -> str:
    session = _BIDS.match(path.name)
    if session:
        return "/".join(part for part in session.groups() if part)
    folder = path.parent.relative_to(root).as_posix()
    return root.name if folder == "." else folder


def _study(name: str, paths: list[Path]) -> FolderStudy:
    recognitions = {path: recognise(_stem(path)) for path in paths}
    answer = assign(recognitions)
    asked = [f"{question.modality}: {question.sentence}" for question in answer.questions]
    passed = [f"{path.name}: {why}" for path, why in answer.passed_over.items()]
    return FolderStudy(name, dict(answer.chosen), (*asked, *passed))


def _stem(path: Path) -> str:
    suffix = next(one for one in SUFFIXES if path.name.endswith(one))
    return path.name.removesuffix(suffix)
