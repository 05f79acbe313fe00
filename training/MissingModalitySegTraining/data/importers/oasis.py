"""OASIS-3 and folders arranged like it: T1, FLAIR (and T2) of the ageing brain, as acquired.

    OAS30001_MR_d0129/anat1/[NIFTI/]sub-OAS30001_ses-d0129_T1w.nii.gz   (also …_acq-…_run-01_T1w, …_FLAIR, …_T2w)
    sub01/{T1,FLAIR}.nii.gz, with {wmh,lesion,label,mask}.nii.gz where somebody drew lesions

OASIS itself has no lesion labels: masks drawn later are found by their names beside the volumes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from MissingModalitySegLib.datalists import Case
from MissingModalitySegLib.modalities import MODALITIES, Modality

from .found import Found, Remark, missing_sequences, natural, safe_id, stem, volumes

_NAME = re.compile(r"(sub-)?(?P<subject>OAS\d+)_(ses-|MR_)(?P<day>d\d+)(_(?P<rest>.+))?")
_SESSION_FOLDER = re.compile(r"(?P<subject>OAS\d+)_MR_(?P<day>d\d+)")
_SEQUENCES = {"t1w": Modality.T1, "t1": Modality.T1, "t2w": Modality.T2, "t2": Modality.T2, "flair": Modality.FLAIR}
_LABEL = re.compile(r"(^|[_-])(wmh|lesions?|label|mask|seg)$", re.IGNORECASE)


def find(root: Path) -> Iterator[Found | Remark]:
    """The sessions below `root`."""
    sessions: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for path in volumes(root):
        sessions[_session(path)].append(path)
    for (subject, day), paths in sorted(sessions.items(), key=lambda item: natural("_".join(item[0]))):
        yield from _case(subject, day, paths)


def _session(path: Path) -> tuple[str, str]:
    """Subject and day of a file; the folder is the subject where names do not say."""
    match = _NAME.fullmatch(stem(path))
    for part in (path.parent, *path.parent.parents):
        match = match or _SESSION_FOLDER.fullmatch(part.name)
    return (match["subject"], match["day"]) if match else (path.parent.name, "")


def _case(subject: str, day: str, paths: list[Path]) -> Iterator[Found | Remark]:
    name = safe_id(f"{subject}_{day}" if day else subject)
    found: dict[Modality, Path] = {}
    label = None
    # The plain name first, then the lowest run: a second run was made because the first moved, or for no reason.
    for path in sorted(paths, key=lambda path: (len(stem(path)), natural(path.as_posix()))):
        modality = _SEQUENCES.get(re.split(r"[_-]", stem(path))[-1].casefold())
        if modality is not None and modality not in found:
            found[modality] = path
        elif modality is not None:
            yield Remark(f"{name}/{path.name}", f"is a further {modality}; {found[modality].name} was taken")
        elif label is None and _LABEL.search(stem(path)):
            label = path
        else:
            yield Remark(f"{name}/{path.name}", "is not one of the five sequences")
    if not found:
        yield Remark(name, "has no sequence the program knows")
        return
    case = Case(
        id=name,
        modalities={modality: found[modality] for modality in MODALITIES if modality in found},
        label=label,
        scheme="lesion" if label else None,
        subject=subject,
        dataset="OASIS",
        brain_extracted=False,
        aligned=False,
        metadata={"time_point": day} if day else {},
    )
    if remark := missing_sequences(case, ("T1", "FLAIR")):
        yield remark
    yield Found(case)
