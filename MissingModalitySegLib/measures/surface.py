"""Distances between the surfaces of two masks, in mm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import binary_erosion
from scipy.spatial import KDTree

from .masks import cut_to_union


def hausdorff_95(found: np.ndarray, truth: np.ndarray, spacing: Sequence[float]) -> float:
    """The 95th percentile of the Hausdorff distance (HD95) in mm, as MONAI and the BraTS challenges define it.

    The surface of a mask are its voxels with a face on the background or on the border of the volume. For every surface
    voxel of one mask the distance to the nearest one of the other is taken between voxel centres; of these distances
    the 95th percentile (linear between ranks), in each direction; the larger of the two counts. `spacing` is the voxel
    size in mm along each axis. 0 when both masks are empty, infinity when only one is.
    """
    found, truth = cut_to_union(found, truth)
    if not found.any() or not truth.any():
        return 0.0 if found.any() == truth.any() else float("inf")
    ends = _surface(found, spacing), _surface(truth, spacing)
    return max(_percentile_of_distances(*ends), _percentile_of_distances(*reversed(ends)))


def _surface(mask: np.ndarray, spacing: Sequence[float]) -> np.ndarray:
    """Positions (N, 3) of the surface voxels in mm."""
    return np.argwhere(mask & ~binary_erosion(mask)) * np.asarray(spacing, float)


def _percentile_of_distances(start: np.ndarray, end: np.ndarray) -> float:
    distances, _ = KDTree(end).query(start)
    return float(np.percentile(distances, 95))
