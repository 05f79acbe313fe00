"""Filling a cache from a data list, by the same preparation that inference uses, brains as in an evaluation.

Interrupted, it goes on where it stopped: an entry is there whole or not at all, and its key says from which bytes and
with which options it was made. Entries that are damaged or made from other bytes are built again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from MissingModalitySegLib.datalists import Case
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.labels import find_scheme
from MissingModalitySegLib.modalities import Code

from . import cache_files
from .cache import REGIONS, Cache
from .case_volumes import CaseVolumes, known_of, registration_facts

PREPARATION = 2
"""Counts up when preparation changes what it gives for the same bytes, so that old entries are built again."""


@dataclass
class Filled:
    """What became of the cases, by id."""

    built: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    rebuilt: dict[str, str] = field(default_factory=dict)  # id → why
    skipped: dict[str, str] = field(default_factory=dict)  # id → why


def fill_cache(
    cache: Cache,
    cases: Sequence[Case],
    verify: bool = True,
    report: Callable[[str, str], None] = lambda case_id, what: None,
) -> Filled:
    """Bring the entries of `cases` up to date; a case that cannot be read is skipped with its reason.

    With `verify` every byte of the entries that are there is compared with its checksum, else only the keys. `report`
    hears of each case and what became of it. Several processes may fill one cache: at worst one does what the other has
    done. Raises `ResourceError` when the disk is full; what was finished stays.
    """
    result = Filled()
    cache_files.sweep(cache.entries)
    for case in cases:
        try:
            key = entry_key(case, cache)
            present = (cache.entries / case.id).exists()
            why = _why_stale(cache, case.id, key, verify) if present else None
            if present and why is None:
                result.kept.append(case.id)
                report(case.id, "kept")
                continue
            if present:
                cache.remove(case.id)
            _build(cache, case, key)
        except InputError as error:
            if error.code == "output-not-writable":
                raise
            result.skipped[case.id] = str(error)
            report(case.id, f"skipped: {error}")
            continue
        if why is None:
            result.built.append(case.id)
            report(case.id, "built")
        else:
            result.rebuilt[case.id] = why
            report(case.id, f"rebuilt: {why}")
    return result


def entry_key(case: Case, cache: Cache) -> str:
    """SHA-256 over the bytes of every file of a case and all that decides what is made of them."""
    facts: dict[str, Any] = {
        "preparation": PREPARATION,
        "options": cache.options.as_dict(),
        "modalities": {modality.value: _digest(path) for modality, path in case.modalities.items()},
        "label": None if case.label is None else _digest(case.label),
        "scheme": case.scheme,
        "brain_mask": None if case.brain_mask is None else _digest(case.brain_mask),
        "brain_masks": {modality.value: _digest(path) for modality, path in case.brain_masks.items()},
        "brain_extracted": case.brain_extracted,
        "subject": case.subject,
        "dataset": case.dataset,
    }
    facts |= registration_facts(case)
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _build(cache: Cache, case: Case, key: str) -> None:
    import numpy as np
    import torch

    from MissingModalitySegLib.arrays.boxes import cut
    from MissingModalitySegLib.engine import prepare
    from MissingModalitySegLib.engine.geometry import resample_labels
    from MissingModalitySegLib.engine.images import to_array

    options = cache.options
    usable = tuple(modality for modality in options.modalities if modality in case.modalities)
    if not usable:
        raise InputError("no-volume", "It has none of the modalities of the cache.")
    code = Code(usable, options.modalities)
    volumes = CaseVolumes(case)
    prepared = prepare(
        volumes.study(code),
        options.spacing,
        options.modalities,
        multiple=1,
        extract=False,
        **known_of(case),
        bias_correction=options.bias_correction,
    )
    labels = np.zeros(prepared.brain.shape, np.uint8)
    scored: tuple[str, ...] = ()
    if case.label is not None:
        scheme = find_scheme(case.scheme)
        truth = volumes.read(case.label)
        scheme.check_values(np.unique(to_array(truth)).tolist(), "The label")
        on_grid = to_array(resample_labels(truth, prepared.frame.grid)).astype(np.uint8)
        labels = cut(torch.from_numpy(on_grid), prepared.frame.box).numpy()
        scored = tuple(name for name in REGIONS if name in scheme.scored)
    metadata = {"subject": case.subject, "dataset": case.dataset}
    scheme = find_scheme(case.scheme) if case.scheme else find_scheme("lesion")
    cache.add(case.id, prepared.channels, code, labels, scored, prepared.brain, metadata, key, scheme)


def _why_stale(cache: Cache, case_id: str, key: str, verify: bool) -> str | None:
    """Why an entry that is there must be built again; None when it can stay."""
    folder = cache.entries / case_id
    record = cache_files.read_record(folder)
    if record is not None and record["key"] != key:
        return "it was made from other files or options"
    return cache_files.damage(folder) if verify or record is None else None


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise InputError("file-not-found", f"There is no file {path}.", "Check the path.") from None
    except OSError as error:
        raise InputError("unreadable-file", f"{path} cannot be read: {error.strerror}.") from None
