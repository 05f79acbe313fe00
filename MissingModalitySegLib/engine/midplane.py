"""Left and right of a brain, told from the mask of the brain alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_SAME_WIDTH = 0.25
"""Columns from left to right much narrower than the brain is wide say little about its middle."""

_OUTLIER_MM = 6.0
"""Where the middle of a column is this far off."""

_FEWEST_COLUMNS = 50

_ON_THE_MIDLINE = 0.8
"""A lesion belongs to a side when at least this share of it lies there; else it is on the midline."""


@dataclass(frozen=True)
class Midplane:
    """The plane x = a + b y + c z between the halves of a brain, in mm along the axes of the model's grid.

    These run left → right, back → front and bottom → top; the plane may be turned and tilted as the head is.
    """

    offset: float
    per_y: float
    per_z: float

    def right_of(self, places: np.ndarray) -> np.ndarray:
        """Distance in mm of places (N, 3) from the plane, positive towards the patient's right."""
        x, y, z = places.T
        off = x - self.offset - self.per_y * y - self.per_z * z
        return off / np.sqrt(1 + self.per_y**2 + self.per_z**2)

    def side_of(self, places: np.ndarray) -> str:
        """`left`, `right` or `midline`: where a lesion with voxels at `places` (N, 3) lies, the patient's side."""
        right = float(np.mean(self.right_of(places) > 0))
        if right >= _ON_THE_MIDLINE:
            return "right"
        return "left" if right <= 1 - _ON_THE_MIDLINE else "midline"


def find_midplane(brain: np.ndarray, spacing: float) -> Midplane | None:
    """The plane through the middle of a brain's mask (X, Y, Z; axes near to RAS); None where there is too little of it.

    A brain is as wide to the left as to the right. The middle of every column of the mask from left to right is a
    point of the plane; it is fitted to all of them, again without those that lie off it. Turns and tilts of the head
    are followed only in part, as the outline of a brain is nearly round: at 10 degrees expect some 3 mm.
    """
    width = brain.sum(axis=0)
    wide = width > _SAME_WIDTH * width.max(initial=0)
    first = brain.argmax(axis=0)
    last = brain.shape[0] - 1 - brain[::-1].argmax(axis=0)
    y, z = np.nonzero(wide)
    if len(y) < _FEWEST_COLUMNS:
        return None
    middle = (first + last)[y, z] / 2 * spacing
    terms = np.stack([np.ones(len(y)), y * spacing, z * spacing], axis=1)
    kept = np.ones(len(y), bool)
    for _ in range(3):
        plane, *_ = np.linalg.lstsq(terms[kept], middle[kept], rcond=None)
        near = np.abs(terms @ plane - middle) < _OUTLIER_MM
        if near.sum() < _FEWEST_COLUMNS:
            break
        kept = near
    return Midplane(*map(float, plane))
