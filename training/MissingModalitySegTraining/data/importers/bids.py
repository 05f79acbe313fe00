"""BIDS: raw volumes, with lesion masks and brain masks from `derivatives`.

    sub-01/[ses-1/]anat/sub-01_[ses-1_][acq-…_][ce-…_][run-1_]{T1w,T2w,FLAIR}.nii.gz
    sub-01/[ses-1/]dwi/sub-01_[ses-1_]…_{dwi,trace}.nii.gz
    derivatives/<pipeline>/sub-01/[ses-1/]anat/sub-01_[ses-1_][space-…_][label-lesion_][desc-…_]{mask,dseg}.nii.gz

A T1w with the entity `ce` is T1ce. A session is a case; its subject may have several. Of several runs the plain one or
the lowest is taken. Volumes in derivatives are not taken: they are somebody's results, not the acquisition.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from MissingModalitySegLib.datalists import Case
from MissingModalitySegLib.modalities import MODALITIES, Modality

from .found import Found, Remark, natural, safe_id, stem, volumes

_SUFFIXES = {
    "T1w": Modality.T1,
    "T2w": Modality.T2,
    "FLAIR": Modality.FLAIR,
    "dwi": Modality.DWI,
    "trace": Modality.DWI,
}
_LESION = re.compile(r"lesion|tumou?r|wmh|infarct|stroke|^L$", re.IGNORECASE)
_BRAIN = re.compile(r"brain", re.IGNORECASE)
_FRAMES = 4  # NIfTI's header: the number of dimensions is the first of eight 16-bit numbers at byte 40


@dataclass(frozen=True)
class _Name:
    """A BIDS file name taken apart."""

    entities: dict[str, str]
    suffix: str


@dataclass
class _Session:
    sequences: dict[Modality, list[Path]] = field(default_factory=lambda: defaultdict(list))
    lesions: list[Path] = field(default_factory=list)
    brains: list[Path] = field(default_factory=list)


def find(root: Path) -> Iterator[Found | Remark]:
    """The sessions below `root`."""
    sessions: dict[tuple[str, str], _Session] = defaultdict(_Session)
    for path in volumes(root):
        name = _parse(path)
        place = path.relative_to(root).as_posix()
        if name is None:
            yield Remark(place, "is not named as BIDS names files")
            continue
        session = sessions[name.entities["sub"], name.entities.get("ses", "")]
        described = " ".join(name.entities.get(key, "") for key in ("label", "desc"))
        if name.suffix in ("mask", "dseg", "roi"):
            words = described.split() or [stem(path)]
            if any(_LESION.search(word) for word in words) or name.suffix == "roi":
                session.lesions.append(path)
            elif any(_BRAIN.search(word) for word in words):
                session.brains.append(path)
            else:
                yield Remark(place, "is a mask of neither lesion nor brain")
        elif "derivatives" in path.relative_to(root).parts:
            yield Remark(place, "is a derived volume; the raw one counts")
        elif name.suffix not in _SUFFIXES:
            yield Remark(place, "is not one of the five sequences")
        elif _dimensions(path) >= _FRAMES:
            yield Remark(place, "is a series of frames; extract one volume (for DWI the trace)")
        else:
            contrast = name.suffix == "T1w" and "ce" in name.entities
            session.sequences[Modality.T1CE if contrast else _SUFFIXES[name.suffix]].append(path)
    for (subject, visit), session in sorted(sessions.items(), key=lambda item: natural("_".join(item[0]))):
        yield from _case(root, subject, visit, session)


def _case(root: Path, subject: str, visit: str, session: _Session) -> Iterator[Found | Remark]:
    name = safe_id(f"sub-{subject}_ses-{visit}" if visit else f"sub-{subject}")
    if not session.sequences:
        yield Remark(name, "has no sequence the program knows")
        return
    found = {}
    for modality in MODALITIES:
        if paths := sorted(session.sequences.get(modality, []), key=lambda path: (len(path.name), natural(path.name))):
            found[modality] = paths[0]
            yield from (Remark(path.name, f"is a further {modality}; {paths[0].name} was taken") for path in paths[1:])
    label = session.lesions[0] if session.lesions else None
    yield from (Remark(path.name, f"is a further lesion mask; {label.name} was taken") for path in session.lesions[1:])
    if label is None:
        yield Remark(name, "has no label", kept=True)
    masks = {}
    for path in session.brains:
        space = _parse(path).entities.get("space", "T1w")
        modality = _SUFFIXES.get(space)
        if modality in found and modality not in masks:
            masks[modality] = path
        else:
            yield Remark(path.name, f"is a brain mask in the space “{space}”, which no sequence of the case has")
    yield Found(
        Case(
            id=name,
            modalities=found,
            label=label,
            scheme="lesion" if label else None,
            subject=f"sub-{subject}",
            dataset=safe_id(root.name),
            brain_masks=masks,
            aligned=None if len(found) == 1 else False,
            metadata={"session": visit} if visit else {},
        )
    )


def _parse(path: Path) -> _Name | None:
    *pairs, suffix = stem(path).split("_")
    entities = dict(pair.split("-", 1) for pair in pairs if "-" in pair)
    if len(entities) != len(pairs) or not entities.get("sub"):
        return None
    return _Name(entities, suffix)


def _dimensions(path: Path) -> int:
    """How many dimensions longer than 1 the header of a NIfTI file announces; 3 where it cannot be read."""
    import gzip
    import struct

    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            header = file.read(56)
        order = "<" if 1 <= struct.unpack_from("<h", header, 40)[0] <= 7 else ">"
        count, *sizes = struct.unpack_from(f"{order}8h", header, 40)
    except (OSError, EOFError, struct.error):
        return 3  # `datalist check` says what is wrong with it
    return max((axis for axis in range(1, min(count, 7) + 1) if sizes[axis - 1] > 1), default=3)
