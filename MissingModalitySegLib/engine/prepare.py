"""From a study to the tensor a network takes, and back to the native grid.

The grid of the model keeps the axes of the reference volume (reordered and flipped to run left → right, posterior →
anterior, inferior → superior) and takes the model's spacing, so that a volume that already has it is not interpolated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk  # noqa: N813
import torch
from torch import Tensor

from ..arrays.boxes import Box, bounding_box, cut, grow_to_multiple, paste
from ..arrays.normalise import z_normalise
from ..errors import InputError
from ..modalities import MODALITIES, Code, Modality
from .brain import extracted_brain
from .images import from_array, to_array
from .study import Study

_SAME_SPACING = 0.02
"""Spacings closer than this share are taken as equal: 0.9999 mm is no reason to interpolate."""

_MARGIN = 4
"""Voxels of background kept around the brain, so that its border is not the border of the tensor."""


@dataclass(frozen=True)
class Frame:
    """Everything needed to come back from the model's tensor to the native grid."""

    reference: Modality
    native: sitk.Image  # the reference volume, for its grid
    grid: sitk.Image  # an image on the model's grid before cropping, for its grid
    box: Box  # what was cut out of that grid


@dataclass(frozen=True)
class Prepared:
    """What a network takes: normalised channels (K, X, Y, Z), zero where missing or outside `brain` (X, Y, Z)."""

    channels: Tensor
    brain: Tensor
    code: Code
    frame: Frame


def prepare(
    study: Study,
    spacing: float = 1.0,
    modalities: tuple[Modality, ...] = MODALITIES,
    reference: Modality | None = None,
    multiple: int = 16,
) -> Prepared:
    """Bring every volume to the model's grid, cut out the brain and normalise.

    `spacing` is the model's, in mm; `multiple` is what the network needs each size to be divisible by. Raises
    `InputError` when no brain mask is given and the volumes are not brain-extracted.
    """
    code = study.code(modalities)
    reference = reference or study.only(code).reference
    grid = model_grid(study.images[reference], spacing)
    on_grid = {modality: to_array(resample(study.images[modality], grid)) for modality in code}
    brain = torch.from_numpy(_brain_on(grid, study.only(code)))
    box = grow_to_multiple(bounding_box(brain, _MARGIN), multiple)
    empty = np.zeros(on_grid[reference].shape, np.float32)
    channels = torch.from_numpy(np.stack([on_grid.get(modality, empty) for modality in modalities]))
    brain = cut(brain, box)
    normal = z_normalise(cut(channels, box).unsqueeze(0), brain.unsqueeze(0))[0]
    return Prepared(normal, brain, code, Frame(reference, study.images[reference], grid, box))


def restore_labels(labels: Tensor, frame: Frame) -> sitk.Image:
    """The label map (X, Y, Z) of the model's crop, on the native grid of the reference volume.

    Each native voxel takes the label with the largest share of its surroundings (linear weights). The nearest voxel
    alone would shift a lesion by half a voxel where the centres of one grid lie on the faces of the other.
    """
    whole = paste(labels.to(torch.uint8), frame.box, torch.zeros(frame.grid.GetSize(), dtype=torch.uint8))
    image = from_array(whole.numpy(), frame.grid)
    if _same_grid(image, sitk.DICOMOrient(frame.native, "RAS")):
        return resample_labels(image, frame.native)
    native = np.zeros(frame.native.GetSize()[::-1], np.uint8)
    largest = np.zeros(native.shape, np.float32)
    for value in [int(value) for value in torch.unique(labels)]:
        share = sitk.Cast(image == value, sitk.sitkFloat32)
        outside = float(value == 0)
        share = sitk.Resample(share, frame.native, sitk.Transform(), sitk.sitkLinear, outside, sitk.sitkFloat32)
        share = sitk.GetArrayFromImage(share)  # a copy: a view would outlive its image
        wins = share > largest
        native[wins], largest[wins] = value, share[wins]
    restored = sitk.GetImageFromArray(native)
    restored.CopyInformation(frame.native)
    return restored


def model_grid(reference: sitk.Image, spacing: float) -> sitk.Image:
    """An empty image on the grid of `reference` with axes nearest to RAS and isotropic `spacing` in mm."""
    oriented = sitk.DICOMOrient(reference, "RAS")
    old = oriented.GetSpacing()
    new = [o if abs(o / spacing - 1) < _SAME_SPACING else spacing for o in old]
    size = [max(round(n * o / s), 1) for n, o, s in zip(oriented.GetSize(), old, new, strict=True)]
    # The grids share their outer faces, not their first voxel centres.
    shift = [((s - o) + (n * o - m * s)) / 2 for n, o, m, s in zip(oriented.GetSize(), old, size, new, strict=True)]
    grid = sitk.Image(size, sitk.sitkUInt8)
    direction = np.array(oriented.GetDirection()).reshape(3, 3)
    grid.SetOrigin([float(v) for v in np.array(oriented.GetOrigin()) + direction @ np.array(shift)])
    grid.SetSpacing(new)
    grid.SetDirection(oriented.GetDirection())
    return grid


def resample(image: sitk.Image, grid: sitk.Image) -> sitk.Image:
    """`image` on `grid`, linearly; smoothed first along axes that become coarser, so that nothing aliases."""
    image = sitk.Cast(sitk.DICOMOrient(image, "RAS"), sitk.sitkFloat32)
    if _same_grid(image, grid):
        return image
    background = float(to_array(image)[0, 0, 0])
    for axis, (old, new) in enumerate(zip(image.GetSpacing(), grid.GetSpacing(), strict=True)):
        if new > 1.25 * old:
            sigma = 0.42 * np.sqrt(new**2 - old**2)  # brings a box of width `old` near to one of width `new`
            image = sitk.RecursiveGaussian(image, float(sigma), direction=axis)
    return sitk.Resample(image, grid, sitk.Transform(), sitk.sitkLinear, background, sitk.sitkFloat32)


def resample_labels(image: sitk.Image, grid: sitk.Image) -> sitk.Image:
    """A label map on `grid`, by the nearest voxel."""
    return sitk.Resample(image, grid, sitk.Transform(), sitk.sitkNearestNeighbor, 0, sitk.sitkUInt8)


def _same_grid(image: sitk.Image, grid: sitk.Image) -> bool:
    tolerance = 1e-3
    return (
        image.GetSize() == grid.GetSize()
        and np.allclose(image.GetSpacing(), grid.GetSpacing(), atol=tolerance)
        and np.allclose(image.GetOrigin(), grid.GetOrigin(), atol=tolerance)
        and np.allclose(image.GetDirection(), grid.GetDirection(), atol=tolerance)
    )


def _brain_on(grid: sitk.Image, study: Study) -> np.ndarray:
    """The brain's mask on `grid`: the given one, else what extraction left in any of the volumes.

    The constant background is looked for in the native voxels: interpolation and smoothing blur it.
    """
    if study.brain is not None:
        return to_array(resample_labels(study.brain > 0.5, grid)) > 0.5
    found = []
    for image in study.images.values():
        mask = extracted_brain(to_array(image), image.GetSpacing())
        if mask is not None:
            found.append(to_array(resample_labels(from_array(mask.astype(np.uint8), image), grid)) > 0.5)
    if not found:
        raise InputError(
            "brain-not-extracted",
            "The volumes show the whole head, and no mask of the brain was given.",
            "Give a brain mask, or volumes from which everything but the brain was removed.",
        )
    return np.logical_or.reduce(found)
