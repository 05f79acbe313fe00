"""Draws gliomas of 2 to 310 ml: low and high grade, one focus or several."""

from __future__ import annotations

import math
from dataclasses import replace

import torch

from ..atlas import Atlas
from ..draws import chance, choose, log_uniform, normal, seed, uniform
from .blocks import Blocks
from .ground import ATLAS_PER_SUBJECT, Ground, draw_place, ground_of, local_grid, look_around
from .masks import MaskFolder, MaskShape, mask_ball, sample_mask_shape
from .mass_effect import Push
from .shapes import Vector, ellipsoid, threshold_for_volume
from .spots import STEEPEST
from .tumours import Core, Tumour, core_habitat, core_level, tumour_noise, whole_habitat, whole_level

NEVER, EVERYWHERE = 9.0, -9.0
"""Values of `Core.gap` beyond all fields."""

BORDER_MM = (0.7, 6.0)
"""From the capsule of a ring to the fading of a diffuse tumour."""

RIM_MM = (0.9, 5.5)
"""Thickness of an enhancing ring."""


def sample_gliomas(
    generator: torch.Generator, atlas: Atlas, folder: MaskFolder | None
) -> tuple[tuple[Tumour, ...], tuple[Push, ...]]:
    """One to three foci of one grade, and what they push aside. With a folder, the first takes a real shape."""
    volume_ml = sample_volume_ml(generator)
    low_grade = chance(generator, 0.4)
    count = choose(generator, {1: 0.86, 2: 0.1, 3: 0.04})
    shares = [1.0] + [uniform(generator, 0.03, 0.4) for _ in range(count - 1)]
    foci = []
    for share in shares:
        shape = sample_mask_shape(generator, folder, "glioma") if folder is not None and not foci else None
        foci.append(sample_glioma(generator, atlas, volume_ml * share / sum(shares), low_grade, shape, folder))
    return tuple(tumour for tumour, _ in foci), tuple(push for _, push in foci)


def sample_volume_ml(generator: torch.Generator) -> float:
    """Oedema and all of all foci."""
    size = choose(generator, {"small": 0.25, "middle": 0.35, "large": 0.4})
    return log_uniform(generator, *{"small": (2, 30), "middle": (30, 120), "large": (120, 310)}[size])


def sample_glioma(
    generator: torch.Generator,
    atlas: Atlas,
    volume_ml: float,
    low_grade: bool,
    shape: MaskShape | None = None,
    folder: MaskFolder | None = None,
) -> tuple[Tumour, Push]:
    """One focus with its oedema, `volume_ml` in all (a mask keeps its own volume)."""
    core_share = _core_share(generator, low_grade)
    if shape is None:
        radius = (3000 * volume_ml * ATLAS_PER_SUBJECT / 4 / math.pi) ** (1 / 3)
        centre = _draw_centre(generator, ground_of(atlas), radius, volume_ml)
        body = ellipsoid(centre, radius, uniform(generator, 1, 1.7), generator)
    else:
        centre, ball = mask_ball(shape, folder)
        radius = 0.5 * ball
        body = ellipsoid(centre, ball, 1.0, generator)
    core_radius = radius * core_share ** (1 / 3)
    wavelength_mm = min(32.0, max(12.0, radius * uniform(generator, 0.8, 1.7)))
    slack = 0.7 * (radius - core_radius)
    core_centre = tuple(c + normal(generator, slack / 2) for c in centre)
    core = Core(
        body=ellipsoid(core_centre, core_radius, uniform(generator, 1, 1.5), generator),
        offset_mm=0.0,
        noise_mm=min(core_radius * uniform(generator, 0.05, 0.26), STEEPEST * wavelength_mm),
        border_mm=min(log_uniform(generator, *BORDER_MM), 0.3 * core_radius + BORDER_MM[0]),
        **(_low_grade_layers(generator, core_radius) if low_grade else _high_grade_layers(generator, core_radius)),
    )
    tumour = Tumour(
        body=body,
        mask=shape,
        core=core,
        offset_mm=0.0,
        noise_seed=seed(generator),
        noise_mm=min(radius * uniform(generator, 0.05, 0.22), STEEPEST * wavelength_mm),
        wavelength_mm=wavelength_mm,
        border_mm=min(log_uniform(generator, *BORDER_MM), 0.4 * radius),
        along_white_mm=radius * (uniform(generator, 0, 0.1) if low_grade else uniform(generator, 0, 0.2)),
        cortex_share=uniform(generator, 0.6, 1) if low_grade else uniform(generator, 0.05, 0.7),
        paleness=uniform(generator, 0, 0.4),
    )
    push_mm = min(18.0, radius * uniform(generator, 0.02, 0.3 if low_grade else 0.5))
    push = Push(core_centre, 0.5 * (core_radius + radius), push_mm)
    return fit_volumes(tumour, push, atlas, folder, volume_ml if shape is None else None, core_share), push


