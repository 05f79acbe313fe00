"""Reading volumes, with a sentence for everything that is not one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813

from ..errors import InputError
from ..watch import Watch
from . import nifti

MOST_VOXELS = 512_000_000
"""800³: more than any scanner makes of a head, and 2 GB of memory for each volume."""

_NO_VALUE = "MissingModalitySeg_no_value"


class VolumeSource(ABC):
    """A volume that is more than a file, as a series is: it knows how to read itself and what a report tells of it."""

    @abstractmethod
    def read(self, watch: Watch) -> sitk.Image:
        """The volume. Raises `InputError`, and what `watch` raises."""

    @abstractmethod
    def describe(self) -> Mapping[str, Any]:
        """After `read`: `file` (what to call it), `sha256` (of its content) and `series`, as in `report.json`."""

    @property
    def patient(self) -> Mapping[str, str] | None:
        """After `read`: who it shows, where a report is to tell; else None."""
        return None


def read_image(path: str | Path) -> sitk.Image:
    """A scalar 3D volume in physical space (LPS millimetres, as ITK has it); float32 unless it holds integers.

    Values that are NaN or infinite are what programs write beyond a field of view where they reach the border: they
    become background, and `no_value_share` tells how many they were. Raises `InputError` for such values elsewhere, and
    for what is missing, unreadable, cut off, not three-dimensional or in colour.
    """
    path = Path(path)
    if not path.exists():
        raise InputError("file-not-found", f"There is no file {path}.", "Check the path.")
    if not path.is_file() and not path.is_dir():  # reading from a pipe would wait for its writer
        raise InputError("unreadable-image", f"{path} is a pipe or a device.", "Write the volume to a file first.")
    try:
        with nifti.readable_name(path) as name:
            _refuse_enormous(name, path.name)
            image = sitk.ReadImage(name)
    except RuntimeError as error:
        raise InputError(
            "unreadable-image",
            f"{path.name} cannot be read as a volume.",
            "It may be truncated, or of a format ITK does not know; NIfTI and NRRD always work.",
        ) from error
    bad = nifti.not_finite(path) if path.name.endswith(nifti.SUFFIXES) else None  # of which ITK has made zeros
    image = as_volume(image, path.name)
    if bad is None and "float" in image.GetPixelIDTypeAsString():
        bad = ~np.isfinite(sitk.GetArrayViewFromImage(image))
    return image if bad is None or not bad.any() else _with_background(image, bad, path.name)


def no_value_share(image: sitk.Image) -> float:
    """The share of the voxels that had no value before `read_image` gave them that of the background."""
    return float(image.GetMetaData(_NO_VALUE)) if image.HasMetaDataKey(_NO_VALUE) else 0.0


def _with_background(image: sitk.Image, bad: np.ndarray, name: str) -> sitk.Image:
    """The same with a value where there is none, if all such places reach the border."""
    values = sitk.GetArrayFromImage(image)
    places = sitk.GetImageFromArray(bad.reshape(values.shape).astype(np.uint8))
    beyond = sitk.GetArrayFromImage(sitk.BinaryGrindPeak(places)).astype(bool)
    inside = int(np.count_nonzero(bad)) - int(np.count_nonzero(beyond))
    if inside or beyond.all():
        raise InputError(
            "not-finite",
            f"{name} has {inside or int(np.count_nonzero(bad))} voxels that are NaN or infinite.",
            "Give them a value: outside the brain, the one that the background has.",
        )
    values[beyond] = min(0.0, float(values[~beyond].min()))
    filled = sitk.GetImageFromArray(values)
    filled.CopyInformation(image)
    filled.SetMetaData(_NO_VALUE, f"{beyond.mean():.4f}")
    return filled


def _refuse_enormous(readable: str, shown: str) -> None:
    """Raise `InputError` (`too-large`) from the header alone: to read such a file may take all memory."""
    reader = sitk.ImageFileReader()
    reader.SetFileName(readable)
    reader.ReadImageInformation()
    if prod(reader.GetSize()) > MOST_VOXELS:
        raise InputError(
            "too-large",
            f"{shown} has {' x '.join(map(str, reader.GetSize()))} voxels, more than any scan of a head.",
            "Cut it to the head, or resample it to 1 mm.",
        )


def as_volume(image: sitk.Image, name: str) -> sitk.Image:
    """`image` if it is a scalar volume; a 4D image with a single frame counts as one."""
    if image.GetDimension() == 4 and image.GetSize()[3] == 1:
        image = image[:, :, :, 0]
    if image.GetDimension() != 3:
        raise InputError(
            "not-three-dimensional",
            f"{name} has {image.GetDimension()} dimensions.",
            "Give a single 3D volume; of a 4D series, extract one frame.",
        )
    if image.GetNumberOfComponentsPerPixel() != 1:
        raise InputError("colour-image", f"{name} is a colour image.", "Give the greyscale volume it was made from.")
    return image


def to_array(image: sitk.Image) -> np.ndarray:
    """The voxels as float32 in (x, y, z) order; not-finite ones become the smallest finite value.

    What `read_image` read has none, but an image may come from elsewhere.
    """
    array = sitk.GetArrayFromImage(image).transpose(2, 1, 0).astype(np.float32)
    finite = np.isfinite(array)
    if not finite.all():
        array = np.where(finite, array, array[finite].min() if finite.any() else 0.0)
    return np.ascontiguousarray(array)


def from_array(array: np.ndarray, like: sitk.Image) -> sitk.Image:
    """An image of `array` (x, y, z) on the grid of `like`."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(array.transpose(2, 1, 0)))
    image.CopyInformation(like)
    return image
