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
from .shapes import NOISE_LIMIT, Ellipsoid, edge, levels, place_of_half
from .surroundings import Surroundings

LOWEST_BAND_MM = 8.0
"""The band ends this far below the anterior commissure: third and fourth ventricle have none."""

STEEPEST = 0.12
"""A surface wanders by no more than this share of the wavelength, or pieces of it would come off."""

GREY_RESISTS_MM = 4.0
"""How much smaller a focus is where all is grey matter and the disease spares grey matter."""


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
    wavelength_mm: float = 14.0
    noise_seed: int = 0
    thinnest_mm: float = -100.0
    """Where it would be thinner there is none; negative: it may be as thin as it likes."""


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
    reaches = [body.reach_mm(NOISE_LIMIT * group.roughness * body.radius_mm + group.border_mm) for body in bodies]
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
    channels = 2 if group.masks else 1  # foci wander with the first, holes of masks with the second
    noise = random_field(points[None, None], [group.noise_seed], group.wavelength_mm, channels, octaves=2)[0, :, 0]
    noise = noise.clamp(-NOISE_LIMIT, NOISE_LIMIT)
    layers = points.new_zeros((3, len(touched), points.shape[1]))  # total, hole, enhancing
    if len(which):
        rows = place[: len(which)]
        resistance = resistance_mm(local, group)[rows]
        foci = _focus_layers(points[rows], noise[0][rows], resistance, group, which)
        layers = largest(foci, rows, len(touched))
    if group.band is not None:
        band = confined(band_level(points, band_noise(points, group.band), local, group.band), local, group)
        opaque = group.band.opacity * edge(band + place_of_half(group.band.opacity) * group.border_mm, group.border_mm)
        layers[0] = torch.maximum(layers[0], opaque)
    for shape in group.masks:
        level = mask_levels(points, shape, folder)
        layers[0] = torch.maximum(layers[0], edge(confined(level, local, group), group.border_mm))
        if group.mask_hole_mm > 0:
            depth = level - group.mask_hole_mm * (1 + 0.5 * noise[1])
            layers[1] = torch.maximum(layers[1], edge(depth, group.border_mm))

    total = torch.minimum(layers[0], room(local))
    hole = torch.minimum(layers[1] * total, total)
    enhancing = torch.minimum(layers[2] * total, total - hole)
    result = points.new_zeros((len(LESIONS), *total.shape))
    result[LESIONS.index(Material[group.material])] += total - hole - enhancing
    result[LESIONS.index(Material[group.hole])] += hole
    result[LESIONS.index(Material.ENHANCING_PLAQUE)] += enhancing
    return Part(result, touched)


def room(near: Surroundings) -> Tensor:
    """Share of each position that a lesion may take: what is solid."""
    return near.tissue * near.ventricle_mm.clamp(0, 1)


def resistance_mm(near: Surroundings, group: Spots) -> Tensor:
    """By how much grey matter makes lesions of the white matter smaller.

    A length taken off a level leaves a smooth border that keeps away from the cortex; a share that multiplies the
    lesion would cut it wherever the share happens to cross one half.
    """
    spared = (1 - group.grey_share) * near.grey + (1 - group.deep_grey_share) * near.deep_grey
    return GREY_RESISTS_MM * spared


def confined(level: Tensor, near: Surroundings, group: Spots) -> Tensor:
    """A level in mm that ends in grey matter."""
    return torch.minimum(level, torch.full_like(level, 2.0)) - resistance_mm(near, group)


def band_noise(points: Tensor, band: Band) -> Tensor:
    """Unit-variance field that the width of a band follows at positions (P, V, 3), (P, V)."""
    noise = random_field(points[None, None], [band.noise_seed], band.wavelength_mm, 1)[0, 0, 0]
    return noise.clamp(-NOISE_LIMIT, NOISE_LIMIT)


def band_level(points: Tensor, noise: Tensor, near: Surroundings, band: Band) -> Tensor:
    """Depth in mm inside the band; only the lateral ventricles have one, so nothing below their bodies counts."""
    level = band.width_mm + band.noise_mm * noise - near.ventricle_mm.clamp(min=band.thinnest_mm)
    level = torch.minimum(level, near.cortex_mm - band.spared_cortex_mm)
    x, _, z = points.unbind(-1)
    off_third = x.abs() - 6 + (z - 18).clamp(min=0)
    return torch.minimum(torch.minimum(level, z + LOWEST_BAND_MM), off_third)


def _focus_layers(points: Tensor, noise: Tensor, resistance: Tensor, group: Spots, which: Tensor) -> Tensor:
    """Total, hole and enhancing share of each pair (focus, cube), (3, P, V).

    Half of the material is reached at the surface of a focus however opaque it is.
    """

    def of(values: list[float]) -> Tensor:
        return points.new_tensor(values)[which][:, None]

    radius = of([spot.body.radius_mm for spot in group.spots])
    wander = (group.roughness * radius).clamp(max=STEEPEST * group.wavelength_mm)
    level = levels(points, [spot.body for spot in group.spots], which).addcmul_(wander, noise)
    level -= torch.minimum(resistance, 0.6 * radius)  # a small focus is where it is
    width = torch.minimum(torch.full_like(radius, group.border_mm), 1.5 * radius)
    half = of([place_of_half(spot.opacity) for spot in group.spots])
    layers = level.new_zeros((3, *level.shape))
    layers[0] = of([spot.opacity for spot in group.spots]) * edge(level + half * width, width)
    if any(spot.hole > 0 for spot in group.spots):
        hole = of([spot.hole for spot in group.spots])
        layers[1] = torch.where(hole > 0, edge(level - (1 - hole) * radius, width), 0.0)
    if any(spot.enhancing_to > spot.enhancing_from for spot in group.spots):
        start = of([spot.enhancing_from for spot in group.spots])
        stop = of([spot.enhancing_to for spot in group.spots])
        shell = edge(level - start * radius, width) - edge(level - stop * radius, width)
        layers[2] = torch.where(stop > start, shell.clamp(min=0), 0.0)
    return layers
