"""Draws lesions that run along the lateral ventricles, with a wanted volume."""

from __future__ import annotations

import math
from dataclasses import replace

import torch

from ..atlas import Atlas
from ..draws import uniform
from .ground import ATLAS_PER_SUBJECT, BRAIN_GRID, ground_of
from .shapes import threshold_for_volume
from .spots import Band, band_level, band_noise

LEAST_ML = 0.5
"""Less is left to single foci."""

THINNEST_MM = 2.0
"""Where a band would be thinner, there is none."""

WAVELENGTH_PER_MM = 6.0
"""A band whose width varies by a millimetre has features of at least this size."""


def fit_band(
    generator: torch.Generator, atlas: Atlas, volume_ml: float, noise_seed: int, opacity: float
) -> Band | None:
    """A band of about `volume_ml`, counted on the atlas's coarse lattice; None if that is next to nothing."""
    noise_mm, spared_mm = uniform(generator, 1.0, 5.0), uniform(generator, 1.5, 5.0)
    if volume_ml < LEAST_ML:
        return None
    ground = ground_of(atlas)
    wavelength_mm = max(uniform(generator, 12, 24), WAVELENGTH_PER_MM * noise_mm)
    band = Band(0.0, noise_mm, spared_mm, opacity, wavelength_mm, noise_seed + 1, THINNEST_MM)
    noise = band_noise(ground.points[None], band)[0]
    level = noise_mm * noise - ground.around.ventricle_mm.clamp(min=THINNEST_MM)
    voxel_ml = math.prod(BRAIN_GRID.spacing) / 1000 / ATLAS_PER_SUBJECT
    wherever = band_level(ground.points, noise, ground.around, replace(band, width_mm=1000.0)) > 0
    allowed = wherever & (ground.around.grey + ground.around.deep_grey < 0.5)
    width = threshold_for_volume(level, allowed.float(), voxel_ml, volume_ml)
    return replace(band, width_mm=min(width, 25.0))
