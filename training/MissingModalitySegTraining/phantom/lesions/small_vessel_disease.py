"""Draws white-matter hyperintensities: caps and bands, scattered foci, now and then old lacunes."""

from __future__ import annotations

import math

import torch

from ..atlas import Atlas
from ..draws import chance, log_uniform, normal, seed, uniform
from .bands import fit_band
from .ground import ATLAS_PER_SUBJECT, draw_in_white, draw_places, ground_of, in_white
from .masks import MaskFolder, mask_volume_ml, sample_mask_shape
from .shapes import ellipsoid
from .spots import Spot, Spots

MOST = 120
LEAST_MM = 3.2


def sample_hyperintensities(
    generator: torch.Generator, atlas: Atlas, folder: MaskFolder | None, most_ml: float = 70
) -> tuple[Spots, ...]:
    """From a few dots to confluent disease, 0.2 ml to `most_ml`; lacunes are a group of their own."""
    load_ml = log_uniform(generator, 0.2, most_ml)
    masks = ()
    if folder is not None:
        masks = (sample_mask_shape(generator, folder, "wmh", uniform(generator, 0.6, 1)),)
        load_ml = uniform(generator, 0.05, 0.3) * mask_volume_ml(masks[0], folder)
    share = uniform(generator, 0.35, 0.95) if load_ml > 1 else uniform(generator, 0, 0.8)
    noise_seed, wavelength = seed(generator), uniform(generator, 7, 18)
    band = fit_band(generator, atlas, share * load_ml, noise_seed, opacity=uniform(generator, 0.7, 1))
    scattered = load_ml * (1 - share) if band is not None else load_ml
    group = Spots(
        material="HYPERINTENSITY",
        hole="CHRONIC_INFARCT",
        spots=tuple(_sample_foci(generator, atlas, scattered)),
        band=band,
        masks=masks,
        border_mm=uniform(generator, 1.2, 4),
        roughness=uniform(generator, 0.12, 0.38),
        wavelength_mm=wavelength,
        noise_seed=noise_seed,
        grey_share=uniform(generator, 0, 0.2),
        deep_grey_share=uniform(generator, 0, 0.5),
    )
    if not chance(generator, 0.3):
        return (group,)
    return group, sample_lacunes(generator, atlas, 1 + int(uniform(generator, 0, 5)))


def sample_lacunes(generator: torch.Generator, atlas: Atlas, count: int) -> Spots:
    """Old small infarcts, 4 to 14 mm: a drop of fluid within a bright rim."""
    ground = ground_of(atlas)
    around = ground.around
    weights = around.deep_grey + 0.3 * around.white * (around.cortex_mm > 5) + 0.5 * around.brain_stem
    spots = [
        Spot(
            ellipsoid(place, log_uniform(generator, 2, 7), uniform(generator, 1, 2), generator),
            opacity=uniform(generator, 0.7, 1),
            hole=uniform(generator, 0.5, 0.85),
        )
        for place in draw_places(generator, ground, weights * (around.ventricle_mm > 2), count)
    ]
    return Spots(
        material="HYPERINTENSITY",
        hole="CHRONIC_INFARCT",
        spots=tuple(spots),
        band=None,
        masks=(),
        border_mm=uniform(generator, 0.8, 1.6),
        roughness=uniform(generator, 0.05, 0.2),
        wavelength_mm=uniform(generator, 5, 9),
        noise_seed=seed(generator),
        grey_share=0.3,
        deep_grey_share=1.0,
    )


def _sample_foci(generator: torch.Generator, atlas: Atlas, load_ml: float) -> list[Spot]:
    ground = ground_of(atlas)
    around = ground.around
    above = (1 - around.cerebellum - around.brain_stem).clamp(0, 1) * (ground.points[:, 2] > -4)
    weights = around.white * above * (around.ventricle_mm > 4) * (around.cortex_mm > 1.5)
    weights = weights + 0.04 * around.brain_stem * (around.depth_mm > 5)  # central pons
    middle = uniform(generator, 2.5, 5) * max(1.0, load_ml / 2) ** 0.22
    spots, taken = [], 0.0
    places = draw_in_white(generator, ground, weights, MOST)
    while taken < load_ml and len(spots) < MOST:
        place = places[len(spots)]
        if spots and chance(generator, 0.35):  # the disease is much the same on both sides
            x, y, z = spots[-1].body.centre_mm
            mirrored = (-x + normal(generator, 3), y + normal(generator, 4), z + normal(generator, 4))
            place = mirrored if bool(in_white(atlas, [mirrored])[0]) else place
        diameter = min(22.0, max(LEAST_MM, middle * math.exp(normal(generator, 0.5))))
        body = ellipsoid(place, diameter / 2, uniform(generator, 1, 2.2), generator)
        spots.append(Spot(body, opacity=uniform(generator, 0.6, 1)))
        taken += body.volume_ml / ATLAS_PER_SUBJECT / 1.2
    return spots
