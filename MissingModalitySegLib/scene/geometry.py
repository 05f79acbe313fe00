"""Grids of volumes: matrices as numpy arrays, voxels as views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

SAME_GRID_MM = 1e-3
"""Corners of two grids that are nearer than this are the same: float32 headers are good to some 1e-5 mm."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Where voxels lie: `matrix` (4, 4) from index to RAS in mm, `dimensions` X Y Z."""

    matrix: np.ndarray
    dimensions: tuple[int, int, int]

    def matches(self, matrix: np.ndarray, dimensions: tuple[int, int, int]) -> bool:
        """Whether another grid has every voxel at the same place under the same index."""
        ends = corners(self.matrix, self.dimensions), corners(matrix, dimensions)
        return tuple(dimensions) == self.dimensions and bool(np.abs(ends[0] - ends[1]).max() < SAME_GRID_MM)


def grid_of(volume: Any) -> Grid:
    """The grid of a volume node, before its parent transforms."""
    return Grid(ijk_to_ras(volume), tuple(volume.GetImageData().GetDimensions()))


def to_array(matrix: Any) -> np.ndarray:
    """A vtkMatrix4x4 as an array (4, 4)."""
    return np.array([[matrix.GetElement(i, j) for j in range(4)] for i in range(4)])


def to_matrix(array: np.ndarray) -> Any:
    """An array (4, 4) as a vtkMatrix4x4."""
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy(np.asarray(array, float).ravel().tolist())
    return matrix


def ijk_to_ras(volume: Any) -> np.ndarray:
    """Where the voxels of a volume node are, in mm, before its parent transforms: an array (4, 4)."""
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return to_array(matrix)


def voxels(image: Any) -> np.ndarray:
    """The scalars of a vtkImageData as an array (Z, Y, X) that shares its memory."""
    return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])


def values_in(labels: np.ndarray) -> np.ndarray:
    """The values that occur in a label map, ascending; whole numbers are counted, which is quicker than sorting."""
    if labels.dtype.kind in "ui" and labels.size and labels.min() >= 0 and labels.max() < 1 << 16:
        return np.flatnonzero(np.bincount(labels.ravel()))
    return np.unique(labels)


def image_of(array: np.ndarray) -> Any:
    """A vtkImageData with a copy of an array (Z, Y, X)."""
    image = vtk.vtkImageData()
    image.SetDimensions(array.shape[::-1])
    scalars = numpy_to_vtk(np.ascontiguousarray(array).ravel(), deep=True)
    scalars.SetName("ImageScalars")
    image.GetPointData().SetScalars(scalars)
    return image


def corners(matrix: np.ndarray, dimensions: tuple[int, int, int]) -> np.ndarray:
    """The centres of the eight corner voxels in mm, an array (8, 3)."""
    ends = [(0, size - 1) for size in dimensions]
    indices = np.array([(i, j, k, 1) for i in ends[0] for j in ends[1] for k in ends[2]], float)
    return (indices @ matrix.T)[:, :3]


def transform_to_world(node: Any) -> Any:
    """The parent transforms of a node, down to the world, as one vtkGeneralTransform; None where it has none."""
    parent = node.GetParentTransformNode()
    if parent is None:
        return None
    transform = vtk.vtkGeneralTransform()
    parent.GetTransformToWorld(transform)
    return transform


def is_linear(node: Any) -> bool:
    """Whether the parent transforms of a node are linear, all of them; having none is linear."""
    parent = node.GetParentTransformNode()
    return parent is None or bool(parent.IsTransformToWorldLinear())
