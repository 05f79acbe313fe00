"""Gliomas and metastases: oedema around a core of tumour that enhances, or not, around necrosis."""

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

GRAIN_SEED = 1
"""Added to a tumour's seed for the field of its grain."""

GRAIN_SHARPNESS = 3.0
"""Deviations of the grain's field from none of what it mixes in to all of it."""

THINNEST_OF_RIM = 0.6
"""Pockets of necrosis leave this share of the rim's thickness, so that it stays a ring."""

TUMOUR = (Material.OEDEMA, Material.NON_ENHANCING_TUMOUR, Material.ENHANCING_TUMOUR, Material.NECROSIS)

GREY_RESISTS_MM = 4.0
"""How much less far oedema that spares the cortex reaches within it."""

OFF_THE_MIDLINE_MM = 7.0
"""A tumour whose centre is nearer to the midline belongs to both sides."""


@dataclass(frozen=True)
class Core:
    """The solid part, in layers from its surface inwards: not enhancing (`skin_mm`), enhancing (`rim_mm`), necrosis.

    `gap` is the value of a unit-variance field above which the rim enhances (−9 everywhere, 9 nowhere); `pockets_mm`
    is how far the border of the necrosis wanders.
    """

    body: Ellipsoid
    offset_mm: float
    noise_mm: float
    border_mm: float
    skin_mm: float
    rim_mm: float
    gap: float
    pockets_mm: float
    heterogeneity: float
    """Largest share of fluid mixed into the part that does not enhance."""
    unevenness: float
    """Largest share of tissue that takes up no agent, mixed into the part that enhances."""
    grain_mm: float
    """Size of the features in which both of these vary."""


@dataclass(frozen=True)
class Tumour:
    """The whole, oedema included, and its core."""

    body: Ellipsoid
    mask: MaskShape | None
    core: Core
    offset_mm: float
    noise_seed: int
    noise_mm: float
    wavelength_mm: float
    border_mm: float
    along_white_mm: float
    """How much farther the oedema reaches in white matter than elsewhere."""
    cortex_share: float
    """How readily it takes cortex: 1 as white matter."""
    paleness: float
    """Largest share of healthy tissue left within the oedema."""

    @property
    def reach_mm(self) -> float:
        beyond = self.offset_mm + NOISE_LIMIT * self.noise_mm + self.border_mm + self.along_white_mm
        return self.body.reach_mm(max(beyond, 0.0))


def tumour_noise(points: Tensor, tumour: Tumour) -> Tensor:
    """Four unit-variance fields at positions (P, V, 3): whole, core, rim, necrosis; (4, P, V)."""
    noise = random_field(points[None, None], [tumour.noise_seed], tumour.wavelength_mm, 4, octaves=2)[0, :, 0]
    return noise.clamp(-NOISE_LIMIT, NOISE_LIMIT)


def core_grain(points: Tensor, tumour: Tumour) -> Tensor:
    """Where the solid part is loosest, 0–1 with as much of either, at positions (P, V, 3); (P, V)."""
    core = tumour.core
    if core.heterogeneity == 0 and core.unevenness == 0:
        return points.new_zeros(points.shape[:2])
    field = random_field(points[None, None], [tumour.noise_seed + GRAIN_SEED], core.grain_mm, 1)[0, 0, 0]
    return edge(field, GRAIN_SHARPNESS)


def whole_level(points: Tensor, noise: Tensor, near: Surroundings, tumour: Tumour, folder: MaskFolder | None) -> Tensor:
    """Depth in mm below the surface of the oedema, before `offset_mm`."""
    if tumour.mask is not None:
        return mask_levels(points, tumour.mask, folder) + 0.3 * tumour.noise_mm * noise[0]
    spread = tumour.along_white_mm * (2 * near.white - 1 - (1 - near.cortex_mm / 4).clamp(0, 1))
    spread = spread.clamp(max=tumour.along_white_mm) - GREY_RESISTS_MM * (1 - tumour.cortex_share) * near.grey
    level = levels(points, [tumour.body]) + tumour.noise_mm * noise[0] + spread
    return level - _beyond_midline(points, noise[2], near, tumour)


def core_level(points: Tensor, noise: Tensor, near: Surroundings, whole: Tensor, tumour: Tumour) -> Tensor:
    """Depth in mm below the surface of the core, before its `offset_mm`."""
    core = tumour.core
    if tumour.mask is not None:
        return whole + core.noise_mm * noise[1]
    return levels(points, [core.body]) + core.noise_mm * noise[1] - _beyond_midline(points, noise[2], near, tumour)


def whole_habitat(near: Surroundings) -> Tensor:
    """Share of each position that oedema can take: all that is solid (what it spares, `whole_level` knows)."""
    return near.tissue * near.ventricle_mm.clamp(0, 1)


