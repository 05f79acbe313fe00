"""Miniature volumes and folders for the tests of this room."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813

SIZE = 16


def volume(path: Path, array: np.ndarray | None = None, spacing=(1.0, 1.0, 1.0), origin=(0.0, 0.0, 0.0)) -> Path:
    """Write `array` (x, y, z), or noise that looks like a head, as NIfTI; the folder is made."""
    array = head(path) if array is None else array
    image = sitk.GetImageFromArray(np.ascontiguousarray(np.asarray(array).transpose(2, 1, 0)))
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(image, str(path))
    return path


def head(seed: object, size: int = SIZE) -> np.ndarray:
    """Values of an MRI without unit: a smooth ball, other noise for other seeds, nothing constant around it."""
    random = np.random.default_rng(zlib.crc32(str(seed).encode()))
    return (ball(size, 0.4) * 400 + random.gamma(2, 20, (size, size, size))).astype(np.float32)


def extracted(seed: object, size: int = SIZE) -> np.ndarray:
    """The same without anything outside the ball."""
    return np.where(ball(size, 0.4), head(seed, size), 0).astype(np.float32)


def ball(size: int = SIZE, radius: float = 0.2, centre: float = 0.5) -> np.ndarray:
    """A ball as a mask; radius and centre in shares of the size."""
    axis = (np.arange(size) + 0.5) / size - centre
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    return x**2 + y**2 + z**2 <= radius**2


def labels(*values: int, size: int = SIZE) -> np.ndarray:
    """A label map in which each value is a slab of 8 voxels."""
    array = np.zeros((size, size, size), np.uint8)
    for i, value in enumerate(values):
        array[6 + i, 6:10, 6:8] = value
    return array


def read(path: Path) -> np.ndarray:
    """The voxels of a file, (x, y, z)."""
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path))).transpose(2, 1, 0)
