"""Rows as they are finished, one JSON line each, so that an interrupted evaluation goes on where it stopped.

A line is found again by its key: a checksum over the model's weights, the case's files (path, size, time of change),
the code, the way of inference and the format of rows. Whatever changes any of them makes another key; lines of other
models stay in the file and do no harm.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch

from MissingModalitySegLib.datalists import Case
from MissingModalitySegLib.disk import disk_errors
from MissingModalitySegLib.engine.model import Model
from MissingModalitySegLib.modalities import Code

from ..data.case_volumes import registration_facts
from .rows import FORMAT, Row

JOURNAL = "journal.jsonl"


class Journal:
    """The journal in a folder; without a folder it remembers nothing."""

    def __init__(self, folder: Path | None) -> None:
        self.path = None if folder is None else Path(folder) / JOURNAL
        self.rows: dict[str, Row] = {}
        if self.path is None:
            return
        with disk_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            text = self.path.read_text(encoding="utf-8", errors="replace") if self.path.exists() else ""
            if text and not text.endswith("\n"):  # whoever wrote the last line was killed over it
                with self.path.open("a", encoding="utf-8") as file:
                    file.write("\n")
        for line in text.splitlines():
            try:
                entry = json.loads(line)
                self.rows[entry["key"]] = entry["row"]
            except (ValueError, KeyError, TypeError, RecursionError):
                continue

    def add(self, key: str, row: Row) -> None:
        """Remember a row, on disk before this returns."""
        self.rows[key] = row
        if self.path is not None:
            with disk_errors(self.path), self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"key": key, "row": row}) + "\n")


def row_key(checksum: str, case: Case, code: Code, inference: str) -> str:
    """What a row depends on, as a checksum."""
    flags = [case.id, case.subject, case.dataset, case.scheme, case.brain_extracted, case.aligned]
    masks = case.brain_masks.items()
    facts = {
        "format": FORMAT,
        "model": checksum,
        "inference": inference,
        "code": str(code),
        "flags": flags,
        "modalities": {str(modality): _state(case.modalities[modality]) for modality in code},
        "label": _state(case.label),
        "brain": [
            _state(case.brain_mask),
            {str(modality): _state(path) for modality, path in masks if modality in code},
        ],
        **registration_facts(case),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def model_checksum(model: Model) -> str:
    """SHA-256 over the weights and everything else that decides what the model answers."""
    facts = [model.modalities, model.spacing, model.normalisation, model.scheme, model.tile, model.network.config]
    digest = hashlib.sha256(f"{type(model.network).__name__} {facts}".encode())
    for name, tensor in model.network.state_dict().items():
        tensor = tensor.detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy().tobytes() if tensor.numel() else b"")
    return digest.hexdigest()


def _state(path: Path | None) -> Any:
    if path is None:
        return None
    try:
        facts = path.stat()
    except OSError:
        return [str(path), None]
    return [str(path), facts.st_size, facts.st_mtime_ns]
