"""The series of a DICOM study that serve as volumes, as a command chooses and tells them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from ..errors import InputError, ResourceError
from ..modalities import Modality
from .output import console

MOST_NAMED = 8
"""A sentence names no more studies than this."""

_gathered: list[tempfile.TemporaryDirectory] = []
"""Removed when the command ends, however it ends: each removes itself with the interpreter."""


def inputs_of_study(folder: Path) -> dict[Modality, Path]:
    """One file of each series that was chosen; which ones and why goes to stderr.

    A file stands for its series as far as it lies in the same folder, so a series in several folders is gathered in
    one, until the command ends.

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
    return {
        modality: stack.files[0] if len({path.parent for path in stack.files}) == 1 else _in_one_folder(stack.files)
        for modality, stack in study.stacks.items()
    }


def _in_one_folder(files: Iterable[Path]) -> Path:
    """One of `files` in a folder that holds all of them: as further names of the same files where the disk allows it,
    else as copies. Raises `ResourceError` where neither is possible."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="missing-modality-seg-series-")
        _gathered.append(folder)
        for number, file in enumerate(files):
            place = Path(folder.name) / f"{number:05}.dcm"
            try:
                os.link(file, place)
            except OSError:  # another disk, or a file system without links
                shutil.copyfile(file, place)
    except OSError as error:
        raise ResourceError(
            "cannot-gather",
            f"A series in several folders could not be gathered in {tempfile.gettempdir()}: {error.strerror or error}.",
            "Free some space there, put the series into one folder, or use: missing-modality-seg batch --dicom",
        ) from error
    return place
