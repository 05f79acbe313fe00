"""Prepared cases on disk as plain arrays, so that training reads slices and never waits for images to be prepared.

    <cache>/cache.json            what all entries share
    <cache>/entries/<case id>/    channels.npy (C, X, Y, Z), the available ones only, normalised over the brain
                                  regions.npy (X, Y, Z) uint8, bit i for region i
                                  brain.npy (X, Y, Z) bool
                                  foreground.npy (N, 3) uint16, the voxels of the lesion, to centre crops on
                                  entry.json

Entries come from a data list (`fill.fill_cache`) or from arrays (`Cache.add`). Reading needs numpy alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from MissingModalitySegLib.disk import disk_errors
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.labels import GLIOMA, LabelScheme
from MissingModalitySegLib.modalities import MODALITIES, Code, Modality

from . import cache_files

FORMAT = 2
REGIONS = GLIOMA.region_names
Precision = Literal["float16", "float32"]


@dataclass(frozen=True)
class CacheOptions:
    """What all entries of a cache share."""

    spacing: float = 1.0  # mm
    modalities: tuple[Modality, ...] = MODALITIES
    precision: Precision = "float16"
    bias_correction: bool = False

    def as_dict(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "spacing": self.spacing,
            "modalities": [modality.value for modality in self.modalities],
            "precision": self.precision,
            "bias_correction": self.bias_correction,
            "regions": list(REGIONS),
        }


@dataclass(frozen=True)
class CachedCase:
    """One entry. Its arrays are mapped, not read; each access opens them anew, so that cases can cross processes."""

    folder: Path
    id: str
    key: str
    code: Code
    scored: tuple[str, ...]
    shape: tuple[int, int, int]
    precision: Precision
    lesion_voxels: int
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def channels(self) -> np.ndarray:
        """(C, X, Y, Z), the channels of `code` in order; zero outside the brain."""
        return self._map("channels.npy", self.precision, (len(self.code), *self.shape))

    def shown(self, code: Code) -> np.ndarray:
        """(K, X, Y, Z) float32: a channel per modality that `code` knows, zero where `code` or the case lacks it."""
        channels, stored = np.zeros((len(code.modalities), *self.shape), np.float32), self.channels
        for channel, modality in enumerate(code.modalities):
            if modality in code and modality in self.code:
                channels[channel] = stored[self.code.available.index(modality)]
        return channels

    @property
    def regions(self) -> np.ndarray:
        """(X, Y, Z) uint8, bit i for region i."""
        return self._map("regions.npy", "uint8", self.shape)

    @property
    def brain(self) -> np.ndarray:
        """(X, Y, Z) bool."""
        return self._map("brain.npy", "bool", self.shape)

    @property
    def foreground(self) -> np.ndarray:
        """(N, 3): the indices of all voxels in any region."""
        return self._map("foreground.npy", "uint16", (self.lesion_voxels, 3))

    def _map(self, name: str, dtype: str, shape: tuple[int, ...]) -> np.ndarray:
        if 0 in shape:
            return np.zeros(shape, dtype)  # nothing cannot be mapped
        return cache_files.map_array(self.folder / name, np.dtype(dtype), shape)


class Cache:
    """A folder of prepared cases. Any number of readers and writers may use it at the same time."""

    def __init__(self, folder: str | os.PathLike[str], options: CacheOptions | None = None) -> None:
        """Open the cache in `folder`; with `options`, make it where there is none.

        Raises `InputError` when there is no cache, it was made with other options, or it cannot be written.
        """
        self.folder = Path(folder).absolute()
        document = self.folder / "cache.json"
        if options is not None and not document.exists():
            _write_whole(document, json.dumps(options.as_dict(), indent=1))
        self.options = _read_options(document)
        if options is not None and options != self.options:
            raise InputError(
                "another-cache",
                f"The cache in {self.folder} was made with other options: {self.options.as_dict()}.",
                "Choose another folder, or the options the cache was made with.",
            )

    @property
    def entries(self) -> Path:
        return self.folder / "entries"

    @property
    def ids(self) -> tuple[str, ...]:
        """The cases that are there, sorted."""
        try:
            names = sorted(os.listdir(self.entries))
        except FileNotFoundError:
            return ()
        return tuple(
            name for name in names if not name.startswith(".") and (self.entries / name / cache_files.RECORD).is_file()
        )

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, case_id: str) -> bool:
        return case_id in self.ids

    def __getitem__(self, case_id: str) -> CachedCase:
        """The entry of a case; `InputError` when there is none or its record is damaged."""
        folder = self.entries / case_id
        record = cache_files.read_record(folder)
        if record is None:
            raise InputError(
                "no-cache-entry", f"The cache in {self.folder} has no entry “{case_id}”.", "Fill the cache first."
            )
        return CachedCase(
            folder=folder,
            id=record["id"],
            key=record["key"],
            code=Code.parse(record["code"], self.options.modalities),
            scored=tuple(record["scored"]),
            shape=tuple(record["shape"]),
            precision=self.options.precision,
            lesion_voxels=record["lesion_voxels"],
            metadata=record["metadata"],
        )

    def add(
        self,
        case_id: str,
        channels: Any,
        code: Code,
        labels: Any,
        scored: Sequence[str] = REGIONS,
        brain: Any = None,
        metadata: Mapping[str, Any] | None = None,
        key: str | None = None,
        scheme: LabelScheme = GLIOMA,
    ) -> CachedCase:
        """Store a case from arrays (numpy or torch), replacing an entry of another `key`.

        `channels` (K, X, Y, Z) for all K modalities of the cache, normalised and zero outside the brain; `labels`
        (X, Y, Z) in the values of `scheme`, or (R, X, Y, Z) one mask per region of the product; `brain` (X, Y, Z), by
        default where any channel is not zero. Without `key` the arrays themselves are the key. Raises `InputError` for
        arrays that do not fit together, `ResourceError` when the disk is full.
        """
        channels, labels = np.asarray(channels), np.asarray(labels)
        brain = channels.any(axis=0) if brain is None else np.asarray(brain).astype(bool)
        _check(case_id, channels, code, labels, brain, scored, self.options)
        bits = _region_bits(labels, scheme)
        available = [self.options.modalities.index(modality) for modality in code]
        limit = np.finfo(self.options.precision).max
        arrays = {
            "channels.npy": np.clip(channels[available], -limit, limit).astype(self.options.precision),
            "regions.npy": bits,
            "brain.npy": brain,
            "foreground.npy": np.argwhere(bits).astype(np.uint16),
        }
        record = {
            "id": case_id,
            "code": str(code),
            "scored": [name for name in REGIONS if name in scored],
            "shape": list(bits.shape),
            "lesion_voxels": len(arrays["foreground.npy"]),
            "metadata": dict(metadata or {}),
        }
        record["key"] = key or _key_of(record, arrays)
        cache_files.write_entry(self.entries / case_id, record, arrays)
        return self[case_id]

    def damage(self, case_id: str) -> str | None:
        """What is wrong with an entry, every byte of it read; None when it is as it was written."""
        return cache_files.damage(self.entries / case_id)

    def remove(self, case_id: str) -> None:
        """Remove an entry, whatever state it is in."""
        cache_files.remove_entry(self.entries / case_id)

    def __repr__(self) -> str:
        return f"Cache({str(self.folder)!r}, {len(self)} cases)"


def _check(
    case_id: str,
    channels: np.ndarray,
    code: Code,
    labels: np.ndarray,
    brain: np.ndarray,
    scored: Sequence[str],
    options: CacheOptions,
) -> None:
    problems = []
    if not case_id or case_id.startswith(".") or re.search(r'[<>:"/\\|?*\x00-\x1f]', case_id):
        problems.append(f"“{case_id}” cannot name a folder")
    if channels.ndim != 4 or channels.shape[0] != len(options.modalities):
        problems.append(f"the channels have the shape {channels.shape}, not ({len(options.modalities)}, X, Y, Z)")
    if labels.shape not in (channels.shape[1:], (len(REGIONS), *channels.shape[1:])):
        problems.append(f"the labels have the shape {labels.shape}, the channels {channels.shape}")
    if brain.shape != channels.shape[1:]:
        problems.append(f"the brain has the shape {brain.shape}, the channels {channels.shape}")
    if not np.isfinite(channels).all():
        problems.append("the channels hold values that are not finite")
    if code.modalities != options.modalities:
        problems.append("the code is over other modalities than the cache")
    problems += [f"there is no region “{name}” to score" for name in scored if name not in REGIONS]
    if max(channels.shape[1:], default=0) > np.iinfo(np.uint16).max:
        problems.append("the volume is too large")
    if problems:
        raise InputError("bad-cache-arrays", f"The case “{case_id}” cannot be cached: {'; '.join(problems)}.")


def _region_bits(labels: np.ndarray, scheme: LabelScheme) -> np.ndarray:
    """Bit i of a voxel says whether it lies in region i of the product."""
    bits = np.zeros(labels.shape[-3:], np.uint8)
    for i, name in enumerate(REGIONS):
        if labels.ndim == 4:
            inside = labels[i] > 0.5
        elif name in scheme.region_names:
            inside = np.isin(labels, sorted(scheme.region(name).values))
        else:
            continue
        bits |= inside.astype(np.uint8) << i
    return bits


def _key_of(record: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256(json.dumps(record, sort_keys=True).encode())
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _read_options(path: Path) -> CacheOptions:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        options = CacheOptions(
            document["spacing"],
            tuple(Modality.parse(name) for name in document["modalities"]),
            document["precision"],
            document["bias_correction"],
        )
    except OSError as error:
        raise InputError(
            "no-cache",
            f"There is no cache in {path.parent}: {error.strerror}.",
            "Make one with `datalist cache`, or name a data list (.json).",
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError("bad-cache", f"{path} cannot be read: {error!r}.", "Choose another folder.") from None
    if document != options.as_dict():
        raise InputError(
            "bad-cache", f"The cache in {path.parent} has another format.", "Choose another folder and fill it anew."
        )
    return options


def _write_whole(path: Path, text: str) -> None:
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    with disk_errors(path.parent):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_text(text, encoding="utf-8")
            os.replace(unfinished, path)
        finally:
            if path.parent.is_dir():
                unfinished.unlink(missing_ok=True)