def core_habitat(near: Surroundings, level: Tensor) -> Tensor:
    """Share of each position that solid tumour can take: all tissue, and the sulci that it has closed in its depth."""
    effaced = near.csf * ((level + 1) / 6).clamp(0, 1) * (near.depth_mm / 2).clamp(0, 1)
    return (near.tissue + effaced).clamp(0, 1) * near.ventricle_mm.clamp(0, 1)


def _beyond_midline(points: Tensor, noise: Tensor, near: Surroundings, tumour: Tumour) -> Tensor:
    """How much harder, in mm, the other hemisphere is to reach: through the callosum, which lines the ventricles.

    Below it, between the thalami, the third ventricle is in the way, so there the ventricles do not help.
    """
    x = tumour.body.centre_mm[0]
    if abs(x) < OFF_THE_MIDLINE_MM:
        return torch.zeros_like(near.side_mm)
    beyond = (1 + noise - near.side_mm * (1 if x > 0 else -1)).clamp(0, 25)
    third = ((13 - points[..., 2]) / 6).clamp(0, 1) * ((18 - (points[..., 1] + 12).abs()) / 6).clamp(0, 1)
    return 2 * beyond * torch.maximum(((near.ventricle_mm - 4) / 9).clamp(0, 1), third)


def tumour_fractions(blocks: Blocks, around: Surroundings, tumour: Tumour, folder: MaskFolder | None) -> Part | None:
    """Fractions of `TUMOUR` materials; None if the tumour is elsewhere. `around`: maps in cubes."""
    if tumour.mask is not None:
        cubes = mask_reach(blocks, tumour.mask, folder)
    else:
        centre = blocks.points.new_tensor([tumour.body.centre_mm])
        _, cubes = blocks.near(centre, blocks.points.new_tensor([tumour.reach_mm]))
    if not len(cubes):
        return None
    points, near = blocks.points[cubes], around.of_cubes(cubes)
    noise = tumour_noise(points, tumour)
    whole = whole_level(points, noise, near, tumour, folder)
    core = tumour.core
    inner = core_level(points, noise, near, whole, tumour) + core.offset_mm
    whole = whole + tumour.offset_mm
    # layers follow every border that the core has: its own, the pia, the ependyma
    inner = torch.minimum(torch.minimum(inner, whole + core.border_mm), torch.minimum(near.depth_mm, near.ventricle_mm))

    pale = 1 - tumour.paleness * (0.5 - 0.5 * noise[0] / NOISE_LIMIT)
    oedema = pale * edge(whole, tumour.border_mm) * whole_habitat(near)
    solid = edge(inner, core.border_mm) * core_habitat(near, inner)
    oedema = oedema * (1 - solid)

    depth = inner - core.skin_mm
    rim = core.rim_mm * (1 + 0.4 * noise[2]) + core.pockets_mm * noise[3]
    dead = edge(depth - rim.clamp(min=THINNEST_OF_RIM * core.rim_mm), 1.5)
    alive = edge(depth, 1.0) * edge(2.0 * (noise[2] - core.gap), 1.0)
    enhancing = solid * alive * (1 - dead)
    necrosis = solid * dead
    rest = solid * (1 - alive) * (1 - dead)
    grain = core_grain(points, tumour)
    fluid = rest * (core.heterogeneity * grain)
    weak = enhancing * (core.unevenness * grain)
    return Part(torch.stack([oedema, rest - fluid + weak, enhancing - weak, necrosis + fluid]), cubes)


def all_tumours(
    blocks: Blocks, around: Surroundings, tumours: tuple[Tumour, ...], folder: MaskFolder | None
) -> Part | None:
    """Fractions of all lesion materials; None if all tumours are elsewhere. `around`: maps in cubes.

    Where tumours meet, the one with more core decides; oedema of one does not cover the core of another.
    """
    parts = [part for tumour in tumours if (part := tumour_fractions(blocks, around, tumour, folder)) is not None]
    if not parts:
        return None
    touched = torch.unique(torch.cat([part.cubes for part in parts]))
    result = blocks.points.new_zeros((len(LESIONS), len(touched), blocks.points.shape[1]))
    united = result.new_zeros((4, *result.shape[1:]))
    for part in parts:
        rows = torch.searchsorted(touched, part.cubes)
        before = united[:, rows]
        more_core = part.values[1:].sum(0) - before[1:].sum(0)
        more = torch.where(more_core == 0, part.values[0] > before[0], more_core > 0)
        united[:, rows] = torch.where(more, part.values, before)
    result[[LESIONS.index(material) for material in TUMOUR]] = united
    return Part(result, touched)
