"""What lies around the brain: fluid, dura, skull, scalp, eyes, face and neck.

Two kinds. Most heads have the layers everyone has, with thicknesses of their own, and a coarse face. The others are
shells of any materials in any order, from which a brain extractor learns what a brain is rather than what a head is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .atlas import Atlas
from .draws import chance, choose, log_uniform, seed, uniform
from .fields import scalar_field, tabulated
from .materials import TISSUES, Material

SOFT_EDGE_MM = 1.0
"""Borders in the head rise over this distance."""

SHELL_MATERIALS = {
    Material.CSF: 2.0,
    Material.DURA: 1.0,
    Material.BONE: 3.0,
    Material.MARROW: 2.0,
    Material.FAT: 3.0,
    Material.MUSCLE: 3.0,
    Material.AIR: 1.0,
    Material.GREY_MATTER: 1.0,
    Material.WHITE_MATTER: 1.0,
    Material.EYE: 0.5,
}
"""What random shells are made of, and how often."""


@dataclass(frozen=True)
class HeadParameters:
    """Layers from the skull's inner surface outwards; thicknesses in mm."""

    layers: tuple[tuple[int, float], ...]
    """Material and thickness. In a head with a face the last two are fat and skin, and cover the face as well."""
    face: bool
    """Eyes, sinuses, jaw and neck."""
    roughness_mm: float
    """Standard deviation of the depth of all layers from place to place."""
    roughness_wavelength_mm: float
    roughness_seed: int
    fat_share: float
    """How much of the deep soft tissue is fat, in blobs."""
    fat_seed: int


def sample_head(generator: torch.Generator, gap_mm: float) -> HeadParameters:
    """Four heads in five are anatomical.

    Args:
        generator: where the numbers come from.
        gap_mm: width of the fluid between brain and dura, which grows as the brain shrinks.
    """
    face = chance(generator, 0.8)
    if face:
        layers = (
            (Material.CSF, gap_mm),
            (Material.DURA, uniform(generator, 0.5, 1.2)),
            (Material.BONE, uniform(generator, 1.0, 2.2)),
            (Material.MARROW, log_uniform(generator, 1.0, 5.0)),
            (Material.BONE, uniform(generator, 1.0, 2.2)),
            (Material.MUSCLE, uniform(generator, 0.5, 3.0)),
            (Material.FAT, log_uniform(generator, 1.5, 7.0)),
            (Material.MUSCLE, uniform(generator, 1.0, 2.2)),
        )
    else:
        count = int(uniform(generator, 2, 9))
        layers = tuple((choose(generator, SHELL_MATERIALS), log_uniform(generator, 0.7, 9.0)) for _ in range(count))
    return HeadParameters(
        tuple((int(material), thickness) for material, thickness in layers),
        face,
        uniform(generator, 0.2, 1.0 if face else 2.5),
        log_uniform(generator, 20, 60),
        seed(generator),
        uniform(generator, 0.1, 0.5),
        seed(generator),
    )


def head_fractions(points: Tensor, atlas: Atlas, cases: Sequence[HeadParameters]) -> Tensor:
    """Materials of everything that is not brain, (B, len(TISSUES), X, Y, Z); sums to 1.

    Args:
        points: (B, X, Y, Z, 3) in MNI mm.
        atlas: the atlas.
        cases: one per element of the batch.
    """
    maps = atlas.read_head(points)
    rough = tabulated(
        lambda at: scalar_field(at, [c.roughness_seed for c in cases], [c.roughness_wavelength_mm for c in cases])[
            :, None
        ],
        points,
        4.0,
    )[:, 0]
    blobs = scalar_field(points, [case.fat_seed for case in cases], 30.0, octaves=2)
    fractions = points.new_zeros((points.shape[0], len(TISSUES), *points.shape[1:4]))
    for index, case in enumerate(cases):
        own = {name: level[index] for name, level in maps.items()}
        outward = own["skull"] + case.roughness_mm * rough[index].clamp(-2.5, 2.5)
        _lay(fractions[index], outward, case.layers)
        if case.face:
            _add_face(fractions[index], own, outward, blobs[index], case)
    return fractions


def _lay(fractions: Tensor, outward: Tensor, layers: Sequence[tuple[int, float]]) -> None:
    """Put layers on top of each other along `outward` (mm); air above the last one. Nothing is below the first."""
    within = torch.ones_like(outward)
    edge = 0.0
    for material, thickness in layers:
        edge += thickness
        beyond = _rise(outward - edge)
        fractions[material] += within - beyond
        within = beyond
    fractions[Material.AIR] += within


def _add_face(fractions: Tensor, maps: dict[str, Tensor], outward: Tensor, blobs: Tensor, case: HeadParameters) -> None:
    """Replace what the layers leave outside the skull by a face, its sinuses and eyes (in place)."""
    edges = [0.0]
    for _, thickness in case.layers:
        edges.append(edges[-1] + thickness)
    skull_end = edges[-4]
    depth = torch.maximum(edges[-1] - outward, maps["face"])  # below the skin
    (_, fat), (_, skin) = case.layers[-2:]
    outside = _rise(outward - skull_end)
    below_skin, below_fat = _rise(depth - skin), _rise(depth - skin - fat)
    fatty = _rise((blobs - _quantile(1 - case.fat_share)) * 1.5)
    eye, orbit, air = _rise(maps["eye"]), _rise(maps["orbit"]), _rise(maps["sinus"])
    bone, marrow = _rise(maps["jaw"]), _rise(maps["jaw"] - 2.5)
    # whatever is nearer to the front of this list hides the rest
    parts = (
        (Material.AIR, 1 - _rise(depth)),
        (Material.EYE, eye),
        (Material.AIR, air),
        (Material.BONE, _rise(maps["sinus"] + 1.5) - air),
        (Material.FAT, orbit),
        (Material.MARROW, marrow),
        (Material.BONE, bone),
        (Material.MUSCLE, 1 - below_skin),
        (Material.FAT, 1 - below_fat),
        (Material.FAT, fatty),
        (Material.MUSCLE, torch.ones_like(depth)),
    )
    fractions *= 1 - outside
    remaining = outside
    for material, share in parts:
        taken = remaining * share.clamp(0, 1)
        fractions[material] += taken
        remaining = remaining - taken


def _rise(level: Tensor) -> Tensor:
    """0 below, 1 above a border, linear over `SOFT_EDGE_MM`."""
    return (level / SOFT_EDGE_MM + 0.5).clamp(0, 1)


def _quantile(share: float) -> float:
    """Of a normal distribution."""
    return float(torch.special.ndtri(torch.tensor(share, dtype=torch.float64)))
