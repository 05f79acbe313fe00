"""Files of a job back into volume nodes, outside the scene until all of them are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer

from ..errors import InputError
from .geometry import ijk_to_ras, same_grid, to_matrix


def read_volume(path: Path | str, like: Any = None) -> Any:
    """A scalar volume node, outside every scene. Raises `InputError` for a file that cannot be read.

    `like` is a volume node that the file should lie on: where grids agree but for the rounding of a header (NIfTI keeps
    float32), the matrix of `like` is taken, so that results lie exactly on the user's volume.
    """
    return _read(slicer.vtkMRMLScalarVolumeNode(), path, like)


def read_labels(path: Path | str, like: Any = None) -> Any:
    """The same for a label map."""
    return _read(slicer.vtkMRMLLabelMapVolumeNode(), path, like)


def _read(node: Any, path: Path | str, like: Any) -> Any:
    path = Path(path)
    storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
    storage.SetFileName(str(path))
    storage.SetSingleFile(True)
    if not path.is_file() or not storage.ReadData(node) or node.GetImageData() is None:
        raise InputError(
            "results-unreadable",
            f"“{path.name}”, a result of the run, cannot be read.",
            f"Was it deleted? It should lie in “{path.parent}”.",
        )
    if like is not None:
        dimensions, matrix = node.GetImageData().GetDimensions(), ijk_to_ras(like)
        if dimensions == like.GetImageData().GetDimensions() and same_grid(ijk_to_ras(node), matrix, dimensions):
            node.SetIJKToRASMatrix(to_matrix(matrix))
    return node
