"""Infarcts of one artery: acute, or old with a cavity, a rim of gliosis and lost volume."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..fields import random_field
from ..materials import LESIONS, Material
from .blocks import Blocks, Part
from .masks import MaskFolder, MaskShape, mask_levels, mask_reach
from .shapes import NOISE_LIMIT, Ellipsoid, edge, levels
from .surroundings import Surroundings
from .territories import territory_level

WANDERING_MM = 6.0
"""Largest standard deviation of the border between territories."""


@dataclass(frozen=True)
class Infarct:
    """A body cut to a territory, or a real mask.

    `body` bounds the infarct before it is cut; a wedge, apex in the depth and base at the cortex, is a body whose level
    is also bounded by a cone. `cavity_mm` is the depth at which an old infarct is fluid, negative to let the cavity
    come to the surface; `gliosis` is the opacity of what surrounds it.
    """

    acute: bool
    body: Ellipsoid
    cone: bool
    cone_slope: float
    territory: str
    side: int
    mask: MaskShape | None
    offset_mm: float
    noise_seed: int
    noise_mm: float
    wavelength_mm: float
    border_mm: float
    opacity: float
    patchiness: float
    grey_share: float
    cavity_mm: float
    gliosis: float

    @property
    def reach_mm(self) -> float:
        beyond = max(self.offset_mm, 0) + NOISE_LIMIT * self.noise_mm + self.border_mm
        return self.body.reach_mm(beyond)


def infarct_level(points: Tensor, noise: Tensor, infarct: Infarct, folder: MaskFolder | None) -> Tensor:
    """Depth in mm at positions (P, V) before `offset_mm`; `noise` (P, V) has unit deviation."""
    wander = infarct.noise_mm * noise
    if infarct.mask is not None:
        return mask_levels(points, infarct.mask, folder) + 0.3 * wander
    level = levels(points, [infarct.body]) + wander
    if infarct.cone:
        level = torch.minimum(level, _cone(points, infarct) + wander)
    return level


def territory_limit(points: Tensor, noise: Tensor, around: Surroundings, infarct: Infarct) -> Tensor:
    """Depth in mm inside what the artery feeds, with a wandering border; large where nothing limits the infarct."""
    if not infarct.territory:
        return torch.full_like(noise, 100.0)
    level = territory_level(points, around, infarct.territory, infarct.side)
    return level + min(infarct.noise_mm, WANDERING_MM) * noise


def infarct_fractions(blocks: Blocks, around: Surroundings, infarct: Infarct, folder: MaskFolder | None) -> Part | None:
    """Fractions of all lesion materials; None if the infarct is elsewhere. `around`: maps in cubes."""
    if infarct.mask is not None:
        cubes = mask_reach(blocks, infarct.mask, folder)
    else:
        centre = blocks.points.new_tensor([infarct.body.centre_mm])
        _, cubes = blocks.near(centre, blocks.points.new_tensor([infarct.reach_mm]))
    if not len(cubes):
        return None
    points, local = blocks.points[cubes], around.of_cubes(cubes)
    noise = random_field(points[None, None], [infarct.noise_seed], infarct.wavelength_mm, 2, octaves=2)[0, :, 0]
    noise = noise.clamp(-NOISE_LIMIT, NOISE_LIMIT)
    level = infarct_level(points, noise[0], infarct, folder) + infarct.offset_mm
    level = torch.minimum(level, territory_limit(points, noise[1], local, infarct))
    allowed = infarct_habitat(local, infarct, level)
    patches = (1 - infarct.patchiness * (0.5 + 0.5 * noise[1])).clamp(0, 1)
    total = infarct.opacity * patches * edge(level, infarct.border_mm) * allowed
    result = points.new_zeros((len(LESIONS), *total.shape))
    if infarct.acute:
        result[LESIONS.index(Material.ACUTE_INFARCT)] = total
        return Part(result, cubes)
    cavity = edge(level - infarct.cavity_mm - 0.3 * infarct.noise_mm * noise[1], infarct.border_mm + 1)
    cavity = torch.minimum(cavity * allowed, edge(level, infarct.border_mm) * allowed)
    result[LESIONS.index(Material.CHRONIC_INFARCT)] = cavity
    rim = infarct.gliosis * (edge(level, infarct.border_mm) * allowed - cavity).clamp(min=0)
    result[LESIONS.index(Material.HYPERINTENSITY)] = rim
    return Part(result, cubes)


def infarct_habitat(near: Surroundings, infarct: Infarct, level: Tensor) -> Tensor:
    """Tissue of the fed part, and the sulci in the depth of the infarct, closed by swelling or one with the cavity.

    Cisterns, whose fluid is farther from any cortex than that of a sulcus, belong to nobody.
    """
    tissue = near.white + near.deep_grey + near.brain_stem + infarct.grey_share * near.grey
    sulcus = (1.5 - near.cortex_mm / 2).clamp(0, 1) * ((near.depth_mm - 1) / 3).clamp(0, 1)
    sulci = near.csf * (level / 8).clamp(0, 0.9) * sulcus
    return (tissue + sulci).clamp(0, 1) * near.ventricle_mm.clamp(0, 1)


def _cone(points: Tensor, infarct: Infarct) -> Tensor:
    """Depth below the surface of a cone that opens along the first axis of the body from that axis's lower end."""
    axes = points.new_tensor(infarct.body.axes)
    local = (points - points.new_tensor(infarct.body.centre_mm)) @ axes.mT
    along = local[..., 0] + infarct.body.radii_mm[0]
    across = local[..., 1:].square().sum(-1).sqrt()
    slope = infarct.cone_slope
    return (along * slope + 3 - across) / (1 + slope**2) ** 0.5
