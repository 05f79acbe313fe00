"""What an importer yields, and how it walks a folder.

An importer only looks at names and small tables; it reads no voxel and writes nothing. What has to be done to a label
is said as data (`Relabel`, `Majority`) and done by `label_copies`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from MissingModalitySegLib.datalists import Case

CONVERTED_LABELS = "_converted_labels"
"""Folders whose names end so hold our own copies and are not searched."""


@dataclass(frozen=True)
class Remark:
    """Something the user should know about `where`: left out altogether, or `kept` with less than expected."""

    where: str
    why: str
    kept: bool = False


@dataclass(frozen=True)
class Relabel:
    """The label map with some values changed."""

    changes: Mapping[int, int]

    def __str__(self) -> str:
        return ", ".join(f"{old} → {new}" for old, new in self.changes.items())


@dataclass(frozen=True)
class Majority:
    """Lesion where more than half of several raters drew one."""

    sources: tuple[Path, ...]

    def __str__(self) -> str:
        return f"majority of {len(self.sources)} raters"


@dataclass(frozen=True)
class Found:
    """A case, and what its label needs before it keeps to the product's schemes."""

    case: Case
    conversion: Relabel | Majority | None = None


Importer = Callable[[Path], Iterator[Found | Remark]]


def volumes(root: Path) -> list[Path]:
    """Every NIfTI file below `root` in natural order, without what archives and file managers leave behind."""
    found = []
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [
            name
            for name in subfolders
            if not name.startswith((".", "__MACOSX")) and not name.endswith(CONVERTED_LABELS)
        ]
        found += [
            Path(folder, name) for name in names if name.endswith((".nii", ".nii.gz")) and not name.startswith(".")
        ]
    return sorted(found, key=lambda path: natural(path.relative_to(root).as_posix()))


def stem(path: Path) -> str:
    """The name of a NIfTI file without its endings."""
    return re.sub(r"\.nii(\.gz)?$", "", path.name)


def natural(text: str) -> list[tuple[int, int, str]]:
    """A sort key that puts 2 before 10."""
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in re.split(r"(\d+)", text)]


def safe_id(text: str) -> str:
    """`text` as an id that can name a folder on every system."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text).strip("._") or "case"


def missing_sequences(case: Case, expected: tuple[str, ...]) -> Remark | None:
    """The remark that a case lacks sequences which its data set has, if it does."""
    have = {modality.value for modality in case.modalities}
    lacking = [name for name in expected if name not in have]
    return Remark(case.id, f"has no {', '.join(lacking)}", kept=True) if lacking else None
