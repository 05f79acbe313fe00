"""Results as files of the user's choice: label maps as they are in the scene now, tables as the run left them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import slicer
import vtk

from ..disk import disk_errors
from ..errors import InputError
from .corrections import label_values
from .geometry import ijk_to_ras, is_linear
from .segmentation import labels_of

ENDINGS = (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd")
"""Of names of label maps."""

_ORTHOGONAL = 1e-4
"""Largest cosine between two axes of a grid that NIfTI can hold."""


def write_labels(segmentation: Any, path: Path | str) -> Path:
    """Write a segmentation, edited or not, as a label map on its reference grid, with the numbers of `label_values`.

    NIfTI (`.nii.gz`) or NRRD, by the name, whose ending is written small; the path is given back. A linear parent
    transform is hardened. Raises `InputError`, `ResourceError`.
    """
    path = Path(small_ending(str(path), ENDINGS))
    if not is_linear(segmentation):
        raise InputError(
            "bad-transform",
            f"“{segmentation.GetName()}” lies under a warp, which a label map cannot follow.",
            "Take it out of the transform.",
        )
    labels = labels_of(segmentation, label_values(segmentation))
    if labels is None:
        raise InputError("nothing-to-export", f"“{segmentation.GetName()}” has no segment to export.")
    _into_the_world(labels, segmentation)
    _refuse_shear(labels, path)
    _write(labels, path)
    return path


def small_ending(path: str, endings: Sequence[str]) -> str:
    """The path with that of the endings that it has, in whatever letters, in small ones: ITK knows no others."""
    found = max((one for one in endings if path.lower().endswith(one)), key=len, default="")
    return path[: len(path) - len(found)] + found


def write_table(table: Any, path: Path | str) -> Path:
    """Write a table node as CSV with a header line, UTF-8; what is not known is left empty. Raises as `disk_errors`."""
    path, names = Path(path), [table.GetColumnName(i) for i in range(table.GetNumberOfColumns())]
    with disk_errors(path.parent), open(path, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(names)
        for row in range(table.GetNumberOfRows()):
            values = [table.GetTable().GetValue(row, column).ToString() for column in range(len(names))]
            writer.writerow(["" if value == "nan" else value for value in values])
    return path


def _into_the_world(labels: Any, segmentation: Any) -> None:
    if segmentation.GetParentTransformNode() is not None:
        matrix = vtk.vtkMatrix4x4()
        segmentation.GetParentTransformNode().GetMatrixTransformToWorld(matrix)
        labels.ApplyTransformMatrix(matrix)


def _refuse_shear(labels: Any, path: Path) -> None:
    axes = ijk_to_ras(labels)[:3, :3]
    axes = axes / np.linalg.norm(axes, axis=0)
    if path.name.endswith((".nii", ".nii.gz")) and np.abs(axes.T @ axes - np.eye(3)).max() > _ORTHOGONAL:
        raise InputError(
            "sheared-grid", "The axes of this volume are not at right angles; NIfTI cannot hold that.", "Export NRRD."
        )


def _write(labels: Any, path: Path) -> None:
    nrrd = path.name.endswith((".nrrd", ".nhdr"))
    storage = slicer.vtkMRMLNRRDStorageNode() if nrrd else slicer.vtkMRMLVolumeArchetypeStorageNode()
    storage.SetFileName(str(path))
    storage.SetUseCompression(1)
    if not storage.WriteData(labels) or not path.is_file():
        raise InputError(
            "output-not-writable",
            f"“{path}” cannot be written.",
            "Choose another folder, and a name that ends in .nii.gz or .nrrd.",
        )
