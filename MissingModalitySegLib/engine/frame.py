"""The way back from a model's tensor to the reference volume."""

from __future__ import annotations

from dataclasses import dataclass

import SimpleITK as sitk  # noqa: N813

from ..arrays.boxes import Box
from ..modalities import Modality
from .geometry import axes_of


@dataclass(frozen=True)
class Frame:
    """Everything needed to come back from the model's tensor to the native grid."""

    reference: Modality
    native: sitk.Image  # the reference volume, for its grid
    grid: sitk.Image  # an image on the model's grid before cropping, for its grid
    box: Box  # what was cut out of that grid

    @property
    def same_voxels(self) -> bool:
        """Whether the model's grid has the voxels of the native one, at most in another order."""
        order = axes_of(self.native).order
        sizes = tuple(self.native.GetSize()[axis] for axis in order)
        spacings = tuple(self.native.GetSpacing()[axis] for axis in order)
        return sizes == self.grid.GetSize() and spacings == self.grid.GetSpacing()
