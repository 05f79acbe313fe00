"""Draws infarcts, acute or old, from a lacune to the whole territory of an artery."""

from __future__ import annotations

import math
from dataclasses import replace

import torch

from ..atlas import Atlas
from ..draws import chance, choose, log_uniform, seed, uniform
from ..fields import random_field
from .blocks import Blocks
from .ground import (
    ATLAS_PER_SUBJECT,
    Ground,
    draw_place,
    draw_places,
    ground_of,
    local_grid,
    look_around,
    ventricle_directions,
)
from .infarcts import Infarct, infarct_habitat, infarct_level, territory_limit
from .masks import MaskFolder, mask_ball, mask_volume_ml, sample_mask_shape
from .mass_effect import Push
from .shapes import NOISE_LIMIT, Ellipsoid, Vector, ellipsoid, threshold_for_volume
from .small_vessel_disease import sample_lacunes
from .spots import STEEPEST, Spot, Spots
from .territories import territory_level

PATTERNS = {"territory": 0.35, "branch": 0.27, "lacune": 0.18, "posterior_fossa": 0.1, "emboli": 0.1}
"""How often an artery's whole territory, a cortical branch, a perforator, cerebellum or stem, a shower."""

GLIOSIS_MM = 2.0
"""Thinnest rim that an old infarct leaves around its cavity."""

LARGEST_ML = {"middle": 320.0, "anterior": 80.0, "posterior": 110.0, "superior_cerebellar": 30.0,
              "inferior_cerebellar": 35.0, "brain_stem": 6.0}  # fmt: skip
"""Volume of a whole territory in an average adult."""

Infarcts = tuple[tuple[Infarct, ...], tuple[Spots, ...], tuple[Push, ...]]


def sample_infarcts(generator: torch.Generator, atlas: Atlas, acute: bool, folder: MaskFolder | None) -> Infarcts:
    """Infarcts, scattered emboli or lacunes, and the swelling or shrinking that comes with them."""
    if folder is not None:
        shape = sample_mask_shape(generator, folder, "stroke")
        centre, ball = mask_ball(shape, folder)
        infarct = _infarct(generator, acute, ellipsoid(centre, ball, 1.0, generator), mask_volume_ml(shape, folder))
        return _finish(generator, atlas, replace(infarct, mask=shape), None, folder, mask_volume_ml(shape, folder))
    pattern = choose(generator, PATTERNS)
    if pattern == "emboli":
        if acute:
            return (), (_sample_emboli(generator, atlas),), ()
        pattern = "territory"
    if pattern == "lacune":
        return _sample_lacune(generator, atlas, acute)
    ground = ground_of(atlas)
    territory, side = _draw_territory(generator, pattern), choose(generator, {1: 0.5, -1: 0.5})
    most = LARGEST_ML[territory]
    if pattern == "branch":
        volume_ml = log_uniform(generator, 1.5, 0.3 * most)
    else:
        volume_ml = most * (
            uniform(generator, 0.25, 1) if chance(generator, 0.6) else log_uniform(generator, 0.04, 0.4)
        )
    centre = _draw_centre(generator, ground, territory, side, at_cortex=pattern == "branch")
    radius = (3000 * volume_ml * ATLAS_PER_SUBJECT / 4 / math.pi) ** (1 / 3)
    if pattern == "branch":
        outward = ventricle_directions(atlas, [centre])[0]
        body = ellipsoid(centre, 1.3 * radius, uniform(generator, 1, 1.6), generator, outward)
    else:
        body = ellipsoid(centre, 1.25 * radius, uniform(generator, 1, 1.5), generator)
    infarct = replace(
        _infarct(generator, acute, body, volume_ml),
        cone=pattern == "branch",
        cone_slope=uniform(generator, 0.5, 1.2),
        territory=territory,
        side=side,
    )
    return _finish(generator, atlas, infarct, volume_ml, None, volume_ml)


def _finish(
    generator: torch.Generator,
    atlas: Atlas,
    infarct: Infarct,
    volume_ml: float | None,
    folder: MaskFolder | None,
    size_ml: float,
) -> Infarcts:
    cavity_share = uniform(generator, 0.15, 0.85)
    infarct = fit_infarct(infarct, atlas, volume_ml, cavity_share, folder)
    radius = (3000 * size_ml / 4 / math.pi) ** (1 / 3)
    pushes = ()
    if size_ml > 15:
        push_mm = uniform(generator, 0, 0.12 * radius) if infarct.acute else -uniform(generator, 0, 0.2 * radius)
        pushes = (Push(infarct.body.centre_mm, radius, push_mm),)
    lacunes = ()
    if not infarct.acute and chance(generator, 0.15):
        lacunes = (sample_lacunes(generator, atlas, 1 + int(uniform(generator, 0, 3))),)
    return (infarct,), lacunes, pushes


