"""Draws the plaques of multiple sclerosis: 3 to 150, 0.3 to 60 ml in all."""

from __future__ import annotations

import math

import torch

from ..atlas import Atlas
from ..draws import chance, choose, log_uniform, normal, seed, uniform
from .bands import fit_band
from .ground import ATLAS_PER_SUBJECT, Ground, draw_in_white, ground_of, ventricle_directions
from .masks import MaskFolder, mask_volume_ml, sample_mask_shape
from .shapes import ellipsoid
from .spots import Spot, Spots

MOST = 150
"""Plaques; more run together anyway."""

LEAST_MM = 2.8
"""Diameter of the smallest plaque, about 10 mm³: experts mark hardly any that are smaller."""

PLACES = {"periventricular": 0.45, "deep": 0.25, "juxtacortical": 0.18, "infratentorial": 0.12}
"""Share of the plaques; Dawson's fingers are the periventricular ones."""


def sample_plaques(generator: torch.Generator, atlas: Atlas, folder: MaskFolder | None) -> Spots:
    """All plaques of one patient. With a folder, most of the load has the shape of real masks."""
    load_ml = log_uniform(generator, 0.3, 60)
    masks = ()
    if folder is not None:
        count = choose(generator, {1: 0.7, 2: 0.3})
        masks = tuple(sample_mask_shape(generator, folder, "ms", uniform(generator, 0.4, 1)) for _ in range(count))
        load_ml = max(0.1, uniform(generator, 0, 0.3) * sum(mask_volume_ml(shape, folder) for shape in masks))
    confluent = uniform(generator, 0, 0.65) if load_ml > 4 else uniform(generator, -0.4, 0.4)
    band_ml = max(0.0, confluent) * load_ml
    diameters = _diameters(generator, load_ml - band_ml, least=0 if masks else 3)
    band_ml = max(band_ml, load_ml - sum(map(_volume_ml, diameters))) if load_ml > 4 else band_ml
    noise_seed, wavelength = seed(generator), uniform(generator, 5, 11)
    band = fit_band(generator, atlas, band_ml, noise_seed, opacity=uniform(generator, 0.75, 1))
    holes = uniform(generator, 0, 0.7) if chance(generator, 0.7) else 0.0
    enhancing = 1 + int(uniform(generator, 0, 5)) if chance(generator, 0.35) else 0
    return Spots(
        material="PLAQUE",
        hole="BLACK_HOLE",
        spots=tuple(_sample_spots(generator, atlas, diameters, holes, enhancing)),
        band=band,
        masks=masks,
        border_mm=uniform(generator, 0.9, 2.5),
        roughness=uniform(generator, 0.08, 0.3),
        wavelength_mm=wavelength,
        noise_seed=noise_seed,
        grey_share=uniform(generator, 0.1, 0.6),
        deep_grey_share=uniform(generator, 0.2, 0.9),
        mask_hole_mm=uniform(generator, 1.5, 5) if chance(generator, 0.5) else 0.0,
    )


def _sample_spots(
    generator: torch.Generator, atlas: Atlas, diameters: list[float], holes: float, enhancing: int
) -> list[Spot]:
    ground = ground_of(atlas)
    kinds = [choose(generator, PLACES) for _ in diameters]
    weights = _weights(ground)
    places = {kind: iter(draw_in_white(generator, ground, weights[kind], kinds.count(kind))) for kind in PLACES}
    centres = [next(places[kind]) for kind in kinds]
    directions = ventricle_directions(atlas, centres) if centres else []
    spots = []
    for number, (kind, centre, direction, diameter) in enumerate(
        zip(kinds, centres, directions, diameters, strict=True)
    ):
        finger = kind == "periventricular"
        elongation = uniform(generator, 1.2, 2.8) if finger else uniform(generator, 1, 1.9)
        body = ellipsoid(centre, diameter / 2, elongation, generator, direction if finger else None)
        if number < enhancing and diameter > 3:
            ring = diameter > 6 and chance(generator, 0.5)
            spots.append(Spot(body, 1.0, 0.0, 0.0, uniform(generator, 0.25, 0.5) if ring else 1.5))
        else:
            hole = uniform(generator, 0.3, 0.9) if diameter > 3.5 and chance(generator, holes) else 0.0
            spots.append(Spot(body, uniform(generator, 0.65, 1), hole))
    return spots


def _weights(ground: Ground) -> dict[str, torch.Tensor]:
    around = ground.around
    above = (1 - around.cerebellum - around.brain_stem).clamp(0, 1) * (ground.points[:, 2] > -20)
    white = around.white * above
    off_third = (ground.points[:, 0].abs() > 7) | (ground.points[:, 2] > 14)
    beside = torch.exp(-(((around.ventricle_mm - 4) / 3.5) ** 2)) * (around.ventricle_mm > 0.5)
    return {
        "periventricular": white * beside * off_third,
        "deep": white * (around.ventricle_mm > 7) * (around.cortex_mm > 2),
        "juxtacortical": white * (around.cortex_mm < 3) * (around.depth_mm > 3),
        "infratentorial": around.brain_stem * (around.depth_mm > 2) + 0.5 * around.cerebellum * around.white,
    }


def _diameters(generator: torch.Generator, load_ml: float, least: int) -> list[float]:
    """Diameters in mm of as many plaques as the load needs: log-normal, 2.8 to 15 mm, now and then a giant."""
    middle = uniform(generator, 3.0, 5.0) * max(1.0, load_ml / 4) ** 0.2
    diameters: list[float] = []
    while len(diameters) < MOST and (len(diameters) < least or sum(map(_volume_ml, diameters)) < load_ml):
        giant = load_ml > 10 and chance(generator, 0.01)
        draw = uniform(generator, 15, 30) if giant else middle * math.exp(normal(generator, 0.45))
        diameters.append(draw if giant else min(15.0, max(LEAST_MM, draw)))
    total = sum(map(_volume_ml, diameters))
    if total > 1.3 * load_ml and diameters:  # the least number is already too much: all smaller
        shrink = (load_ml / total) ** (1 / 3)
        diameters = [max(LEAST_MM, shrink * diameter) for diameter in diameters]
    return diameters


def _volume_ml(diameter_mm: float) -> float:
    """Of an average adult, with a sixth lost to neighbouring tissue and overlap."""
    return math.pi / 6 * diameter_mm**3 / 1000 / ATLAS_PER_SUBJECT / 1.2
