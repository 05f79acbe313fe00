"""Studies with a brain of known parts, prepared by hand: no registration, no extraction."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk  # noqa: N813
import torch

from MissingModalitySegLib.arrays.boxes import Box
from MissingModalitySegLib.engine.frame import Frame
from MissingModalitySegLib.engine.geometry import model_grid
from MissingModalitySegLib.engine.prepare import Prepared, Scale
from MissingModalitySegLib.modalities import MODALITIES, Code, Modality

SIZE = (76, 90, 70)  # voxels of 2 mm

FLUID, GREY, WHITE = 1, 2, 3

SEQUENCES = {
    Modality.T1: {FLUID: 30, GREY: 70, WHITE: 100},
    Modality.T1CE: {FLUID: 30, GREY: 75, WHITE: 100},
    Modality.T2: {FLUID: 250, GREY: 110, WHITE: 80},
    Modality.FLAIR: {FLUID: 20, GREY: 110, WHITE: 95},
    Modality.DWI: {FLUID: 20, GREY: 105, WHITE: 95},
}


def tissues() -> np.ndarray:
    """An ellipsoid of white matter in a rind of grey and a thin one of fluid, with fluid in its middle; 0 outside."""
    places = (np.indices(SIZE).transpose(1, 2, 3, 0) - (np.array(SIZE) - 1) / 2) * 2.0
    radius = np.sqrt(np.square(places / [68, 84, 62]).sum(-1))
    found = np.zeros(SIZE, np.uint8)
    found[radius <= 1] = FLUID
    found[radius <= 0.95] = GREY
    found[radius <= 0.84] = WHITE
    found[np.square(places / [14, 30, 14]).sum(-1) <= 1] = FLUID
    return found


def volume(modality: Modality, seed: int = 0, axes: str = "RAS") -> sitk.Image:
    """What a scanner with a little noise makes of `tissues`: int16, 2 mm, 0 outside."""
    parts = tissues()
    noise = np.random.default_rng([seed, list(MODALITIES).index(modality)]).normal(0, 3, SIZE)
    values = sum((parts == tissue) * value for tissue, value in SEQUENCES[modality].items()) + noise
    image = sitk.GetImageFromArray(np.where(parts, np.maximum(values, 1), 0).astype(np.int16).transpose(2, 1, 0))
    image.SetSpacing((2.0, 2.0, 2.0))
    image.SetDirection((-1, 0, 0, 0, -1, 0, 0, 0, 1))  # runs to the right and to the front
    image.SetOrigin((76.0, 90.0, -70.0))
    return sitk.DICOMOrient(image, axes)


def prepared(images: dict[Modality, sitk.Image], modalities=MODALITIES) -> Prepared:
    """As `prepare` would do it on the volumes' own grid of 2 mm."""
    brain = tissues() > 0
    reference = next(iter(images))
    channels, scales = torch.zeros(len(modalities), *SIZE), {}
    for modality, image in images.items():
        array = sitk.GetArrayFromImage(sitk.DICOMOrient(image, "RAS")).transpose(2, 1, 0).astype(np.float32)
        mean, deviation = float(array[brain].mean()), float(array[brain].std())
        scales[modality] = Scale(mean, deviation)
        channels[modalities.index(modality)] = torch.from_numpy(np.where(brain, (array - mean) / deviation, 0))
    frame = Frame(reference, images[reference], model_grid(images[reference], 2.0), Box((0, 0, 0), SIZE))
    return Prepared(channels, torch.from_numpy(brain), Code(tuple(images), modalities), frame, scales)
