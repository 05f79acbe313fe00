"""From a stack to an image in physical space."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813

from ..engine.nifti import readable_name
from ..errors import InputError
from ..watch import Watch
from .packages import package, silent
from .slices import Slice
from .spacing import Spacing
from .stacks import Stack

_SCALING = (("0028|1053", 1.0), ("0028|1052", 0.0))
"""Slope and intercept as ITK names them, and what they are where there are none."""


@dataclass(frozen=True)
class DicomVolume:
    """A stack with its voxels. Slice k of `image` (along its third axis) is `sources[k]`, where that is not None."""

    image: sitk.Image
    stack: Stack
    sources: tuple[Slice | None, ...]
    """None where a slice was filled in, and everywhere when slices were straightened or moved to even distances."""


def read_stack(stack: Stack, watch: Watch | None = None) -> DicomVolume:
    """Read the pixels of a stack.

    Values are those that the scanner means (rescale slope and intercept applied, slice by slice); integers where no
    slice is scaled. Axes are those of the rows, the columns and the normal of the slices, so that nothing is
    interpolated unless slices are missing, unevenly spaced or slanted (`Stack.notes`).

    Raises `InputError`: the stack cannot serve (`series-not-usable`), or its pixels cannot be read
    (`unreadable-series`). And what `watch` raises.
    """
    if stack.left_out:
        raise InputError(
            "series-not-usable", f"The {stack.name} cannot be used: {stack.left_out}.", "Choose another series."
        )
    with silent(), _itk_silent():
        planes = _pixels(stack, watch or Watch())
    spacing = stack.spacing
    sources: list[Slice | None] = list(stack.slices)
    if spacing.missing_count or not spacing.even:
        planes, sources = _at_even_distances(planes, stack, spacing)
    shift = np.zeros(2)
    if spacing.tilted:
        planes, shift = _straightened(planes, stack, spacing)
        sources = [None] * len(planes)
    return DicomVolume(_image(planes, stack, spacing, shift), stack, tuple(sources))


def _pixels(stack: Stack, watch: Watch) -> np.ndarray:
    """The planes (Z, Y, X) in the order of the stack; float32 where any is scaled, else as stored."""
    scaled = any(one.scaling != (1.0, 0.0) for one in stack.slices)
    files: dict[Path, np.ndarray] = {}
    planes = []
    for i, one in enumerate(stack.slices):
        watch.check()
        if one.frame is None:
            plane = _single(one, scaled, stack)
        else:
            if one.path not in files:
                files[one.path] = _stored(one.path, stack)
            plane = _meant(_frame(files[one.path], one, stack), one, scaled)
        if plane.shape != one.size[::-1]:
            raise _unreadable(stack)
        planes.append(plane)
        watch.progress((i + 1) / len(stack.slices))
    return np.stack(planes)


def _meant(stored: np.ndarray, one: Slice, scaled: bool) -> np.ndarray:
    """Stored values as the scanner means them."""
    if not scaled:
        return stored
    slope, intercept = map(np.float32, one.scaling)
    return stored.astype(np.float32) * slope + intercept


def _single(one: Slice, scaled: bool, stack: Stack) -> np.ndarray:
    """The plane of a file of its own, by ITK, which applies the scaling.

    Files that ITK does not take (it has trouble with some that are RLE encoded) are left to pydicom.
    """
    try:
        with readable_name(one.path) as name:
            image = sitk.ReadImage(name, sitk.sitkFloat32 if scaled else sitk.sitkUnknown)
    except RuntimeError:
        return _meant(_by_pydicom(one.path, stack), one, scaled)
    array = sitk.GetArrayFromImage(image)
    return array[0] if array.ndim == 3 and len(array) == 1 else array


def _by_pydicom(path: Path, stack: Stack) -> np.ndarray:
    """The stored values. Raises `InputError`."""
    try:
        return package("pydicom").dcmread(path).pixel_array
    except Exception:  # missing decoders and broken data raise what they like
        raise _unreadable(stack) from None


def _frame(array: np.ndarray, one: Slice, stack: Stack) -> np.ndarray:
    if array.ndim == 2:
        array = array[None]
    if one.frame >= len(array):
        raise _unreadable(stack)
    return array[one.frame]


def _stored(path: Path, stack: Stack) -> np.ndarray:
    """The stored values of a multi-frame file: each frame has its own scaling, and ITK would apply one to all.

    Only where pydicom has no decoder ITK reads, and what it applied is taken back.
    """
    try:
        return _by_pydicom(path, stack)
    except InputError:
        pass
    try:
        reader = sitk.ImageFileReader()
        reader.SetImageIO("GDCMImageIO")
        reader.SetFileName(str(path))
        array = sitk.GetArrayFromImage(reader.Execute())
        slope, intercept = (
            float(reader.GetMetaData(key)) if reader.HasMetaDataKey(key) else default for key, default in _SCALING
        )
    except (RuntimeError, ValueError):
        raise _unreadable(stack) from None
    return array if (slope, intercept) == (1.0, 0.0) else np.rint((array - intercept) / slope)


def _unreadable(stack: Stack) -> InputError:
    """The file is not named: names of files may be those of patients."""
    return InputError(
        "unreadable-series",
        f"The pixels of the {stack.name} cannot be read.",
        "A file may be cut off or compressed in a way that ITK does not know; export the series uncompressed.",
    )


@contextmanager
def _itk_silent() -> Iterator[None]:
    """ITK's warnings name files."""
    before = sitk.ProcessObject.GetGlobalWarningDisplay()
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        yield
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(before)


