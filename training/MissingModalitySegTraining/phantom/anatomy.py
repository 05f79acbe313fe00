"""One person's head: the atlas, deformed, aged and flipped by recorded numbers.

The subject's world has its origin near the centre of the brain; `to_atlas` says which place of the atlas each of its
points shows. A case is the same function on any grid.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .atlas import Atlas, AtlasSamples
from .draws import chance, choose, log_uniform, normal, seed, uniform
from .fields import random_field, tabulated, vector_field
from .head import HeadParameters, head_fractions, sample_head
from .materials import Material

ATLAS_CENTRE = (0.0, -20.0, 6.0)
"""The place of the atlas that lies at the subject's origin, MNI mm."""

ATLAS_SCALE = 0.92
"""The MNI152 brain is larger than most: 1.89 l. At scale 1 a subject's is 1.47 l."""

FLOW_STEPS = 4
"""Steps of the flow. Each is small against its wavelength, so it is one-to-one, and so is their composition."""

WIDEST_VENTRICLE_MM = 8.0
"""Together with the strongest elastic deformation more than this would fold the tissue beside the ventricles."""

TABLE_MM = 4.0
"""Deformations are this smooth, or smoother."""

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Elastic:
    """A random velocity field: standard deviation and wavelength in mm."""

    amplitude_mm: float
    wavelength_mm: float
    seed: int


@dataclass(frozen=True)
class AnatomyParameters:
    """Everything that was drawn for one head. Plain numbers: `records` writes and reads them as JSON."""

    age: float
    """Years; shifts what follows, which varies at every age."""
    scale: Triple
    """Size along each axis relative to an average adult."""
    rotation_deg: Triple
    """About x, y and z."""
    shear: Triple
    """xy, xz, yz."""
    flipped: bool
    elastic: tuple[Elastic, ...]
    ventricle_mm: float
    """How far the walls of the ventricles are moved outwards."""
    sulci: float
    """Natural logarithm of the factor on the odds of fluid: -1 a young brain, 3 severe atrophy."""
    cortex: float
    """The same for cortex against white matter: 0.5 is about 0.3 mm thicker."""
    folding: float
    """Standard deviation of both from place to place."""
    folding_wavelength_mm: float
    folding_seed: int
    vessel_mm: float
    """Added to the radius of the vessels."""
    head: HeadParameters


@dataclass(frozen=True)
class Anatomy:
    """A head on a grid."""

    fractions: Tensor
    """(B, len(TISSUES), X, Y, Z), sums to 1."""
    brain: Tensor
    """(B, X, Y, Z) share of each voxel inside the brain's envelope, as brain extraction defines it: with the fluid of
    ventricles and sulci, without the fluid outside."""
    samples: AtlasSamples
    """What else the atlas says about the place (its `fractions` are those without a head, all nuclei deep grey)."""
    unpushed: Tensor
    """(B, X, Y, Z, 3), places of the atlas in MNI mm, had no mass pushed its surroundings; else `atlas_points`."""

    @property
    def atlas_points(self) -> Tensor:
        """(B, X, Y, Z, 3), places of the atlas that are shown, MNI mm."""
        return self.samples.points


def sample_anatomy(generator: torch.Generator, ages: tuple[float, float] = (18, 92)) -> AnatomyParameters:
    """Draw one head of a person between two `ages` in years.

    Whole brains differ by 10 % in volume (one standard deviation), nearly the same along each axis; one in ten is drawn
    from all sizes.
    """
    age = uniform(generator, *ages)
    shrinking = max(0.0, (age - 35) / 55)
    spread = 0.17 if chance(generator, 0.1) else 0.04
    size = 1 + uniform(generator, -spread, spread)
    scale = tuple(min(1.2, max(0.8, size * uniform(generator, 0.93, 1.07))) for _ in range(3))
    sulci = min(3.5, max(-4.0, -2.7 + 1.8 * shrinking + normal(generator, 0.7)))
    ventricles = -0.6 + 3.4 * shrinking**1.5 + normal(generator, 1.7)
    if chance(generator, 0.12):
        ventricles += uniform(generator, 2, 7)  # hydrocephalus
    return AnatomyParameters(
        age=age,
        scale=scale,
        rotation_deg=tuple(uniform(generator, -15, 15) for _ in range(3)),
        shear=tuple(uniform(generator, -0.05, 0.05) for _ in range(3)),
        flipped=chance(generator, 0.5),
        elastic=(
            Elastic(uniform(generator, 0.8, 3.8), uniform(generator, 80, 140), seed(generator)),
            Elastic(uniform(generator, 0.4, 1.4), uniform(generator, 26, 50), seed(generator)),
        ),
        ventricle_mm=min(WIDEST_VENTRICLE_MM, max(-2.0, ventricles)),
        sulci=sulci,
        cortex=normal(generator, 0.5) - 0.3 * shrinking,
        folding=uniform(generator, 0.2, 1.0),
        folding_wavelength_mm=uniform(generator, 14, 40),
        folding_seed=seed(generator),
        vessel_mm=choose(generator, {-1.0: 0.2, 0.0: 0.8}) + normal(generator, 0.25),
        head=sample_head(generator, gap_mm=log_uniform(generator, 0.4, 2.0) + 0.6 * max(0.0, sulci)),
    )


def to_atlas(points: Tensor, cases: Sequence[AnatomyParameters], atlas: Atlas) -> Tensor:
    """Which place of the atlas each point of a subject shows.

    Args:
        points: (B, X, Y, Z, 3) in the subject's mm.
        cases: one per element of the batch.
        atlas: knows where its ventricles are.

    Returns:
        (B, X, Y, Z, 3) in MNI mm.
    """
    return tabulated(lambda at: _flow(at, cases, atlas).movedim(-1, 1), points, TABLE_MM).movedim(1, -1)


