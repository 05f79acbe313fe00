"""Files of a job back into volume nodes, outside the scene until all of them are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import slicer

from ..errors import InputError
from .geometry import Grid, ijk_to_ras, image_of, to_matrix, voxels

_REVERSED = np.diag([1.0, 1.0, -1.0, 1.0])


def read_volume(path: Path | str, grid: Grid | None = None) -> Any:
    """A scalar volume node, outside every scene. Raises `InputError` for a file that cannot be read.

    `grid` is the one that the file should lie on. Where it does, but for the rounding of a header (NIfTI keeps float32)
    and the order of the slices (Slicer's reader reverses them in left-handed files), the node gets exactly that grid:
    results lie on the user's volume voxel by voxel, and indices in a report mean the same voxels here.
    """
    return _read(slicer.vtkMRMLScalarVolumeNode(), path, grid)


def read_labels(path: Path | str, grid: Grid | None = None) -> Any:
    """The same for a label map."""
    return _read(slicer.vtkMRMLLabelMapVolumeNode(), path, grid)


def _read(node: Any, path: Path | str, grid: Grid | None) -> Any:
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
    if grid is not None:
        _settle(node, grid)
    return node


def _settle(node: Any, grid: Grid) -> None:
    """Give the node exactly `grid` where its voxels lie there."""
    dimensions, matrix = tuple(node.GetImageData().GetDimensions()), ijk_to_ras(node)
    back = _REVERSED.copy()
    back[2, 3] = dimensions[2] - 1
    if grid.matches(matrix @ back, dimensions) and not grid.matches(matrix, dimensions):
        node.SetAndObserveImageData(image_of(voxels(node.GetImageData())[::-1]))
    elif not grid.matches(matrix, dimensions):
        return
    node.SetIJKToRASMatrix(to_matrix(grid.matrix))
