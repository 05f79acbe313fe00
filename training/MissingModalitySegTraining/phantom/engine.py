"""From a seed to a case: draw its parameters, then render them on any grid.

Drawing and rendering are apart (as in TorchIO): `sample_case` makes plain numbers that can be written down, `render` is
a function of them. The same case on another grid is the same head seen with other voxels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from MissingModalitySegLib.errors import InputError

from .acquisition import PROTOCOLS, AcquisitionParameters, sample_acquisition
from .anatomy import AnatomyParameters, sample_anatomy, tissues
from .atlas import Atlas
from .contrast import ContrastMixture, ContrastParameters, sample_contrast, signals
from .csf_flow import with_flow
from .cut import scanned
from .lesions import (
    ADULTS,
    AGES,
    Confounders,
    Lesions,
    MaskFolder,
    blend,
    confounders,
    displace,
    lesion_fractions,
    regions,
    sample_confounders,
    sample_lesions,
)
from .regional import regional
from .scanner import acquire, shifts_at_centre
from .sequences import DWI
from .space import Grid
from .stripping import FAITHFUL, strip
from .susceptibility import susceptibility
from .texture import texture


@dataclass(frozen=True)
class CaseParameters:
    """Everything that was drawn for one case; `records.to_record` writes it as JSON."""

    seed: int
    kind: str
    anatomy: AnatomyParameters
    lesions: Lesions
    confounders: Confounders
    contrast: ContrastParameters
    acquisition: AcquisitionParameters


@dataclass(frozen=True)
class Rendering:
    """Cases on grids."""

    images: Tensor
    """(B, 5, X, Y, Z) in arbitrary units."""
    regions: Tensor
    """(B, 3, X, Y, Z) bool: lesion ⊃ core ⊃ enhancing, within the field of view."""
    brain: Tensor
    """(B, X, Y, Z) bool: what the case's brain extraction leaves; of a whole head, the true brain."""
    fractions: Tensor
    """(B, len(Material), X, Y, Z), sums to 1."""


def sample_case(
    seed: int,
    kind: str,
    atlas: Atlas,
    mode: str = "research",
    masks: MaskFolder | None = None,
    mixture: ContrastMixture | None = None,
) -> CaseParameters:
    """Draw case number `seed` of a `kind`. Raises `InputError` for a kind or mode that does not exist."""
    if mode not in PROTOCOLS:
        raise InputError("unknown-mode", f"“{mode}” is no way to acquire.", f"Use one of {', '.join(PROTOCOLS)}.")
    # one stream of numbers per part: a new number in one part leaves the others of the same case as they were
    anatomy, lesions, confounding, contrast, acquisition = (_generator(seed, part) for part in range(5))
    return CaseParameters(
        seed,
        kind,
        sample_anatomy(anatomy, AGES.get(kind, ADULTS)),
        sample_lesions(kind, lesions, atlas, masks),
        sample_confounders(confounding, atlas),
        sample_contrast(contrast, mixture),
        sample_acquisition(acquisition, mode),
    )


def render(
    cases: Sequence[CaseParameters],
    grids: Sequence[Grid],
    atlas: Atlas,
    masks: MaskFolder | None = None,
    head: bool = False,
    acquired: bool = True,
    device: torch.device | str = "cpu",
) -> Rendering:
    """Cases on grids of one common shape.

    With `head`, everything around the brain is there and `brain` is the truth; without, an imperfect extraction has
    removed it, and what lies beyond the field of view. `acquired` adds what scanners do (resolution, coil, noise,
    artefacts, the end of the field of view); without, images are ideal.
    """
    points = torch.stack([grid.points(device) for grid in grids])
    ideal = render_ideal(points, cases, atlas, masks, head)
    images = ideal.images
    if acquired:
        protocols = [case.acquisition for case in cases]
        images = acquire(images, grids, protocols, shifts_at_centre(grids, protocols))
    if head:
        return Rendering(images, ideal.regions, ideal.brain > 0.5, ideal.fractions)
    errors = [case.acquisition.stripping if acquired else FAITHFUL for case in cases]
    brain, truth = strip(ideal.surface_distance, points, errors), ideal.regions
    for b, case in enumerate(cases):
        if acquired and case.acquisition.cut is not None:  # nobody outlines what was not scanned
            seen = scanned(points[b], case.acquisition.cut)
            brain[b] &= seen
            truth[b] &= seen
    return Rendering(torch.where(brain[:, None], images, 0.0), truth, brain, ideal.fractions)


@dataclass(frozen=True)
class Ideal:
    """What a perfect scanner would see at some positions."""

    images: Tensor  # B 5 X Y Z, white and grey matter average 1
    regions: Tensor  # B 3 X Y Z, bool
    brain: Tensor  # B X Y Z, share of the voxel
    surface_distance: Tensor  # B X Y Z, mm, negative inside the brain
    fractions: Tensor  # B M X Y Z


def render_ideal(
    points: Tensor,
    cases: Sequence[CaseParameters],
    atlas: Atlas,
    masks: MaskFolder | None = None,
    head: bool = True,
) -> Ideal:
    """Cases at positions (B, X, Y, Z, 3) in the subject's mm, which need not lie on a grid."""
    anatomies = [case.anatomy for case in cases]
    lesions = [case.lesions for case in cases]

    def push(places: Tensor) -> Tensor:
        return torch.stack([displace(one, lesion) for one, lesion in zip(places, lesions, strict=True)])

    pushed = any(lesion.pushes for lesion in lesions)
    anatomy = tissues(points, anatomies, atlas, push if pushed else None, with_head=head)
    places = anatomy.unpushed
    mixtures, sick, gains = [], [], []
    for b, case in enumerate(cases):
        sick.append(lesion_fractions(places[b], anatomy.samples, b, case.lesions, masks))
        misleading = confounders(places[b], anatomy.samples, b, case.confounders)
        mixtures.append(blend(anatomy.fractions[b], sick[b], misleading))
        gains.append(misleading.diffusion_gain)
    fractions = _batch(mixtures)
    brightness = signals([case.contrast for case in cases], points.device)
    images = torch.einsum("bsm,bmxyz->bsxyz", brightness, fractions)
    images += texture(points, fractions, brightness, [case.contrast.texture for case in cases])
    images += regional(places, fractions, brightness, [case.contrast.regional for case in cases])
    with_flow(images, places, fractions, brightness, [case.contrast.flow for case in cases])
    images[:, DWI] *= _batch(gains)
    if any(case.contrast.susceptibility for case in cases):
        images[:, DWI] *= susceptibility(places, [case.contrast.susceptibility for case in cases])
    truth = torch.stack(regions(_batch(sick)), dim=1)
    return Ideal(images, truth, anatomy.brain, anatomy.samples.surface_distance, fractions)


def _batch(parts: Sequence[Tensor]) -> Tensor:
    """Cases as a batch; a single one, as training has it, is not copied."""
    return parts[0][None] if len(parts) == 1 else torch.stack(tuple(parts))


def tissue_map(fractions: Tensor) -> Tensor:
    """The material that fills most of each voxel, uint8 (…, X, Y, Z), numbered as `Material`."""
    return fractions.argmax(dim=-4).to(torch.uint8)


def _generator(seed: int, part: int) -> torch.Generator:
    return torch.Generator().manual_seed((seed * 8 + part) * 0x9E3779B97F4A7C15 % 2**63)