def tissues(
    points: Tensor,
    cases: Sequence[AnatomyParameters],
    atlas: Atlas,
    push: Callable[[Tensor], Tensor] | None = None,
    with_head: bool = True,
) -> Anatomy:
    """Heads on grids.

    Args:
        points: (B, X, Y, Z, 3) in the subject's mm.
        cases: one per element of the batch.
        atlas: the atlas.
        push: from places (B, X, Y, Z, 3) of the atlas to those where their tissue was before a mass pushed it there;
            as smooth as the deformations are.
        with_head: without, there is air around the brain.
    """

    def smooth(at: Tensor) -> Tensor:
        unpushed = _flow(at, cases, atlas)
        places = [unpushed] if push is None else [push(unpushed), unpushed]
        return torch.cat([*(place.movedim(-1, 1) for place in places), _folding(at, cases)], dim=1)

    # what varies slowly is read together, once
    table = tabulated(smooth, points, TABLE_MM)
    *placed, folding = table.split([3] * (table.shape[1] // 3) + [2], dim=1)
    places, unpushed = placed[0].movedim(1, -1), placed[-1].movedim(1, -1)
    samples = atlas.sample(
        places,
        torch.exp(folding[:, 0]),
        torch.exp(folding[:, 1]),
        points.new_tensor([case.vessel_mm for case in cases])[:, None, None, None],
    )
    brain = (0.5 - samples.surface_distance).clamp(0, 1)
    tinted = _with_nuclei(samples)
    if bool((brain == 1).all()):
        return Anatomy(tinted, brain, samples, unpushed)
    fractions = tinted * brain[:, None]
    if with_head:
        around = head_fractions(places, atlas, [case.head for case in cases])
        # vessels that the atlas shows on the brain's surface go on outside of it
        vessel = samples.fractions[:, Material.VESSEL] * (1 - brain)
        around *= (1 - brain - vessel)[:, None]
        fractions += around
        fractions[:, Material.VESSEL] += vessel
    else:
        fractions[:, Material.AIR] += 1 - brain
    return Anatomy(fractions, brain, samples, unpushed)


def _with_nuclei(samples: AtlasSamples) -> Tensor:
    """Fractions with white matter or cortex mixed into deep grey matter, as `AtlasSamples.nuclei` says."""
    deep = samples.fractions[:, Material.DEEP_GREY_MATTER]
    if not bool(deep.any()):
        return samples.fractions
    moved = deep * samples.nuclei
    fractions = samples.fractions.clone()
    fractions[:, Material.WHITE_MATTER] += moved.clamp(min=0)
    fractions[:, Material.GREY_MATTER] -= moved.clamp(max=0)
    fractions[:, Material.DEEP_GREY_MATTER] -= moved.abs()
    return fractions


def _affine(points: Tensor, cases: Sequence[AnatomyParameters]) -> Tensor:
    matrices = torch.stack([_matrix(case) for case in cases]).to(points)
    flat = points.flatten(1, 3) @ matrices.mT + points.new_tensor(ATLAS_CENTRE)
    return flat.reshape(points.shape)


def _matrix(case: AnatomyParameters) -> Tensor:
    """Subject → atlas: turned back, sheared, scaled to the atlas's size, flipped."""
    turn = torch.eye(3, dtype=torch.float64)
    for axis, degrees in enumerate(case.rotation_deg):
        c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        i, j = [k for k in range(3) if k != axis]
        about = torch.eye(3, dtype=torch.float64)
        about[i, i], about[i, j], about[j, i], about[j, j] = c, -s, s, c
        turn = about @ turn
    xy, xz, yz = case.shear
    shear = torch.tensor([[1, xy, xz], [0, 1, yz], [0, 0, 1]], dtype=torch.float64)
    scale = torch.diag(1 / (ATLAS_SCALE * torch.tensor(case.scale, dtype=torch.float64)))
    matrix = scale @ shear @ turn
    if case.flipped:
        matrix = torch.diag(torch.tensor([-1.0, 1.0, 1.0], dtype=torch.float64)) @ matrix
    return matrix


def _flow(points: Tensor, cases: Sequence[AnatomyParameters], atlas: Atlas) -> Tensor:
    """Places of the atlas (B, X, Y, Z, 3), MNI mm: moved as a whole, then along the flow."""
    per_case = (len(cases), 1, 1, 1, 1)
    widen = points.new_tensor([case.ventricle_mm for case in cases]).reshape(per_case)
    now = _affine(points, cases)
    for _ in range(FLOW_STEPS):
        velocity = widen * atlas.push.read(now).movedim(1, -1)
        for elastics in zip(*(case.elastic for case in cases), strict=True):
            amplitude = points.new_tensor([e.amplitude_mm for e in elastics]).reshape(per_case)
            field = vector_field(now, [e.seed for e in elastics], [e.wavelength_mm for e in elastics])
            velocity = velocity + amplitude * field
        now = now + velocity / FLOW_STEPS
    return now


def _folding(points: Tensor, cases: Sequence[AnatomyParameters]) -> Tensor:
    """Logarithms of the factors on the odds of fluid and of cortex, (B, 2, X, Y, Z)."""
    means = points.new_tensor([[case.sulci, case.cortex] for case in cases])
    spread = points.new_tensor([case.folding for case in cases])
    field = random_field(
        points, [case.folding_seed for case in cases], [case.folding_wavelength_mm for case in cases], 2
    )
    return means[:, :, None, None, None] + spread[:, None, None, None, None] * field.clamp(-2.5, 2.5)
