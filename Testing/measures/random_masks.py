"""Pairs of masks for the tests of this room: specks, blobs, things at the border, empty ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.ndimage import gaussian_filter

SHAPE = (11, 9, 13)


def pairs() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Masks that both hold something."""
    generator = np.random.default_rng(0)
    for share in (0.01, 0.1, 0.6):
        yield tuple(generator.random((2, *SHAPE)) < share)
    for _ in range(6):
        fields = [gaussian_filter(generator.normal(size=SHAPE), 1.2) for _ in range(2)]
        yield tuple(field > np.quantile(field, generator.uniform(0.6, 0.97)) for field in fields)


def cube(start: tuple[int, int, int], size: int = 2) -> np.ndarray:
    """A cube of voxels in an otherwise empty mask."""
    mask = np.zeros(SHAPE, bool)
    mask[tuple(slice(at, at + size) for at in start)] = True
    return mask


EMPTY = np.zeros(SHAPE, bool)
