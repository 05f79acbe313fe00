"""What the bench of inference works on: a model, and a volume with a brain in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from MissingModalitySegLib.arrays.boxes import Box, cut
from MissingModalitySegLib.arrays.normalise import z_normalise
from MissingModalitySegLib.engine import Model
from MissingModalitySegLib.errors import MissingModalitySegError
from MissingModalitySegLib.modalities import MODALITIES, Code
from MissingModalitySegLib.networks.registry import build

BUNDLED = ("moe", "universal", "mome")
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


@dataclass(frozen=True)
class Subject:
    """A model and an image (K, 240, 240, 155) of a brain that lies in `box`, 160x192x160 voxels of it.

    With `small` all sizes are a third: to try the bench itself, its figures mean nothing then.
    """

    model: Model
    trained: bool
    image: Tensor
    brain: Tensor
    box: Box
    code: Code

    @property
    def crop(self) -> Tensor:
        return cut(self.image, self.box)

    @property
    def brain_crop(self) -> Tensor:
        return cut(self.brain, self.box)


def subject(text: str | None, small: bool = False) -> Subject:
    """The subject with the model that `text` names (None: the first bundled one, else fresh weights)."""
    model, trained = find(text)
    third = 3 if small else 1
    shape, inside = (240 // third, 240 // third, 155 // third), (160 // third, 192 // third, 155 // third)
    generator = torch.Generator().manual_seed(0)
    coarse = torch.randn(1, len(model.modalities), *[size // 4 for size in shape], generator=generator)
    image = F.interpolate(coarse, size=shape, mode="trilinear")
    start = [(size - edge) // 2 for size, edge in zip(shape, inside, strict=True)]
    axes = [
        (torch.arange(size) - first - (edge - 1) / 2) / (edge / 2)
        for size, first, edge in zip(shape, start, inside, strict=True)
    ]
    brain = sum(axis.square() for axis in torch.meshgrid(*axes, indexing="ij")) <= 1
    image = z_normalise(image, brain[None])[0]
    # The crop's sizes are multiples of 16, so that its third axis reaches beyond the volume.
    sizes = [-(-edge // 16) * 16 for edge in inside]
    first = [begin - (size - edge) // 2 for begin, size, edge in zip(start, sizes, inside, strict=True)]
    box = Box(tuple(first), tuple(begin + size for begin, size in zip(first, sizes, strict=True)))
    return Subject(model, trained, image, brain, box, Code(model.modalities, model.modalities))


def find(text: str | None) -> tuple[Model, bool]:
    """The model, and whether it was trained: a bundle's name or folder, or a training run; by default what there is."""
    from MissingModalitySegTraining.evaluation.find_model import find_model

    for name in BUNDLED if text is None else (text,):
        try:
            model = find_model(name)
        except MissingModalitySegError:
            if text is not None:
                raise
            continue
        model.network.to(DEVICE).eval()
        return model, True
    torch.manual_seed(0)
    network = build({"architecture": "moe", "preset": "starter"}).to(DEVICE).eval()
    return Model(network, MODALITIES, name="bench"), False


def window(small: bool) -> tuple[int, int, int]:
    """MONAI's window in this bench."""
    return (32, 32, 32) if small else (96, 96, 96)


def file_of(subject: Subject, folder: Path) -> dict[str, Path]:
    """The image as NIfTI files, brain-extracted, aligned, with voxels of 1 mm; by modality."""
    import nibabel
    import numpy as np

    paths = {}
    for modality, channel in zip(subject.model.modalities, subject.image, strict=True):
        values = torch.where(subject.brain, 300 + 60 * channel, 0).numpy().astype(np.float32)
        paths[str(modality)] = folder / f"{modality}.nii.gz"
        nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), paths[str(modality)])
    return paths
