"""Studies on a disk: a data list, a BIDS data set, or any folder with volumes in it.

Which sequence a file is comes from its name, as for volumes in a scene. Nobody is asked: of several the best is chosen
(`series_choice`), what is unsure is left out, and everything is said.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from .datalists import Case, read_datalist
from .errors import InputError
from .modalities import Modality
from .output_folder import NAMES, REPORT
from .recognition import recognise
from .series_choice import choose_series
from .volume_headers import read_volume_header

SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd")

_BIDS = re.compile(r"(sub-[A-Za-z0-9]+)(?:_(ses-[A-Za-z0-9]+))?_")
_SKIPPED = ("derivatives", "sourcedata", "code")
"""Folders of a BIDS data set that hold no raw volumes."""


@dataclass(frozen=True)
class Choice:
    """What a study has, in words: what is used for each sequence, why that, and why not what else is there."""

    used: Mapping[Modality, str] = field(default_factory=dict)
    reasons: Mapping[Modality, str] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)

    @property
    def found(self) -> list[str]:
        """Names of everything there is."""
        return sorted({*self.used.values(), *self.skipped})

    @property
    def notes(self) -> tuple[str, ...]:
        """What is left out, and why."""
        return tuple(f"{name}: {why}" for name, why in self.skipped.items())

    def used_rows(self) -> list[dict[str, str]]:
        return [
            {"sequence": str(modality), "file": name, "why": self.reasons.get(modality, "")}
            for modality, name in self.used.items()
        ]

    def skipped_rows(self) -> list[dict[str, str]]:
        return [{"file": name, "why": why} for name, why in self.skipped.items()]

    def only(self, modalities: Collection[Modality], why: str) -> Choice:
        """The same where no more than `modalities` are used; `why` the others are not."""
        left_out = {name: f"{modality}: {why}" for modality, name in self.used.items() if modality not in modalities}
        used = {modality: name for modality, name in self.used.items() if modality in modalities}
        return Choice(used, self.reasons, {**self.skipped, **left_out})


@dataclass(frozen=True)
class FolderStudy:
    """One study: `id` names its results, a path with `/` below the root. `choice` says why these volumes.

    `known` are options that a data list settles for this case (brain, register) where the user leaves them open.
    """

    id: str
    volumes: Mapping[Modality, Path]
    choice: Choice = field(default_factory=Choice)
    known: Mapping[str, str] = field(default_factory=dict)


def find_studies(source: Path | str) -> tuple[FolderStudy, ...]:
    """The studies of a data list (`.json`) or below a folder, by name. Raises `InputError` where there are none.

    Volumes of one BIDS session, else those of one folder, are a study. Where several data sets have a session of one
    name, each is a study of its own, and the folder of its data set comes first in its `id`. Results of earlier runs
    are no studies.
    """
    source = Path(source)
    if source.is_file():
        return tuple(
            FolderStudy(one.id, one.modalities, Choice(_names(one.modalities)), _known(one))
            for one in read_datalist(source).cases
        )
    if not source.is_dir():
        raise InputError("no-such-folder", f"There is no folder “{source}”.", "Choose a folder or a data list.")
    studies = tuple(_study(name, paths) for name, paths in sorted(_groups(_volumes_below(source), source).items()))
    if not studies:
        raise InputError(
            "no-studies", f"There is no volume below “{source}”.", f"Volumes are files {', '.join(SUFFIXES)}."
        )
    return studies


def session_of(id: str) -> tuple[str, ...]:
    """The `sub-…` and `ses-…` that the `id` of a study ends in; empty where it names no BIDS session."""
    parts = id.split("/")
    starts = [i for i, part in enumerate(parts) if part.startswith("sub-")]
    return tuple(parts[starts[-1] :]) if starts else ()


def data_set_of(path: PurePath, subject: str) -> str | None:
    """The folder of the BIDS data set that a volume lies in: what is above `sub-…`; None where no folder is that."""
    folders = path.parent.parts
    return PurePath(*folders[: folders.index(subject)]).as_posix() if subject in folders else None


def data_sets_by_session(found: Iterable[tuple[str, str | None]]) -> dict[str, set[str]]:
    """The data sets that hold a session of each name: several are of as many people, whatever their names say."""
    homes: dict[str, set[str]] = {}
    for session, home in found:
        homes.setdefault(session, set()).update(() if home is None else (home,))
    return homes


def _known(case: Case) -> dict[str, str]:
    known = {}
    if mask := _brain_mask(case):
        known["brain"] = str(mask)
    elif case.brain_extracted:
        known["brain"] = "extracted"
    return known | ({"register": "off"} if case.aligned else {})


def _brain_mask(case: Case) -> Path | None:
    """The case's mask, else that of the finest volume that has one, as in evaluation."""
    if case.brain_mask is not None or not case.brain_masks:
        return case.brain_mask
    return case.brain_masks[min(case.brain_masks, key=lambda modality: _voxel_ml(case.modalities[modality]))]


def _voxel_ml(path: Path) -> float:
    """The size of a volume's voxels; one that cannot be told is the coarsest."""
    header = read_volume_header(path)
    return math.inf if header is None else header.voxel_ml


def _volumes_below(root: Path) -> list[Path]:
    found: list[Path] = []
    for folder, below, names in os.walk(root):
        below[:] = sorted(one for one in below if not one.startswith(".") and one not in _SKIPPED)
        if REPORT in names:
            names = [name for name in names if name not in NAMES]  # what a run wrote
        names = sorted(name for name in names if not name.startswith("."))
        found += [Path(folder, name) for name in names if name.lower().endswith(SUFFIXES)]
    return found


def _groups(paths: Iterable[Path], root: Path) -> dict[str, list[Path]]:
    """Volumes by the name of their study."""
    named = {path: _group(path.relative_to(root), root.name) for path in paths}
    homes = data_sets_by_session(named.values())
    groups: dict[str, list[Path]] = {}
    for path, (name, home) in named.items():
        apart = home is not None and len(homes[name]) > 1
        groups.setdefault(PurePath(home, name).as_posix() if apart else name, []).append(path)
    return groups


def _group(path: Path, root: str) -> tuple[str, str | None]:
    """The session of a volume, else its folder, and the data set of the session."""
    session = _BIDS.match(path.name)
    if session:
        return "/".join(part for part in session.groups() if part), data_set_of(path, session[1])
    folder = path.parent.as_posix()
    return root if folder == "." else folder, None


def _study(name: str, paths: list[Path]) -> FolderStudy:
    recognitions = {path: recognise(_stem(path), _sidecar(path)) for path in paths}
    series = choose_series(recognitions, read_volume_header, lambda path: path.name)
    skipped = {path.name: why for path, why in series.skipped.items()}
    return FolderStudy(name, dict(series.chosen), Choice(_names(series.chosen), dict(series.reasons), skipped))


def _sidecar(path: Path) -> dict[str, object]:
    """What the scanner said, where a converter or BIDS has written it beside the volume."""
    try:
        values = json.loads(path.with_name(f"{_stem(path)}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def _names(volumes: Mapping[Modality, Path]) -> dict[Modality, str]:
    return {modality: path.name for modality, path in volumes.items()}


def _stem(path: Path) -> str:
    suffix = next(one for one in SUFFIXES if path.name.lower().endswith(one))
    return path.name[: -len(suffix)]
