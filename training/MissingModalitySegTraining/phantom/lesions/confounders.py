"""What looks like a lesion and is none. It is drawn in the images and never labelled.

Thin bright linings and caps of the ventricles (normal ageing), fluid around perforating vessels, and on diffusion
images the bright streaks at the skull base and the faintly bright tracts of the internal capsule.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ..atlas import Atlas, AtlasSamples
from ..draws import chance, log_uniform, seed, uniform
from ..fields import random_field
from ..materials import Material
from .blocks import Blocks, cut, largest
from .ground import draw_places, ground_of, ventricle_directions
from .shapes import NOISE_LIMIT, Ellipsoid, Vector, edge, ellipsoid, levels
from .spots import Band, band_level
from .surroundings import Surroundings

AIR_FILLED: tuple[Vector, ...] = ((0.0, 48.0, -24.0), (46.0, -24.0, -34.0), (-46.0, -24.0, -34.0), (0.0, 18.0, -24.0))
"""Brain next to frontal and sphenoid sinuses and petrous bones, MNI mm."""

TRACTS: tuple[Vector, ...] = ((25.0, -20.0, 12.0), (-25.0, -20.0, 12.0))
"""Posterior limbs of the internal capsules, MNI mm."""

TRACT_MM = 5.0
LINING_REACH_MM = 12.0
"""More than the widest lining with its caps and its border."""


@dataclass(frozen=True)
class Confounders:
    """One person's. The lining is pale or very thin, so nobody would outline it."""

    lining: Band
    lining_seed: int
    spaces: tuple[Ellipsoid, ...]
    """Fluid-filled perivascular spaces."""
    artefact_gains: tuple[float, ...]
    """Relative brightening on diffusion images, per place in `AIR_FILLED`."""
    artefact_mm: float
    artefact_seed: int
    tract_gain: float


@dataclass(frozen=True)
class ConfounderFields:
    """On a grid, each (X, Y, Z)."""

    hyperintensity: Tensor
    """Share of white matter that looks like a hyperintensity."""
    fluid: Tensor
    """Share of tissue that is fluid."""
    diffusion_gain: Tensor
    """Factor on the diffusion image."""


def sample_confounders(generator: torch.Generator, atlas: Atlas) -> Confounders:
    lining = _sample_lining(generator)
    count = round(log_uniform(generator, 1, 80)) if chance(generator, 0.7) else 0
    places = draw_places(generator, ground_of(atlas), _space_weights(atlas), count)
    directions = ventricle_directions(atlas, places) if places else []
    spaces = tuple(
        ellipsoid(place, uniform(generator, 0.6, 1.5), uniform(generator, 1.2, 4), generator, direction)
        for place, direction in zip(places, directions, strict=True)
    )
    strong = log_uniform(generator, 0.05, 1.2) if chance(generator, 0.6) else 0.0
    return Confounders(
        lining=lining,
        lining_seed=seed(generator),
        spaces=spaces,
        artefact_gains=tuple(strong * uniform(generator, 0, 1) for _ in AIR_FILLED),
        artefact_mm=uniform(generator, 6, 16),
        artefact_seed=seed(generator),
        tract_gain=uniform(generator, 0, 0.25),
    )


def _sample_lining(generator: torch.Generator) -> Band:
    """Mostly a pale one of any width; in a third of the people a bright one, so thin that nobody calls it a lesion."""
    width_mm, wander_mm = uniform(generator, -2.5, 2.2), uniform(generator, 0.2, 1.5)
    if chance(generator, 0.35):
        return Band(min(width_mm, 0.8), 0.4 * wander_mm, 2.0, uniform(generator, 0.5, 1.0))
    return Band(width_mm, wander_mm, 2.0, uniform(generator, 0.1, 0.45))


def confounders(points: Tensor, samples: AtlasSamples, index: int, case: Confounders) -> ConfounderFields:
    """Confounders on a grid.

    Args:
        points: (X, Y, Z, 3) places of the atlas before lesions pushed, mm.
        samples: the atlas at the displaced places of a batch of cases.
        index: which of them this is.
        case: what was drawn.
    """
    places = samples.points[index]  # linings and spaces move with the tissue
    blocks, around = Blocks.of(places), Surroundings.of(samples, index)
    hyperintensity, fluid = blocks.join(torch.stack([_lining(blocks, around, case), _spaces(blocks, case.spaces)]))
    return ConfounderFields(hyperintensity, fluid, _gain(points, around.white, case))


