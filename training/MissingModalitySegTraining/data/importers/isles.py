"""ISLES-2022: acute and subacute ischaemic stroke, DWI (b = 1000), ADC and FLAIR on grids of their own.

    ISLES-2022/sub-strokecase0001/ses-0001/{dwi/…_dwi.nii.gz, dwi/…_adc.nii.gz, anat/…_FLAIR.nii.gz}
    ISLES-2022/derivatives/sub-strokecase0001/ses-0001/sub-strokecase0001_ses-0001_msk.nii.gz

The first release had the same files flat below `rawdata/sub-…/ses-…/`, with `flair` in lower case. The label lies on
the grid of the DWI. ADC is no input of the program.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from MissingModalitySegLib.datalists import Case
from MissingModalitySegLib.modalities import MODALITIES, Modality

from .found import Found, Remark, missing_sequences, natural, safe_id, stem, volumes

_FILE = re.compile(r"(?P<session>(?P<subject>sub-[A-Za-z0-9]+)(_ses-[A-Za-z0-9]+)?)_(?P<kind>[A-Za-z]+)")
_SEQUENCES = {"dwi": Modality.DWI, "flair": Modality.FLAIR}


def find(root: Path) -> Iterator[Found | Remark]:
    """The sessions below `root`."""
    sessions: dict[str, dict[str, Path]] = defaultdict(dict)
    subjects: dict[str, str] = {}
    for path in volumes(root):
        match = _FILE.fullmatch(stem(path))
        if match is None or match["kind"].casefold() not in (*_SEQUENCES, "msk", "adc"):
            yield Remark(path.relative_to(root).as_posix(), "is not named as a sequence or mask of ISLES-2022")
            continue
        sessions[match["session"]].setdefault(match["kind"].casefold(), path)
        subjects[match["session"]] = match["subject"]
    for name in sorted(sessions, key=natural):
        files = sessions[name]
        if "adc" in files:
            yield Remark(f"{name}/{files['adc'].name}", "is not one of the five sequences")
        found = {modality: files[kind] for kind, modality in _SEQUENCES.items() if kind in files}
        if not found:
            yield Remark(name, "has neither DWI nor FLAIR")
            continue
        label = files.get("msk")
        if label is None:
            yield Remark(name, "has no label", kept=True)
        case = Case(
            id=safe_id(name),
            modalities={modality: found[modality] for modality in MODALITIES if modality in found},
            label=label,
            scheme="lesion" if label else None,
            subject=subjects[name],
            dataset="ISLES-2022",
            brain_extracted=True,
            aligned=False,
            metadata={"disease": "ischaemic stroke"},
        )
        if remark := missing_sequences(case, ("FLAIR", "DWI")):
            yield remark
        yield Found(case)
