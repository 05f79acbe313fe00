"""The series of a DICOM study that serve as volumes, as a command chooses and tells them."""

from __future__ import annotations

from pathlib import Path

from ..errors import InputError
from ..modalities import Modality
from .output import console

MOST_NAMED = 8
"""A sentence names no more studies than this."""


def inputs_of_study(folder: Path) -> dict[Modality, Path]:
    """One file of each series that was chosen; which ones and why goes to stderr.

    Raises `InputError`: there is no study, several (`several-studies`), or none of its series is surely a sequence
    (`no-series`).
    """
    from ..cohorts import Source, find_source_studies

    studies = find_source_studies(Source.DICOM, folder)
    if len(studies) > 1:
        names = ", ".join(one.id for one in studies[:MOST_NAMED]) + (", …" if len(studies) > MOST_NAMED else "")
        raise InputError(
            "several-studies",
            f"The folder holds {len(studies)} studies: {names}.",
            "Name the folder of one, or work on all of them with: missing-modality-seg batch --dicom",
        )
    (study,) = studies
    out = console(stderr=True)
    for modality, reason in study.choice.reasons.items():
        out.print(f"{modality}: {study.choice.used[modality]}. {reason}", soft_wrap=True)
    for name, why in study.choice.skipped.items():
        out.print(f"Not used: {name}. {why}", style="dim", soft_wrap=True)
    if not study.stacks:
        raise InputError(
            "no-series",
            "No series of this study is surely one of the sequences.",
            "Name them: --flair FOLDER, or --flair FILE for the series of that file.",
        )
    for modality, stack in study.stacks.items():
        if len({path.parent for path in stack.files}) > 1:
            raise InputError(
                "scattered-series",
                f"{modality}: the files of the {stack.name} lie in several folders.",
                "Put them into one folder, or use: missing-modality-seg batch --dicom",
            )
    return {modality: stack.files[0] for modality, stack in study.stacks.items()}
