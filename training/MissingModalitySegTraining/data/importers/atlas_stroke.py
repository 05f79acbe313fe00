"""ATLAS 2.0: stroke lesions on T1, in MNI space, 1 mm, whole heads.

    ATLAS_2/Training/R001/sub-r001s001/ses-1/anat/sub-r001s001_ses-1_space-MNI152NLin2009aSym_T1w.nii.gz
    …/sub-r001s001_ses-1_space-MNI152NLin2009aSym_label-L_desc-T1lesion_mask.nii.gz

`ATLAS_2/Testing` has the volumes without the masks.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from MissingModalitySegLib.datalists import Case
from MissingModalitySegLib.modalities import Modality

from .found import Found, Remark, natural, safe_id, stem, volumes

_FILE = re.compile(
    r"(?P<session>(?P<subject>sub-(?P<cohort>r\d+)s\d+)_ses-\d+)_space-[A-Za-z0-9]+_"
    r"(?P<kind>T1w|label-L_desc-T1lesion_mask)"
)


def find(root: Path) -> Iterator[Found | Remark]:
    """The sessions below `root`."""
    sessions: dict[str, dict[str, Path]] = defaultdict(dict)
    parts: dict[str, re.Match[str]] = {}
    for path in volumes(root):
        match = _FILE.fullmatch(stem(path))
        if match is None:
            yield Remark(path.relative_to(root).as_posix(), "is not named as a T1 or lesion mask of ATLAS 2.0")
            continue
        sessions[match["session"]].setdefault(match["kind"], path)
        parts[match["session"]] = match
    for name in sorted(sessions, key=natural):
        volume, label = sessions[name].get("T1w"), sessions[name].get("label-L_desc-T1lesion_mask")
        if volume is None:
            yield Remark(name, "has a label but no T1")
            continue
        if label is None:
            yield Remark(name, "has no label", kept=True)
        yield Found(
            Case(
                id=safe_id(name),
                modalities={Modality.T1: volume},
                label=label,
                scheme="lesion" if label else None,
                subject=parts[name]["subject"],
                dataset="ATLAS-2.0",
                brain_extracted=False,
                aligned=True,
                metadata={"disease": "stroke", "cohort": parts[name]["cohort"]},
            )
        )
