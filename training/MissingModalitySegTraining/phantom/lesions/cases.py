"""All lesions of one case: drawn once, kept as JSON, evaluated on any grid."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from MissingModalitySegLib.errors import InputError

from ..atlas import Atlas, AtlasSamples
from ..draws import chance
from ..materials import LESIONS
from .blocks import Blocks
from .gliomas import sample_gliomas
from .infarcts import Infarct, infarct_fractions
from .masks import MaskFolder
from .mass_effect import Push, pull_back
from .metastases import sample_metastases
from .multiple_sclerosis import sample_plaques
from .small_vessel_disease import sample_hyperintensities
from .spots import Spots, spot_fractions
from .strokes import sample_infarcts
from .surroundings import Surroundings
from .tumours import Tumour, all_tumours

KINDS = ("ms", "wmh", "glioma", "metastases", "acute_stroke", "chronic_stroke", "stroke", "none")
"""`stroke` is either of its two; `none` has no lesion."""

ADULTS = (18.0, 92.0)
AGES: dict[str, tuple[float, float]] = {
    "ms": (18, 65),
    "wmh": (50, 92),
    "glioma": (20, 85),
    "metastases": (35, 85),
    "acute_stroke": (45, 92),
    "chronic_stroke": (45, 92),
    "stroke": (45, 92),
}
"""Years at which most patients are seen; a kind that is not named has all `ADULTS`."""

OLD_BRAINS = 0.45
"""Share of the infarcts whose white matter shows disease of small vessels as well."""

DISEASE_OF_MASKS = {"acute_stroke": "stroke", "chronic_stroke": "stroke"}
"""Subfolder of masks, where it has not the name of the kind."""


@dataclass(frozen=True)
class Lesions:
    """Everything that was drawn for the lesions of one case. Plain numbers: `records` writes and reads them as JSON."""

    kind: str
    tumours: tuple[Tumour, ...] = ()
    spots: tuple[Spots, ...] = ()
    infarcts: tuple[Infarct, ...] = ()
    pushes: tuple[Push, ...] = ()


def sample_lesions(
    kind: str,
    generator: torch.Generator,
    atlas: Atlas,
    masks: MaskFolder | None = None,
    mask_share: float = 0.5,
) -> Lesions:
    """Draw the lesions of one case.

    Args:
        kind: one of `KINDS`.
        generator: the only source of chance.
        atlas: says where tissue, ventricles and cortex are.
        masks: real masks that some cases take their shapes from.
        mask_share: how many of the cases that could.

    Raises:
        InputError: `unknown-kind`, there is no such kind.
    """
    if kind not in KINDS:
        raise InputError("unknown-kind", f"There is no kind of lesion named {kind}.", f"Kinds: {', '.join(KINDS)}.")
    if kind == "stroke":
        kind = "acute_stroke" if chance(generator, 0.5) else "chronic_stroke"
    shaped = chance(generator, mask_share)
    folder = masks if masks is not None and shaped and masks.names(DISEASE_OF_MASKS.get(kind, kind)) else None
    if kind == "glioma":
        tumours, pushes = sample_gliomas(generator, atlas, folder)
        return Lesions(kind, tumours=tumours, pushes=pushes)
    if kind == "metastases":
        tumours, pushes = sample_metastases(generator, atlas, folder)
        return Lesions(kind, tumours=tumours, pushes=pushes)
    if kind == "ms":
        return Lesions(kind, spots=(sample_plaques(generator, atlas, folder),))
    if kind == "wmh":
        return Lesions(kind, spots=sample_hyperintensities(generator, atlas, folder))
    if kind == "none":
        return Lesions(kind)
    infarcts, spots, pushes = sample_infarcts(generator, atlas, kind == "acute_stroke", folder)
    if chance(generator, OLD_BRAINS):  # whoever has one infarct mostly has risks, and is old
        spots += sample_hyperintensities(generator, atlas, None, most_ml=20)
    return Lesions(kind, spots=spots, infarcts=infarcts, pushes=pushes)


def displace(points: Tensor, lesions: Lesions) -> Tensor:
    """Where the tissue at each place was before the lesions pushed it: (X, Y, Z, 3) atlas mm → the same.

    Lesions themselves stay where `points` says; only the anatomy is read at the displaced places.
    """
    return pull_back(points, lesions.pushes)


def lesion_fractions(
    points: Tensor, samples: AtlasSamples, index: int, lesions: Lesions, masks: MaskFolder | None = None
) -> Tensor:
    """Share of each lesion material in each voxel, (len(LESIONS), X, Y, Z), sum at most 1.

    Args:
        points: (X, Y, Z, 3) places of the atlas before lesions pushed, mm.
        samples: the atlas at the displaced places of a batch of cases.
        index: which of them this is.
        lesions: what was drawn.
        masks: the folder that it was drawn with, if any.

    Raises:
        InputError: `masks-missing`, a lesion has the shape of a mask, and no folder was given.
    """
    if not (lesions.tumours or lesions.spots or lesions.infarcts):
        return points.new_zeros((len(LESIONS), *points.shape[:3]))
    blocks, around = Blocks.of(points), Surroundings.of(samples, index).in_cubes()
    parts = [all_tumours(blocks, around, lesions.tumours, masks)] if lesions.tumours else []
    parts += [spot_fractions(blocks, around, group, masks) for group in lesions.spots]
    parts += [infarct_fractions(blocks, around, infarct, masks) for infarct in lesions.infarcts]
    united = points.new_zeros((len(LESIONS), *blocks.points.shape[:2]))
    for part in parts:
        if part is not None:  # what comes later lies over what came before
            left = (1 - part.values.sum(0)).clamp(min=0)
            united[:, part.cubes] = part.values + united[:, part.cubes] * left
    return blocks.join(united)
