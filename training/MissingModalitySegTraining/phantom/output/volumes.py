"""Volumes in physical space and the files that hold them, the same bytes every time."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SMALLEST_PEAK, LARGEST_PEAK = 2048, 32767
"""The brightest voxel of an image lies between these: at least eleven bits, and within int16."""

COMPRESSION = 5

FORMATS = {"nifti": ".nii.gz", "nrrd": ".nrrd"}
"""Names of file formats and their endings."""

_NRRD_TYPES = {"uint8": "uchar", "int16": "short"}


@dataclass(frozen=True)
class Volume:
    array: np.ndarray
    """(X, Y, Z), the axes of the file."""
    affine: np.ndarray
    """(4, 4), voxel indices to RAS mm."""

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance of neighbouring voxels along each axis of the array, mm."""
        return tuple(float(step) for step in np.linalg.norm(self.affine[:3, :3], axis=0))

    def of(self, array: np.ndarray) -> Volume:
        """Another array on the same lattice."""
        return Volume(array, self.affine)

    def flipped(self, axes: tuple[int, ...]) -> Volume:
        """The same voxels in the same places, with some axes of the array running the other way."""
        affine = self.affine.copy()
        for axis in axes:
            affine[:3, 3] += affine[:3, axis] * (self.array.shape[axis] - 1)
            affine[:3, axis] *= -1
        return Volume(np.flip(self.array, axes), affine)


def as_integers(image: np.ndarray) -> np.ndarray:
    """A magnitude image as int16, as scanners store it.

    Nothing is clipped: an image that is too dim or too bright for the type is scaled by a power of two.
    """
    peak = float(image.max(initial=0.0))
    while 0 < peak < SMALLEST_PEAK:
        image, peak = image * 2, peak * 2
    while peak > LARGEST_PEAK:
        image, peak = image / 2, peak / 2
    return np.rint(image).astype(np.int16)


def write_volume(volume: Volume, path: Path) -> None:
    """Write NIfTI (`.nii.gz`) or NRRD (`.nrrd`); the same volume gives the same bytes. Raises OSError."""
    path.write_bytes(_nrrd(volume) if path.suffix == ".nrrd" else _nifti(volume))


def _nifti(volume: Volume) -> bytes:
    import nibabel

    image = nibabel.Nifti1Image(np.asfortranarray(volume.array), volume.affine)
    image.set_sform(volume.affine, code=1)
    image.set_qform(volume.affine, code=1)
    image.header.set_xyzt_units("mm")
    return gzip.compress(image.to_bytes(), COMPRESSION, mtime=0)


def _nrrd(volume: Volume) -> bytes:
    """NRRD in LPS, the way 3D Slicer writes it."""
    to_lps = np.diag([-1.0, -1.0, 1.0])
    axes = (to_lps @ volume.affine[:3, :3]).T
    header = (
        "NRRD0004",
        f"type: {_NRRD_TYPES[volume.array.dtype.name]}",
        "dimension: 3",
        "space: left-posterior-superior",
        f"sizes: {' '.join(map(str, volume.array.shape))}",
        f"space directions: {' '.join(_vector(axis) for axis in axes)}",
        "kinds: domain domain domain",
        "endian: little",
        "encoding: gzip",
        f"space origin: {_vector(to_lps @ volume.affine[:3, 3])}",
    )
    voxels = volume.array.astype(volume.array.dtype.newbyteorder("<")).tobytes(order="F")
    return "\n".join(header).encode("ascii") + b"\n\n" + gzip.compress(voxels, COMPRESSION, mtime=0)


def _vector(values: np.ndarray) -> str:
    return f"({','.join(repr(float(value)) for value in values)})"
