"""Single lesions of a label map: their voxels, sizes and diameters.

Everything is done in the box around each lesion, so that a volume with many small lesions costs little more than one
pass over it. A grid is told by the steps of one voxel along each axis in mm, as columns; they need not be at right
angles.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist

EIGHTEEN_NEIGHBOURS = ndimage.generate_binary_structure(3, 2)
"""Voxels that share a face or an edge belong to one lesion, as in `measures.lesions`."""


@dataclass(frozen=True)
class Component:
    """A connected lesion: its voxels as indices (N, 3) into the label map, and the label of each (N)."""

    indices: np.ndarray
    values: np.ndarray

    def count_of(self, values: Sequence[int]) -> int:
        """How many voxels have one of `values`."""
        return int(np.isin(self.values, list(values)).sum())


def components(labels: np.ndarray) -> Iterator[Component]:
    """The lesions of a label map (X, Y, Z), the largest first; 0 is background."""
    occupied = np.nonzero(labels)
    if not len(occupied[0]):
        return
    box = tuple(slice(int(axis.min()), int(axis.max()) + 1) for axis in occupied)
    part = labels[box]
    numbered, count = ndimage.label(part, EIGHTEEN_NEIGHBOURS)
    places = np.argwhere(numbered)
    number, value = numbered[tuple(places.T)], part[tuple(places.T)]
    order = np.argsort(number, kind="stable")
    ends = np.cumsum(np.bincount(number, minlength=count + 1)[1:])
    start = np.array([axis.start for axis in box])
    groups = np.split(order, ends[:-1])
    for group in sorted(groups, key=lambda one: -len(one)):
        yield Component(places[group] + start, value[group])


def largest_diameter(indices: np.ndarray, steps: np.ndarray) -> float:
    """The largest distance in mm between two points of the lesion's surface, in any direction.

    The surface runs through the middle of the outer faces of its voxels: one voxel is as long as its longest edge.
    """
    corners = _hull(_with_faces(_ends_of_columns(indices), steps))
    return float(pdist(corners).max())


@dataclass(frozen=True)
class Section:
    """The slice in which a lesion is longest: the largest diameter there, and the largest one at right angles to it."""

    longest_mm: float
    across_mm: float
    slice: int


def longest_section(indices: np.ndarray, steps: np.ndarray, axis: int) -> Section:
    """Both diameters, as RANO takes them, in the slice along the axes other than `axis` where the lesion is longest.

    The outline is that of the smallest convex shape around all of the lesion that the slice shows.
    """
    others = [other for other in range(3) if other != axis]
    across = np.linalg.qr(steps[:, others])[1]  # the same steps within the slice, along axes at right angles
    order = np.argsort(indices[:, axis], kind="stable")
    slices, starts = np.unique(indices[order, axis], return_index=True)
    groups = [part[:, others] for part in np.split(indices[order], starts[1:])]
    reach = [_diagonal((np.ptp(group, axis=0) + 1) * across) for group in groups]
    best, outline, at = -1.0, None, 0
    for i in np.argsort(reach)[::-1]:
        if reach[i] <= best:
            break  # the box of any further slice is smaller
        hull = _hull(_with_faces(groups[i], across))
        length = float(pdist(hull).max())
        if length > best:
            best, outline, at = length, hull, int(slices[i])
    return Section(best, _across(outline), at)


def _diagonal(edges: np.ndarray) -> float:
    """The longer diagonal of the parallelogram with these edges, the columns of a (2, 2) matrix."""
    return max(float(np.linalg.norm(edges @ turn)) for turn in ((1, 1), (1, -1)))


def _across(outline: np.ndarray) -> float:
    """The longest chord of a convex outline (N, 2) at right angles to its longest diameter."""
    distances = np.linalg.norm(outline[:, None] - outline[None], axis=-1)
    first, last = np.unravel_index(distances.argmax(), distances.shape)
    along = (outline[last] - outline[first]) / distances.max()
    along_it, off_it = outline @ along, outline @ np.array([-along[1], along[0]])
    base = off_it[first]
    # The two borders left and right of the diameter are functions of the place along it; a chord of a convex shape is
    # longest at a corner of either.
    upper, lower = off_it >= base - 1e-9, off_it <= base + 1e-9
    width = np.zeros(len(outline))
    for side, sign in ((upper, 1), (lower, -1)):
        order = np.argsort(along_it[side])
        width += sign * np.interp(along_it, along_it[side][order], off_it[side][order])
    return float(width.max())


def _ends_of_columns(indices: np.ndarray) -> np.ndarray:
    """The first and last voxel of every column along the last axis; no other can be a corner of the hull."""
    order = np.lexsort((indices[:, 2], indices[:, 1], indices[:, 0]))
    ordered = indices[order]
    changes = np.any(np.diff(ordered[:, :2], axis=0) != 0, axis=1)
    first, last = np.r_[True, changes], np.r_[changes, True]
    return ordered[first | last]


def _with_faces(indices: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """The middles of all faces (edges in 2D) of voxels, in mm."""
    half = steps.T / 2
    return ((indices @ steps.T)[:, None] + np.concatenate([half, -half])[None]).reshape(-1, len(steps))


def _hull(points: np.ndarray) -> np.ndarray:
    return points[ConvexHull(points).vertices]
