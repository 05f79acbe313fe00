"""MSSEG-2016: multiple sclerosis, seven raters and their consensus.

    Training/Center_01/Patient_01/Raw_Data/{3DFLAIR,3DT1,3DT1GADO,DP,T2}.nii.gz  (or without 3D; GADO)
    Training/Center_01/Patient_01/Preprocessed_Data/{FLAIR,T1,GADO,DP,T2}_preprocessed.nii.gz
    Training/Center_01/Patient_01/Masks/{Consensus,Brain_Mask,ManualSegmentation_1 … 7}.nii.gz

The preprocessed volumes are taken (denoised, aligned to the FLAIR, brain extracted), raw ones where there are no
others. Where the consensus is missing, the majority of the raters takes its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from MissingModalitySegLib.datalists import Case
from MissingModalitySegLib.modalities import MODALITIES, Modality

from .found import Found, Majority, Remark, missing_sequences, natural, safe_id, stem, volumes

_SEQUENCES = {
    "t1": Modality.T1,
    "t1gado": Modality.T1CE,
    "gado": Modality.T1CE,
    "t2": Modality.T2,
    "flair": Modality.FLAIR,
}
_DATA = ("Preprocessed_Data", "Raw_Data")


def find(root: Path) -> Iterator[Found | Remark]:
    """The patients below `root`, by centre."""
    folders = {path.parent.parent for path in volumes(root) if path.parent.name in _DATA}
    for folder in sorted(folders, key=lambda folder: natural(folder.relative_to(root).as_posix())):
        yield from _patient(root, folder)


def _patient(root: Path, folder: Path) -> Iterator[Found | Remark]:
    parts = [part for part in folder.relative_to(root).parts if part.casefold() not in ("training", "testing")]
    name = safe_id("_".join(parts[-2:]) or folder.name)
    preprocessed = True
    found, others = _sequences(folder / "Preprocessed_Data")
    if not found:
        preprocessed = False
        found, others = _sequences(folder / "Raw_Data")
    yield from (Remark(f"{name}/{path.name}", "is not one of the five sequences") for path in others)
    if not found:
        yield Remark(name, "has no sequence the program knows")
        return
    if not preprocessed:
        yield Remark(name, "has no preprocessed volumes; the raw ones were taken", kept=True)
    masks = {stem(path): path for path in volumes(folder / "Masks")}
    raters = tuple(path for key, path in masks.items() if key.startswith("ManualSegmentation"))
    label = masks.get("Consensus")
    conversion = Majority(raters) if label is None and raters else None
    if conversion:
        yield Remark(name, f"has no consensus; the majority of its {len(raters)} raters was taken", kept=True)
        label = raters[0]
    elif label is None:
        yield Remark(name, "has no label", kept=True)
    case = Case(
        id=name,
        modalities=found,
        label=label,
        scheme="lesion" if label else None,
        subject=name,
        dataset="MSSEG-2016",
        brain_mask=masks.get("Brain_Mask") if preprocessed else None,
        brain_extracted=preprocessed,
        aligned=preprocessed,
        metadata={"disease": "multiple sclerosis"} | ({"centre": parts[-2]} if len(parts) > 1 else {}),
    )
    if remark := missing_sequences(case, ("T1", "T1ce", "T2", "FLAIR")):
        yield remark
    yield Found(case, conversion)


def _sequences(folder: Path) -> tuple[dict[Modality, Path], list[Path]]:
    """The sequences in a folder, and the volumes that are none (proton density)."""
    found: dict[Modality, Path] = {}
    others = []
    for path in volumes(folder):
        key = re.sub(r"^3d|_preprocessed$", "", stem(path).casefold())
        modality = _SEQUENCES.get(key)
        if modality is None or modality in found:
            others.append(path)
        else:
            found[modality] = path
    return {modality: found[modality] for modality in MODALITIES if modality in found}, others