def fit_infarct(
    infarct: Infarct, atlas: Atlas, volume_ml: float | None, cavity_share: float, folder: MaskFolder | None
) -> Infarct:
    """Shift the surface to the wanted volume, and the cavity's to its share of it, counted on a coarse lattice."""
    reach = infarct.body.reach_mm(0.8 * infarct.body.radius_mm)
    grid = local_grid(infarct.body.centre_mm, reach, min(4.0, max(1.0, infarct.body.radius_mm / 6)))
    voxel_ml = math.prod(grid.spacing) / 1000 / ATLAS_PER_SUBJECT
    blocks = Blocks.of(grid.points())
    near = look_around(atlas, grid.points()).in_cubes()
    points = blocks.points
    noise = random_field(points[None, None], [infarct.noise_seed], infarct.wavelength_mm, 2, octaves=2)[0, :, 0]
    noise = noise.clamp(-NOISE_LIMIT, NOISE_LIMIT)
    level = infarct_level(points, noise[0], infarct, folder)
    limit = territory_limit(points, noise[1], near, infarct)
    counted = (infarct_habitat(near, infarct, torch.zeros_like(level)) >= 0.5).float() * blocks.genuine * (limit > 0)
    offset = 0.0
    if volume_ml is not None:
        most = 0.7 * infarct.body.radius_mm
        offset = min(max(threshold_for_volume(level, counted, voxel_ml, volume_ml), -most), most)
    level = torch.minimum(level + offset, limit)
    taken = float((counted * (level > 0)).sum()) * voxel_ml
    cavity = threshold_for_volume(level, counted, voxel_ml, cavity_share * max(taken, voxel_ml))
    return replace(infarct, offset_mm=offset, cavity_mm=max(-cavity, min(GLIOSIS_MM, 0.25 * infarct.body.radius_mm)))


def _infarct(generator: torch.Generator, acute: bool, body: Ellipsoid, volume_ml: float) -> Infarct:
    """Borders, noise and opacity of an infarct of a given size, not cut to anything."""
    radius = (3000 * volume_ml / 4 / math.pi) ** (1 / 3)
    wavelength_mm = min(28.0, max(9.0, radius * uniform(generator, 0.5, 1.1)))
    return Infarct(
        acute=acute,
        body=body,
        cone=False,
        cone_slope=1.0,
        territory="",
        side=1,
        mask=None,
        offset_mm=0.0,
        noise_seed=seed(generator),
        noise_mm=min(radius * uniform(generator, 0.05, 0.24), STEEPEST * wavelength_mm),
        wavelength_mm=wavelength_mm,
        border_mm=min(uniform(generator, 1, 5 if acute else 3), 0.6 * radius),
        opacity=uniform(generator, 0.8, 1),
        patchiness=uniform(generator, 0, 0.35) if acute else 0.0,
        grey_share=uniform(generator, 0.85, 1),
        cavity_mm=0.0,
        gliosis=uniform(generator, 0.6, 1),
    )


def _sample_lacune(generator: torch.Generator, atlas: Atlas, acute: bool) -> Infarcts:
    """One perforating artery: 5 to 15 mm, old ones come in groups."""
    if not acute:
        return (), (sample_lacunes(generator, atlas, 1 + int(uniform(generator, 0, 4))),), ()
    ground = ground_of(atlas)
    around = ground.around
    weights = around.deep_grey + around.white * (around.cortex_mm > 6) + 0.6 * around.brain_stem
    place = draw_place(generator, ground, weights * (around.ventricle_mm > 3))
    radius = log_uniform(generator, 2.5, 7.5)
    body = ellipsoid(place, radius, uniform(generator, 1, 1.8), generator)
    return (_infarct(generator, True, body, body.volume_ml),), (), ()


def _sample_emboli(generator: torch.Generator, atlas: Atlas) -> Spots:
    """A shower of small infarcts, in the cortex and below, of one territory or of all."""
    ground = ground_of(atlas)
    around = ground.around
    weights = (around.grey + 0.3 * around.white) * (around.depth_mm > 2) * (around.ventricle_mm > 3)
    if chance(generator, 0.6):
        territory, side = _draw_territory(generator, "territory"), choose(generator, {1: 0.5, -1: 0.5})
        weights = weights * (territory_level(ground.points, around, territory, side) > 0)
    count = round(log_uniform(generator, 3, 40))
    spots = [
        Spot(
            ellipsoid(place, log_uniform(generator, 1.5, 7), uniform(generator, 1, 2), generator),
            opacity=uniform(generator, 0.75, 1),
        )
        for place in draw_places(generator, ground, weights, count)
    ]
    return Spots(
        material="ACUTE_INFARCT",
        hole="ACUTE_INFARCT",
        spots=tuple(spots),
        band=None,
        masks=(),
        border_mm=uniform(generator, 1, 2.5),
        roughness=uniform(generator, 0.1, 0.35),
        wavelength_mm=uniform(generator, 5, 12),
        noise_seed=seed(generator),
        grey_share=1.0,
        deep_grey_share=1.0,
    )


def _draw_territory(generator: torch.Generator, pattern: str) -> str:
    if pattern == "posterior_fossa":
        return choose(generator, {"superior_cerebellar": 0.3, "inferior_cerebellar": 0.45, "brain_stem": 0.25})
    return choose(generator, {"middle": 0.68, "posterior": 0.18, "anterior": 0.14})


def _draw_centre(generator: torch.Generator, ground: Ground, territory: str, side: int, at_cortex: bool) -> Vector:
    around = ground.around
    level = territory_level(ground.points, around, territory, side)
    weights = around.tissue * (level > 0) * (around.ventricle_mm > 2)
    if at_cortex:
        weights = weights * torch.exp(-((around.cortex_mm / 4) ** 2))
    else:
        weights = weights * level.clamp(min=0)
    return draw_place(generator, ground, weights)
