"""A study: the volumes of one examination in physical space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import SimpleITK as sitk  # noqa: N813

from ..errors import InputError, located
from ..modalities import MODALITIES, Code, Modality
from .images import read_image


@dataclass(frozen=True)
class Study:
    """Volumes by modality, and optionally a mask of the brain in a physical space of its own."""

    images: Mapping[Modality, sitk.Image]
    brain: sitk.Image | None = None

    def __post_init__(self) -> None:
        if not self.images:
            raise InputError("no-volume", "The study holds no volume.", f"Give at least one of {_names()}.")
        ordered = {modality: self.images[modality] for modality in MODALITIES if modality in self.images}
        object.__setattr__(self, "images", ordered)

    def code(self, modalities: tuple[Modality, ...] = MODALITIES) -> Code:
        """Which of a model's `modalities` the study has; others are left out."""
        return Code(tuple(modality for modality in modalities if modality in self.images), modalities)

    def only(self, code: Code) -> Study:
        """The study as if only the modalities of `code` had been acquired."""
        return Study({modality: self.images[modality] for modality in code}, self.brain)

    @property
    def reference(self) -> Modality:
        """The modality with the finest voxels: its native grid is where the labels are given back."""
        return min(self.images, key=lambda modality: _voxel_volume(self.images[modality]))


def read_study(paths: Mapping[str | Modality, str | Path], brain: str | Path | None = None) -> Study:
    """Read the volumes of a study from files."""
    images = {}
    for name, path in paths.items():
        modality = Modality.parse(name)
        with located(str(modality)):
            images[modality] = read_image(path)
    return Study(images, read_image(brain) if brain is not None else None)


def _voxel_volume(image: sitk.Image) -> float:
    x, y, z = image.GetSpacing()
    return round(x * y * z, 4)


def _names() -> str:
    return ", ".join(map(str, MODALITIES))
