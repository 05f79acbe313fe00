"""Many small lesions of one disease: plaques, white-matter hyperintensities, lacunes, scattered emboli.

Ovoid foci, a band along the ventricles where they run together, and regions of real masks, all wandering with one
noise, united, and confined to the tissue they live in.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..fields import random_field
from ..materials import LESIONS, Material
from .blocks import Blocks, Part, largest
from .masks import MaskFolder, MaskShape, mask_levels, mask_reach
from .shapes import NOISE_LIMIT, Ellipsoid, edge, levels
from .surroundings import Surroundings

LOWEST_BAND_MM = 8.0
"""The band ends this far below the anterior commissure: third and fourth ventricle have none."""


@dataclass(frozen=True)
class Spot:
    """One focus.

    `hole` is the share of its radius that has become the group's `hole` material; `enhancing_from` and
    `enhancing_to` bound the enhancing shell as shares of the depth (0 surface, 1 centre; equal: none).
    """

    body: Ellipsoid
    opacity: float = 1.0
    hole: float = 0.0
    enhancing_from: float = 0.0
    enhancing_to: float = 0.0


@dataclass(frozen=True)
class Band:
    """Lesion along the lateral ventricles: everything nearer than a wandering width, but not near the cortex."""

    width_mm: float
    noise_mm: float
    spared_cortex_mm: float
    opacity: float = 1.0


@dataclass(frozen=True)
class Spots:
    """A group of foci with common materials, borders and habitat."""

    material: str
    hole: str
    spots: tuple[Spot, ...]
    band: Band | None
    masks: tuple[MaskShape, ...]
    border_mm: float
    roughness: float
    """Standard deviation of a focus's surface relative to its radius."""
    wavelength_mm: float
    noise_seed: int
    grey_share: float
    """How much of the cortex is affected where a focus reaches it."""
    deep_grey_share: float
    mask_hole_mm: float = 0.0
    """Depth below which regions of masks consist of the hole material; 0: nowhere."""


def spot_fractions(blocks: Blocks, around: Surroundings, group: Spots, folder: MaskFolder | None) -> Part | None:
    """Fractions of all lesion materials; None if no focus is near. `around`: maps in cubes."""
    bodies = [spot.body for spot in group.spots]
    reaches = [body.reach_mm(NOISE_LIMIT * group.roughness * body.radius_mm + group.border_mm / 2) for body in bodies]
    centres = blocks.points.new_tensor([body.centre_mm for body in bodies]).reshape(-1, 3)
    which, cubes = blocks.near(centres, blocks.points.new_tensor(reaches))
    touched = cubes
    if group.band is not None:
        widest = group.band.width_mm + NOISE_LIMIT * group.band.noise_mm + group.border_mm
        close = around.ventricle_mm.amin(dim=1) < widest
        touched = torch.cat([touched, torch.nonzero(close)[:, 0]])
    for shape in group.masks:
        touched = torch.cat([touched, mask_reach(blocks, shape, folder)])
    touched, place = torch.unique(touched, return_inverse=True)
    if not len(touched):
        return None

    points = blocks.points[touched]
    local = around.of_cubes(touched)
    noise = random_field(points[None, None], [group.noise_seed], group.wavelength_mm, 2, octaves=2)[0, :, 0]
    noise = noise.clamp(-NOISE_LIMIT, NOISE_LIMIT)
    layers = points.new_zeros((3, len(touched), points.shape[1]))  # total, hole, enhancing
    if len(which):
        rows = place[: len(which)]
        foci = _focus_layers(points[rows], noise[0][rows], group, which)
        layers = largest(foci, rows, len(touched))
    if group.band is not None:
        band = band_level(points, noise[1], local, group.band)
        layers[0] = torch.maximum(layers[0], group.band.opacity * edge(band, group.border_mm))
    for shape in group.masks:
        level = mask_levels(points, shape, folder)
        layers[0] = torch.maximum(layers[0], edge(level, group.border_mm))
        if group.mask_hole_mm > 0:
            depth = level - group.mask_hole_mm * (1 + 0.5 * noise[1])
            layers[1] = torch.maximum(layers[1], edge(depth, group.border_mm))

    total = layers[0] * habitat(local, group.grey_share, group.deep_grey_share)
    hole = torch.minimum(layers[1] * total, total)
    enhancing = torch.minimum(layers[2] * total, total - hole)
    result = points.new_zeros((len(LESIONS), *total.shape))
    result[LESIONS.index(Material[group.material])] += total - hole - enhancing
    result[LESIONS.index(Material[group.hole])] += hole
    result[LESIONS.index(Material.ENHANCING_PLAQUE)] += enhancing
    return Part(result, touched)


def habitat(near: Surroundings, grey_share: float, deep_grey_share: float) -> Tensor:
    """Share of each position that a lesion of the white matter may take."""
    tissue = near.white + near.brain_stem + grey_share * near.grey + deep_grey_share * near.deep_grey
    return tissue.clamp(0, 1) * (near.ventricle_mm / 1.0).clamp(0, 1)


def band_level(points: Tensor, noise: Tensor, near: Surroundings, band: Band) -> Tensor:
    """Depth in mm inside the band; only the lateral ventricles have one, so nothing below their bodies counts."""
    level = band.width_mm + band.noise_mm * noise - near.ventricle_mm
    level = torch.minimum(level, near.cortex_mm - band.spared_cortex_mm)
    x, _, z = points.unbind(-1)
    off_third = x.abs() - 6 + (z - 18).clamp(min=0)
    return torch.minimum(torch.minimum(level, z + LOWEST_BAND_MM), off_third)


def _focus_layers(points: Tensor, noise: Tensor, group: Spots, which: Tensor) -> Tensor:
    """Total, hole and enhancing share of each pair (focus, cube), (3, P, V)."""

    def of(values: list[float]) -> Tensor:
        return points.new_tensor(values)[which][:, None]

    radius = of([spot.body.radius_mm for spot in group.spots])
    level = levels(points, [spot.body for spot in group.spots], which) + group.roughness * radius * noise
    width = torch.minimum(torch.full_like(radius, group.border_mm), 1.5 * radius)
    total = of([spot.opacity for spot in group.spots]) * edge(level, width)
    hole = of([spot.hole for spot in group.spots])
    hollow = torch.where(hole > 0, edge(level - (1 - hole) * radius, width), 0.0)
    start = of([spot.enhancing_from for spot in group.spots])
    stop = of([spot.enhancing_to for spot in group.spots])
    shell = edge(level - start * radius, width) - edge(level - stop * radius, width)
    return torch.stack([total, hollow, torch.where(stop > start, shell.clamp(min=0), 0.0)])
