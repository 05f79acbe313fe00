"""Volumes made of DICOM series, kept beside a study's results, and made again only when the series are others."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..checksums import sha256_of, signature_of
from ..disk import disk_errors
from ..modalities import Modality
from ..watch import Watch

if TYPE_CHECKING:
    from ..dicom import Stack

SOURCES = "sources.json"
"""The file beside the volumes that tells what each was made of, by checksums alone."""


def is_converted(volumes: Mapping[Modality, Path], stacks: Mapping[Modality, Stack]) -> bool:
    """Whether each volume is there and of this series. Files that may have changed are read, else only looked at."""
    try:
        return all(_is_current(volumes[modality], _told(volumes[modality]), stacks[modality]) for modality in stacks)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False


def convert(volumes: Mapping[Modality, Path], stacks: Mapping[Modality, Stack], watch: Watch) -> None:
    """Make the volumes that are missing or old. Raises `InputError` where a series cannot be read, as `disk_errors`,
    and what `watch` raises."""
    from ..dicom import read_stack
    from ..engine.writing import write_volume

    for modality, stack in stacks.items():
        target = volumes[modality]
        if is_converted({modality: target}, {modality: stack}):
            continue
        watch.check()
        signature, content = _signature(stack), _content(stack)
        image = read_stack(stack, watch).image
        unfinished = target.with_name(f".{os.getpid()}-{target.name}")
        with disk_errors(target.parent):
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                write_volume(image, unfinished)
                os.replace(unfinished, target)
            finally:
                unfinished.unlink(missing_ok=True)
            _tell(target, {"signature": signature, "content": content, "sha256": sha256_of(target)})


def _is_current(target: Path, told: Mapping[str, str], stack: Stack) -> bool:
    if sha256_of(target) != told["sha256"]:
        return False
    return told["signature"] == _signature(stack) or told["content"] == _content(stack)


def _signature(stack: Stack) -> str:
    return _digest(f"{signature_of(path)}" for path in stack.files)


def _content(stack: Stack) -> str:
    return _digest(sha256_of(path) for path in stack.files)


def _digest(lines: Any) -> str:
    """The files of a stack come in the order of its slices, which is part of what it is."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _told(target: Path) -> dict[str, str]:
    values = json.loads((target.parent / SOURCES).read_text(encoding="utf-8"))
    return values[target.name]


def _tell(target: Path, entry: Mapping[str, str]) -> None:
    path = target.parent / SOURCES
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        values = {}
    values = values if isinstance(values, dict) else {}
    unfinished = path.with_name(f".{os.getpid()}-{path.name}")
    unfinished.write_text(json.dumps(values | {target.name: dict(entry)}, indent=1) + "\n", encoding="utf-8")
    os.replace(unfinished, path)
