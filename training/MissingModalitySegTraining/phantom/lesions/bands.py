"""Draws lesions that run along the lateral ventricles, with a wanted volume."""

from __future__ import annotations

import math

import torch

from ..atlas import Atlas
from ..draws import uniform
from ..fields import random_field
from .ground import ATLAS_PER_SUBJECT, BRAIN_GRID, ground_of
from .shapes import NOISE_LIMIT, threshold_for_volume
from .spots import Band, band_level, habitat

LEAST_ML = 0.2
"""Less is left to single foci."""


def fit_band(
    generator: torch.Generator, atlas: Atlas, volume_ml: float, noise_seed: int, wavelength_mm: float, opacity: float
) -> Band | None:
    """A band of about `volume_ml`, counted on the atlas's coarse lattice; None if that is next to nothing."""
    noise_mm, spared_mm = uniform(generator, 1.0, 5.0), uniform(generator, 1.5, 5.0)
    if volume_ml < LEAST_ML:
        return None
    ground = ground_of(atlas)
    points = ground.points[None]
    noise = random_field(points[None, None], [noise_seed], wavelength_mm, 2, octaves=2)[0, :, 0]
    noise = noise.clamp(-NOISE_LIMIT, NOISE_LIMIT)
    band = Band(0.0, noise_mm, spared_mm, opacity)
    level = band_level(ground.points, noise[1, 0], ground.around, band)
    voxel_ml = math.prod(BRAIN_GRID.spacing) / 1000 / ATLAS_PER_SUBJECT
    allowed = (habitat(ground.around, 0.3, 0.3) >= 0.5) & (ground.around.cortex_mm > spared_mm)
    width = threshold_for_volume(level, allowed.float(), voxel_ml, volume_ml)
    return Band(min(width, 25.0), noise_mm, spared_mm, opacity)
