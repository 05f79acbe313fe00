"""Bundles to test with, made without the code under test."""

from __future__ import annotations

import copy
import hashlib
import json
import struct
from pathlib import Path
from typing import Any


def safetensors(tensors: dict[str, tuple[str, list[int], bytes]], metadata: dict[str, str] | None = None) -> bytes:
    """A safetensors file, written by hand."""
    header: dict[str, Any] = {} if metadata is None else {"__metadata__": metadata}
    data = b""
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    return with_header(header, data)


def with_header(header: Any, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


WEIGHTS = safetensors({"weight": ("F16", [2, 3], bytes(range(12))), "bias": ("F32", [2], b"12345678")})
READ_ME = b"How this model was made.\n"
FILES = {"weights.safetensors": WEIGHTS, "README.md": READ_ME}

_DESCRIPTION = {
    "schema_version": 1,
    "name": "moe",
    "title": "Mixture of experts",
    "version": "1.0.0",
    "family": "moe",
    "labels": "glioma",
    "modalities": ["T1", "T1ce", "FLAIR"],
    "grid": {"spacing": [1.0, 1.0, 1.5], "orientation": "RAS"},
    "normalisation": {"method": "zscore", "scope": "brain"},
    "tile": {"size": [96, 96, 64], "multiple": 16, "overlap": 0.5},
    "network": {"architecture": "moe", "config": {"in_channels": 3, "channels": [8, 16]}},
    "weights": "weights.safetensors",
    "synthesiser": {"bundle": "universal"},
    "provenance": {"steps": 1200, "commit": "abc", "config": {"rate": 1e-4, "crops": [96, None, True]}},
    "licence": "Apache-2.0",
    "citation": "Somebody, 2026.\nSecond line.",
    "intended_use": "Research.",
    "warning": "Trained on simulated scans only.",
    "performance": [
        {"code": "FLAIR", "region": "lesion", "metric": "dice", "mean": 0.7, "standard_error": 0.02, "n": 40,
         "dataset": "phantoms", "data": "simulated"},
        {"code": "T1+FLAIR", "region": "lesion", "metric": "dice", "mean": 0.75, "standard_error": 0.02, "n": 40,
         "dataset": "phantoms", "data": "simulated"},
        {"code": "T1ce+FLAIR", "region": "lesion", "metric": "dice", "mean": 0.8, "standard_error": 0.01, "n": 40,
         "dataset": "phantoms", "data": "simulated"},
        {"code": "T1ce+FLAIR", "region": "core", "metric": "dice", "mean": 0.6, "n": 3,
         "dataset": "hospital", "data": "real"},
    ],
}  # fmt: skip


def description(**changes: Any) -> dict[str, Any]:
    """Manifest data without `files`; `changes` replace whole fields, None removes one."""
    data = copy.deepcopy(_DESCRIPTION) | changes
    return {key: value for key, value in data.items() if value is not None}


def entries(files: dict[str, bytes]) -> list[dict[str, Any]]:
    return [
        {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        for name, content in files.items()
    ]


def manifest_data(files: dict[str, bytes] | None = None, **changes: Any) -> dict[str, Any]:
    """Complete manifest data."""
    return description(**{"files": entries(FILES if files is None else files)} | changes)


def manifest_bytes(files: dict[str, bytes] | None = None, **changes: Any) -> bytes:
    return json.dumps(manifest_data(files, **changes)).encode()


def write_bundle(folder: Path, files: dict[str, bytes] | None = None, **changes: Any) -> Path:
    """A bundle as a folder."""
    folder.mkdir(parents=True)
    files = FILES if files is None else files
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / "manifest.json").write_bytes(manifest_bytes(files, **changes))
    return folder


def tree(folder: Path) -> dict[str, bytes | None]:
    """Everything below a folder: path → content, None for a folder."""
    return {str(path.relative_to(folder)): None if path.is_dir() else path.read_bytes() for path in folder.rglob("*")}
