"""From the model's tensor back to the native grid of the reference volume."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk  # noqa: N813
import torch
from torch import Tensor

from ..arrays.boxes import paste
from ..labels import LabelScheme
from .frame import Frame
from .geometry import axes_of
from .images import from_array
from .predict import THRESHOLD, labels_from


def restore_regions(probabilities: Tensor, scheme: LabelScheme, frame: Frame) -> sitk.Image:
    """The label map of region probabilities (R, X, Y, Z) of the model's crop, on the reference's native grid.

    Where the grids differ it is probabilities that are interpolated, one region at a time: they know on which side of a
    voxel's middle a border runs, labels do not. Spheres of 10 mm found at 1.3 mm come to 1 mm with a Dice of 0.99 so,
    and with 0.97 as labels.
    """
    if frame.same_voxels:
        return restore_labels(labels_from(probabilities, scheme), frame)
    bits = np.zeros(frame.native.GetSize()[::-1], np.uint8)
    for i, probability in enumerate(probabilities):
        bits |= (sitk.GetArrayFromImage(restore_image(probability, frame)) > THRESHOLD).astype(np.uint8) << i
    restored = sitk.GetImageFromArray(np.asarray(scheme.lookup, np.uint8)[bits])
    restored.CopyInformation(frame.native)
    return restored


def restore_labels(labels: Tensor, frame: Frame) -> sitk.Image:
    """The label map (X, Y, Z) of the model's crop, on the native grid of the reference volume.

    Each native voxel takes the label with the largest share of its surroundings (linear weights). The nearest voxel
    alone would shift a lesion by half a voxel where the centres of one grid lie on the faces of the other.
    """
    whole = paste(labels.to(torch.uint8), frame.box, torch.zeros(frame.grid.GetSize(), dtype=torch.uint8))
    if frame.same_voxels:
        return _turned_back(whole.numpy(), frame)
    image = from_array(whole.numpy(), frame.grid)
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


def restore_image(volume: Tensor, frame: Frame, outside: float = 0.0) -> sitk.Image:
    """A volume (X, Y, Z) of the model's crop on the reference's native grid, float32; `outside` beyond the crop."""
    whole = paste(volume.float(), frame.box, torch.full(frame.grid.GetSize(), float(outside)))
    if frame.same_voxels:
        return _turned_back(whole.numpy(), frame)
    image = from_array(whole.numpy(), frame.grid)
    return sitk.Resample(image, frame.native, sitk.Transform(), sitk.sitkLinear, float(outside), sitk.sitkFloat32)


def _turned_back(array: np.ndarray, frame: Frame) -> sitk.Image:
    """Where both grids have the same voxels nothing is interpolated: axes change order and direction."""
    return from_array(axes_of(frame.native).from_ras(array), frame.native)
