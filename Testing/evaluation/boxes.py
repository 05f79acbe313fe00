"""A network whose answer is known, and cases on which that answer can be counted by hand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813
import torch
from torch import nn

from MissingModalitySegLib.engine.model import Model
from MissingModalitySegLib.modalities import MODALITIES, Modality

SIZE = 28


@dataclass(frozen=True)
class Config:
    channels: int = 5
    regions: int = 3


class Bright(nn.Module):
    """Lesion where any present channel is two deviations above the brain; core nowhere; enhancing nowhere."""

    multiple = 8

    def __init__(self, channels: int = 5, threshold: float = 2.0) -> None:
        super().__init__()
        self.config = Config(channels)
        self.threshold = nn.Parameter(torch.tensor(threshold))
        self.codes: list[list[float]] = []
        self.images: list[torch.Tensor] = []

    def fold(self, code: torch.Tensor) -> nn.Module:
        self.codes.append(code.tolist())
        folded = Bright(self.config.channels, float(self.threshold))
        folded.images = self.images
        return folded

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.images.append(x)
        lesion = 20 * (x.amax(1, keepdim=True) - self.threshold)
        return torch.cat([lesion, torch.full_like(lesion, -20), torch.full_like(lesion, -20)], dim=1)


def bright(modalities: tuple[Modality, ...] = MODALITIES, threshold: float = 2.0, name: str = "bright") -> Model:
    """A model of `Bright`; a higher threshold finds nothing."""
    return Model(Bright(len(modalities), threshold), modalities, name=name)


def write(path: Path, array: np.ndarray, spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> str:
    image = sitk.GetImageFromArray(np.ascontiguousarray(array.transpose(2, 1, 0)))
    image.SetDirection([-1, 0, 0, 0, -1, 0, 0, 0, 1])
    image.SetSpacing(spacing)
    sitk.WriteImage(image, str(path))
    return path.name


def brain() -> np.ndarray:
    """A ball."""
    axes = np.meshgrid(*[np.arange(SIZE) - 13.5] * 3, indexing="ij")
    return sum(axis**2 for axis in axes) < 11**2


def tissue(seed: int = 0) -> np.ndarray:
    """The ball, about 100 everywhere, and 0 around it."""
    noise = np.random.default_rng(seed).normal(0, 1, (SIZE,) * 3)
    return np.where(brain(), 100 + noise, 0).astype(np.float32)


def box(start: tuple[int, int, int], stop: tuple[int, int, int]) -> np.ndarray:
    mask = np.zeros((SIZE,) * 3, bool)
    mask[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))] = True
    return mask


BRIGHT = box((10, 10, 10), (14, 14, 14))
"""64 voxels, bright in FLAIR and T2."""

MISLEADING = box((16, 10, 10), (20, 14, 14))
"""64 voxels, bright in T2 only, and never in the truth."""

HALF = box((10, 10, 10), (14, 14, 12))
"""32 voxels: the truth of half the cases."""

BOTH = {"FLAIR": "flair.nii.gz", "T2": "t2.nii.gz"}
EXTRACTED = {"brain_extracted": True, "aligned": True}


def write_volumes(folder: Path) -> None:
    write(folder / "flair.nii.gz", np.where(BRIGHT, 160, tissue()).astype(np.float32))
    write(folder / "t2.nii.gz", np.where(BRIGHT | MISLEADING, 160, tissue()).astype(np.float32))
    write(folder / "lesion.nii.gz", HALF.astype(np.uint8))
    write(folder / "glioma.nii.gz", 2 * BRIGHT.astype(np.uint8))
    write(folder / "brain.nii.gz", brain().astype(np.uint8))


def case(name: str, **changes: object) -> dict:
    """A labelled case with two sequences; None removes a key."""
    entry = {"id": name, "modalities": BOTH, "label": "lesion.nii.gz", "scheme": "lesion", **EXTRACTED} | changes
    return {key: value for key, value in entry.items() if value is not None}


def write_datalist(folder: Path, *cases: dict, **top: object) -> Path:
    path = folder / "datalist.json"
    path.write_text(json.dumps({"name": "boxes", "cases": list(cases)} | top))
    return path