def blend(tissues: Tensor, lesions: Tensor, fields: ConfounderFields) -> Tensor:
    """All materials of a voxel: lesions replace what was there, confounders change what is left.

    Args:
        tissues: (len(TISSUES), X, Y, Z), sums to 1.
        lesions: (len(LESIONS), X, Y, Z), sums to at most 1.
        fields: what else to draw.

    Returns:
        (len(Material), X, Y, Z), sums to 1; lesions are at least what they were.
    """
    left = (1 - lesions.sum(0)).clamp(min=0)
    blended = tissues.new_empty((len(tissues) + len(lesions), *tissues.shape[1:]))
    healthy, sick = blended.split([len(tissues), len(lesions)])
    torch.mul(tissues, left, out=healthy)
    sick.copy_(lesions)
    bright = healthy[Material.WHITE_MATTER] * fields.hyperintensity
    healthy[Material.WHITE_MATTER] -= bright
    for material in (Material.WHITE_MATTER, Material.DEEP_GREY_MATTER):
        fluid = healthy[material] * fields.fluid
        healthy[material] -= fluid
        healthy[Material.CSF] += fluid
    blended[Material.HYPERINTENSITY] += bright
    return blended


def _lining(blocks: Blocks, around: Surroundings, case: Confounders) -> Tensor:
    """Share of hyperintensity, (N, V); `around`: maps (10, X, Y, Z)."""
    result = blocks.points.new_zeros(blocks.points.shape[:2])
    cubes = torch.nonzero(cut(around.ventricle_mm[None])[0].amin(1) < LINING_REACH_MM)[:, 0]
    if len(cubes):
        points, near = blocks.points[cubes], around.in_cubes().of_cubes(cubes)
        noise = random_field(points[None, None], [case.lining_seed], 14.0, 1)[0, 0, 0]
        # caps: the lining is thicker at the tips of the frontal horns and behind the trigones
        tips = 2 * ((points[..., 1].abs() - 22) / 15).clamp(0, 1)
        level = band_level(points, noise.clamp(-NOISE_LIMIT, NOISE_LIMIT), near, case.lining) + tips
        result[cubes] = case.lining.opacity * edge(level, 2.0) * near.ventricle_mm.clamp(0, 1)
    return result


def _spaces(blocks: Blocks, spaces: tuple[Ellipsoid, ...]) -> Tensor:
    """Share of fluid, (N, V)."""
    result = blocks.points.new_zeros(blocks.points.shape[:2])
    if spaces:
        centres = blocks.points.new_tensor([space.centre_mm for space in spaces])
        reaches = blocks.points.new_tensor([space.reach_mm(0.6) for space in spaces])
        which, cubes = blocks.near(centres, reaches)
        touched, place = torch.unique(cubes, return_inverse=True)
        share = edge(levels(blocks.points[cubes], spaces, which), 1.0)
        result[touched] = largest(share[None], place, len(touched))[0]
    return result


def _gain(points: Tensor, white: Tensor, case: Confounders) -> Tensor:
    gain = torch.ones_like(white)
    low, high = (torch.stack(ends) for ends in zip(*(axis.aminmax() for axis in points.unbind(-1)), strict=True))

    def close(centre: Vector, width_mm: float) -> bool:
        place = points.new_tensor(centre)
        return bool(((place > low - 4 * width_mm) & (place < high + 4 * width_mm)).all())

    bright = [
        (centre, strength)
        for centre, strength in zip(AIR_FILLED, case.artefact_gains, strict=True)
        if strength > 0 and close(centre, case.artefact_mm)
    ]
    if bright:
        streaks = 1 + random_field(points[None], [case.artefact_seed], 12.0, 1)[0, 0].clamp(-1, NOISE_LIMIT)
        for centre, strength in bright:
            gain += strength * streaks * _blob(points, centre, case.artefact_mm)
    for centre in TRACTS:
        if close(centre, TRACT_MM):
            gain += case.tract_gain * white * _blob(points, centre, TRACT_MM)
    return gain


def _blob(points: Tensor, centre: Vector, width_mm: float) -> Tensor:
    """A Gaussian, lowered so that it is 0 from four widths on."""
    square = sum((axis - place) ** 2 for axis, place in zip(points.unbind(-1), centre, strict=True)) / (2 * width_mm**2)
    return (torch.exp(-square) - math.exp(-8)).clamp(min=0)


def _space_weights(atlas: Atlas) -> Tensor:
    ground = ground_of(atlas)
    around = ground.around
    high = around.white * (ground.points[:, 2] > 18) * (around.cortex_mm > 2) * (around.ventricle_mm > 3)
    basal = (around.deep_grey + around.white) * (ground.points[:, 2].abs() < 12) * (ground.points[:, 0].abs() < 34)
    return high + 2 * basal * (around.ventricle_mm > 3) * (ground.points[:, 1].abs() < 25)
