"""Draws metastases: one to twenty round foci, mostly at the border of cortex and white matter."""

from __future__ import annotations

import math
from dataclasses import replace

import torch

from ..atlas import Atlas
from ..draws import chance, choose, log_uniform, seed, uniform
from .gliomas import EVERYWHERE, RIM_MM, fit_volumes, sample_grain
from .ground import Ground, draw_places, ground_of
from .masks import MaskFolder, mask_ball, mask_volume_ml, sample_mask_shape
from .mass_effect import Push
from .shapes import Vector, ellipsoid
from .spots import STEEPEST
from .tumours import Core, Tumour


def sample_metastases(
    generator: torch.Generator, atlas: Atlas, folder: MaskFolder | None
) -> tuple[tuple[Tumour, ...], tuple[Push, ...]]:
    """Foci whose cores are 3 to 36 mm wide, and the push of the larger ones. With a folder, one has a real shape."""
    most = choose(generator, {1: 0.25, 4: 0.35, 10: 0.25, 20: 0.15})
    count = 1 + int(uniform(generator, 0, 1) * most)
    foci = []
    for number, place in enumerate(_draw_places(generator, ground_of(atlas), count)):
        large = chance(generator, 0.6 if number == 0 else 0.15)
        radius = log_uniform(generator, 6, 18) if large else log_uniform(generator, 1.8, 6)
        foci.append(_sample_metastasis(generator, place, radius))
    if folder is not None:
        foci[0] = _masked(generator, atlas, folder, foci[0])
    pushes = tuple(push for _, push in foci if push.distance_mm > 0.5)
    return tuple(tumour for tumour, _ in foci), pushes


def _sample_metastasis(generator: torch.Generator, centre: Vector, radius: float) -> tuple[Tumour, Push]:
    swollen = chance(generator, 0.75) and radius > 2.5
    whole_radius = min(radius * (uniform(generator, 1.15, 2.6) if swollen else 1.03), radius + 22)
    wavelength_mm = max(6.0, whole_radius * uniform(generator, 0.8, 1.5))
    dead = radius > 4 and chance(generator, 0.65)
    core = Core(
        body=ellipsoid(centre, radius, uniform(generator, 1, 1.3), generator),
        offset_mm=0.0,
        noise_mm=min(radius * uniform(generator, 0.02, 0.15), STEEPEST * wavelength_mm),
        border_mm=min(uniform(generator, 0.8, 2), radius),
        skin_mm=0.0,
        rim_mm=min(log_uniform(generator, *RIM_MM), 0.7 * radius) if dead else 1000.0,
        gap=EVERYWHERE if chance(generator, 0.8) else uniform(generator, -2.5, -1),
        pockets_mm=radius * uniform(generator, 0, 0.15),
        **sample_grain(generator),
    )
    tumour = Tumour(
        body=ellipsoid(centre, whole_radius, uniform(generator, 1, 1.4), generator),
        mask=None,
        core=core,
        offset_mm=0.0,
        noise_seed=seed(generator),
        noise_mm=min(whole_radius * uniform(generator, 0.05, 0.2), STEEPEST * wavelength_mm),
        wavelength_mm=wavelength_mm,
        border_mm=min(uniform(generator, 1.5, 5), 0.5 * whole_radius),
        along_white_mm=whole_radius * uniform(generator, 0.1, 0.45) if swollen else 0.0,
        cortex_share=uniform(generator, 0.05, 0.5),
        paleness=uniform(generator, 0, 0.4),
    )
    push_mm = min(6.0, whole_radius * uniform(generator, 0, 0.3)) if whole_radius > 6 else 0.0
    return tumour, Push(tuple(centre), whole_radius, push_mm)


def _masked(
    generator: torch.Generator, atlas: Atlas, folder: MaskFolder, focus: tuple[Tumour, Push]
) -> tuple[Tumour, Push]:
    """The same focus in the shape of a real mask."""
    shape = sample_mask_shape(generator, folder, "metastases")
    centre, ball = mask_ball(shape, folder)
    radius = (mask_volume_ml(shape, folder) * 3000 / 4 / math.pi) ** (1 / 3)
    tumour, push = focus
    body = ellipsoid(centre, ball, 1.0, generator)
    tumour = replace(tumour, body=body, mask=shape)
    push = Push(centre, radius, min(push.distance_mm, 0.3 * radius))
    return fit_volumes(tumour, push, atlas, folder, None, uniform(generator, 0.2, 0.9)), push


def _draw_places(generator: torch.Generator, ground: Ground, count: int) -> list[Vector]:
    around = ground.around
    junction = torch.exp(-(((around.cortex_mm - 2.5) / 3) ** 2)) * around.tissue
    weights = (0.1 * around.white + junction) * (around.depth_mm > 3) * (around.ventricle_mm > 3)
    weights = weights * (1 + 0.5 * around.cerebellum - 0.6 * around.brain_stem)
    return draw_places(generator, ground, weights, count)