def fit_volumes(
    tumour: Tumour, push: Push, atlas: Atlas, folder: MaskFolder | None, volume_ml: float | None, core_share: float
) -> Tumour:
    """Shift both surfaces so that the tumour has its volume and the core its share, counted on a coarse lattice."""
    reach = tumour.body.reach_mm(0.9 * tumour.body.radius_mm)
    spacing = min(4.0, max(1.0, tumour.body.radius_mm / 6))
    grid = local_grid(tumour.body.centre_mm, reach, spacing)
    voxel_ml = math.prod(grid.spacing) / 1000 / ATLAS_PER_SUBJECT
    near = look_around(atlas, grid.points(), [push]).in_cubes()
    blocks = Blocks.of(grid.points())
    # lattice points that only fill up the last cubes count for nothing
    real = blocks.genuine
    noise = tumour_noise(blocks.points, tumour)
    whole = whole_level(blocks.points, noise, near, tumour, folder)
    allowed = whole_habitat(near) * real
    # half of a voxel must be lesion to count
    counted = (allowed >= 0.5).float() * real
    offset = 0.0
    if volume_ml is not None:
        solid_room = (core_habitat(near, torch.full_like(whole, 5.0)) >= 0.5).float() * real
        room = torch.maximum(counted, solid_room * (core_level(blocks.points, noise, near, whole, tumour) > 0))
        offset = threshold_for_volume(whole, room, voxel_ml, volume_ml)
        limit = 0.85 * tumour.body.radius_mm
        offset = min(max(offset, -limit), limit)
    volume_ml = float((counted * (whole + offset > 0)).sum()) * voxel_ml
    inner = core_level(blocks.points, noise, near, whole, tumour)
    inside = (core_habitat(near, torch.full_like(inner, 3.0)) >= 0.5).float() * real * (whole + offset > 0)
    core_offset = threshold_for_volume(inner, inside, voxel_ml, core_share * max(volume_ml, voxel_ml))
    return replace(tumour, offset_mm=offset, core=replace(tumour.core, offset_mm=core_offset))


def _draw_centre(generator: torch.Generator, ground: Ground, radius_mm: float, volume_ml: float) -> Vector:
    around = ground.around
    weights = around.white + 0.4 * around.grey + 0.5 * around.deep_grey
    weights = weights * (around.depth_mm > min(18.0, 0.35 * radius_mm)) * (around.ventricle_mm > 2)
    below = (around.cerebellum + around.brain_stem).clamp(0, 1)
    rare = 0.12 if volume_ml < 25 else 0.0
    return draw_place(generator, ground, weights * (1 - below) + rare * below)


def _core_share(generator: torch.Generator, low_grade: bool) -> float:
    """Of the whole volume; a third of the high-grade tumours are small in a large oedema."""
    if low_grade:
        return uniform(generator, 0.3, 0.9)
    return uniform(generator, 0.05, 0.3) if chance(generator, 0.35) else uniform(generator, 0.15, 0.8)


def sample_grain(generator: torch.Generator) -> dict[str, float]:
    """How solid tumour varies inside; every second enhances evenly."""
    return {
        "heterogeneity": uniform(generator, 0, 0.8),
        "unevenness": uniform(generator, 0.1, 0.7) if chance(generator, 0.5) else 0.0,
        "grain_mm": log_uniform(generator, 4, 14),
    }


def _high_grade_layers(generator: torch.Generator, radius: float) -> dict[str, float]:
    pattern = choose(generator, {"ring": 0.45, "cavity": 0.12, "patchy": 0.2, "solid": 0.13, "faint": 0.1})
    skin = radius * uniform(generator, 0, 0.35) if chance(generator, 0.4) else 0.0
    if pattern == "ring":
        rim = min(log_uniform(generator, *RIM_MM), 0.6 * radius)
        gap = uniform(generator, -0.9, 0.1) if chance(generator, 0.4) else uniform(generator, -3, -1)
        pockets = radius * uniform(generator, 0, 0.25)
    elif pattern == "cavity":  # what an operation or necrosis leaves: fluid up to a thin, often torn rim
        skin = 0.0
        rim = min(log_uniform(generator, RIM_MM[0], 2.5), 0.3 * radius)
        gap, pockets = uniform(generator, -0.8, 0.8), 0.0
    elif pattern == "patchy":
        rim, gap = radius * uniform(generator, 0.3, 0.9), uniform(generator, -0.6, 0.5)
        pockets = radius * uniform(generator, 0.2, 0.6)
    elif pattern == "solid":
        skin, rim, gap = 0.0, radius * uniform(generator, 0.5, 1.5), uniform(generator, -3, -1)
        pockets = radius * uniform(generator, 0, 0.3)
    else:
        rim, gap = radius * uniform(generator, 0.3, 1.2), uniform(generator, 0.5, 1.4)
        pockets = radius * uniform(generator, 0, 0.3)
    return {"skin_mm": skin, "rim_mm": rim, "gap": gap, "pockets_mm": pockets, **sample_grain(generator)}


def _low_grade_layers(generator: torch.Generator, radius: float) -> dict[str, float]:
    """No enhancement; a quarter have a cyst."""
    rim = radius * uniform(generator, 0.35, 0.7) if chance(generator, 0.25) else 1000.0
    return {
        "skin_mm": 0.0,
        "rim_mm": rim,
        "gap": NEVER,
        "pockets_mm": radius * uniform(generator, 0, 0.3),
        **sample_grain(generator),
    }