def _at_even_distances(planes: np.ndarray, stack: Stack, spacing: Spacing) -> tuple[np.ndarray, list[Slice | None]]:
    """Planes where the step says they should be, linearly between their neighbours; those at their places stay."""
    places = np.array(spacing.places)
    wanted = np.arange(round(places[-1] / spacing.step) + 1) * spacing.step
    above = np.clip(np.searchsorted(places, wanted), 1, len(places) - 1)
    weight = np.clip((wanted - places[above - 1]) / (places[above] - places[above - 1]), 0, 1).astype(np.float32)
    made, sources = [], []
    near = _nearness(spacing)
    for k, share in zip(above, weight, strict=True):
        at = k - 1 if share <= near else k if share >= 1 - near else None
        if at is not None:
            made.append(planes[at])
            sources.append(stack.slices[at])
        else:
            between = planes[k - 1] * (1 - share) + planes[k] * share
            made.append(between if planes.dtype.kind == "f" else np.rint(between).astype(planes.dtype))
            sources.append(None)
    return np.stack(made), sources


def _nearness(spacing: Spacing) -> float:
    """Up to which share of a step a slice counts as being at its place."""
    return 0.04 if spacing.missing_count or spacing.even else 0.01


def _straightened(planes: np.ndarray, stack: Stack, spacing: Spacing) -> tuple[np.ndarray, np.ndarray]:
    """Planes shifted, linearly, until each lies straight above the first, on a field that holds all of them.

    Also where that field begins along rows and columns, in mm from the first pixel of the first slice.
    """
    steps = np.arange(len(planes))[:, None] * spacing.step * np.array(spacing.drift)  # mm along rows, columns
    pixel = np.array(stack.slices[0].spacing)
    low = np.floor(steps.min(axis=0) / pixel).astype(int)
    high = np.ceil(steps.max(axis=0) / pixel).astype(int)
    columns, rows = np.array(planes.shape[:0:-1]) + high - low
    made = np.zeros((len(planes), rows, columns), np.float32)
    for plane, target, step in zip(planes, made, steps, strict=True):
        moved = step / pixel - low
        whole = np.floor(moved).astype(int)
        part_x, part_y = moved - whole
        padded = np.pad(plane.astype(np.float32), ((1, 1), (1, 1)))
        blended = (1 - part_x) * padded[:, 1:] + part_x * padded[:, :-1]
        blended = (1 - part_y) * blended[1:] + part_y * blended[:-1]
        part = target[whole[1] : whole[1] + blended.shape[0], whole[0] : whole[0] + blended.shape[1]]
        part[:] = blended[: part.shape[0], : part.shape[1]]
    if planes.dtype.kind != "f":
        made = np.rint(made).astype(planes.dtype)
    return made, low * pixel


def _image(planes: np.ndarray, stack: Stack, spacing: Spacing, shift: np.ndarray) -> sitk.Image:
    first = stack.slices[0]
    row, column = np.array(first.orientation[:3]), np.array(first.orientation[3:])
    image = sitk.GetImageFromArray(np.ascontiguousarray(planes))
    image.SetSpacing([*first.spacing, spacing.step])
    image.SetDirection(np.stack([row, column, first.normal], axis=1).ravel().tolist())
    image.SetOrigin((np.array(first.position) + shift[0] * row + shift[1] * column).tolist())
    return image
