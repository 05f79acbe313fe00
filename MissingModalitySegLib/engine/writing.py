"""Volumes to files, read back before anybody relies on them: ITK does not notice every full disk."""

from __future__ import annotations

from pathlib import Path

import SimpleITK as sitk  # noqa: N813

from ..disk import disk_errors
from ..errors import InputError, MissingModalitySegError
from .nifti import SUFFIXES, not_finite, readable_name, writable_name


def write_volume(image: sitk.Image, path: Path) -> None:
    """Write `image`, compressed. Raises `ResourceError` when the disk is full, else `InputError` when it fails."""
    try:
        with writable_name(path) as name:
            sitk.WriteImage(image, name, useCompression=True)
        if path.name.endswith(SUFFIXES):
            if not_finite(path) is not None:
                raise RuntimeError("It holds values that are no numbers.")
            return
        with readable_name(path) as name:
            if sitk.ReadImage(name).GetSize() != image.GetSize():
                raise RuntimeError("It was read back with another size.")
    except (RuntimeError, MissingModalitySegError) as error:
        _ask_the_system(path, image)
        raise InputError(
            "output-not-writable", f"{path.name} could not be written: {error}", "Choose another output folder."
        ) from error


def _ask_the_system(path: Path, image: sitk.Image) -> None:
    """Write as many bytes without ITK, which does not say why it failed; the system does."""
    size = image.GetNumberOfPixels() * image.GetSizeOfPixelComponent()
    with disk_errors(path.parent.parent):
        path.unlink(missing_ok=True)
        try:
            path.write_bytes(bytes(size))
        finally:
            path.unlink(missing_ok=True)
