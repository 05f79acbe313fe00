"""WMH-2017: white matter hyperintensities of presumed vascular origin, T1 and FLAIR, five scanners.

    [training|test/]Utrecht/0/{orig/{FLAIR,T1,3DT1}.nii.gz, pre/{FLAIR,T1}.nii.gz, wmh.nii.gz}
    [training|test/]Singapore/50/…   [training|test/]Amsterdam/GE3T/100/…

`pre` is taken: bias corrected, the T1 aligned to the FLAIR; faces removed, heads not. Label 2 is other pathology, which
the challenge leaves out of the score; it becomes background.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from MissingModalitySegLib.datalists import Case
from MissingModalitySegLib.modalities import Modality

from .found import Found, Relabel, Remark, missing_sequences, natural, safe_id, volumes

_SEQUENCES = {"T1": Modality.T1, "FLAIR": Modality.FLAIR}


def find(root: Path) -> Iterator[Found | Remark]:
    """The subjects below `root`; the additional annotations of other observers have no volumes and do not count."""
    folders = {path.parent.parent for path in volumes(root) if path.parent.name in ("pre", "orig")}
    for folder in sorted(folders, key=lambda folder: natural(folder.relative_to(root).as_posix())):
        parts = folder.relative_to(root).parts
        part_of = next((part for part in parts if part in ("training", "test")), None)
        site = [part for part in parts[:-1] if part != part_of]
        name = safe_id("_".join([*site, folder.name]))
        stage, found = next(
            ((stage, found) for stage in ("pre", "orig") if (found := _sequences(folder / stage))), ("", {})
        )
        if not found:
            yield Remark(name, "has neither T1 nor FLAIR")
            continue
        if stage == "orig":
            yield Remark(name, "has no preprocessed volumes; the original ones were taken", kept=True)
        label = next((path for path in (folder / "wmh.nii.gz", folder / "wmh.nii") if path.is_file()), None)
        if label is None:
            yield Remark(name, "has no label", kept=True)
        case = Case(
            id=name,
            modalities=found,
            label=label,
            scheme="lesion" if label else None,
            subject=name,
            dataset="WMH-2017",
            brain_extracted=False,
            aligned=True,  # also in `orig`, where the T1 was brought to the FLAIR (the 3DT1 was not)
            metadata={"disease": "white matter hyperintensities"}
            | ({"site": " ".join(site)} if site else {})
            | ({"part": part_of} if part_of else {}),
        )
        if remark := missing_sequences(case, ("T1", "FLAIR")):
            yield remark
        yield Found(case, Relabel({2: 0}) if label else None)


def _sequences(folder: Path) -> dict[Modality, Path]:
    found = {}
    for name, modality in _SEQUENCES.items():
        for path in (folder / f"{name}.nii.gz", folder / f"{name}.nii"):
            if path.is_file():
                found.setdefault(modality, path)
    return found
