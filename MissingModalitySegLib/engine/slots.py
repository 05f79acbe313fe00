"""Whether files are called what they are given as: contrast cannot tell a FLAIR from a DWI, their names often can."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..modalities import Modality
from ..recognition import recognise
from ..watch import Watch
from .checks import Finding, told

_MUTE_OF_AGENT = (Modality.T1, Modality.T1CE)
"""A name that says T1 (first) says nothing against a T1ce (second)."""


def check_names(files: Mapping[Modality, Path], watch: Watch = Watch()) -> tuple[Finding, ...]:  # noqa: B008 (no state)
    """Look at what the files are called. Returns what contradicts the modality that each is given as, after telling it
    to `watch`; names that say nothing, or are not sure, contradict nothing."""
    meant = {modality: recognise(str(path)) for modality, path in files.items()}
    named = {modality: one.modality for modality, one in meant.items() if one.certain}
    found, swapped = [], set()
    for modality, path in files.items():
        other = named.get(modality)
        if meant[modality].excluded:
            what = meant[modality].excluded
            found.append(_finding(modality, f"{_called(modality, path)}, which names {what}, and that is no input."))
        elif other in (None, modality) or (other, modality) == _MUTE_OF_AGENT or modality in swapped:
            continue
        elif named.get(other) == modality:
            swapped |= {modality, other}
            names = f"“{path.name}” is given as {modality} and “{files[other].name}” as {other}"
            found.append(Finding("perhaps-swapped", f"Two files may be swapped: {names}.", (modality, other)))
        else:
            found.append(_finding(modality, f"{_called(modality, path)}, which names a {other}."))
    return told(found, watch)


def _called(modality: Modality, path: Path) -> str:
    return f"The file given as {modality} is called “{path.parent.name}/{path.name}”"


def _finding(modality: Modality, message: str) -> Finding:
    return Finding("named-otherwise", message, (modality,))
