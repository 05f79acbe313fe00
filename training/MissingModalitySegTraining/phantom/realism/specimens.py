"""Real cases and phantoms in one form: the whole brain at 2 mm, and a block of its middle at 1 mm.

Phantoms are sampled at points; so are the real cases, which go through the engine at 1 mm and keep every second voxel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from MissingModalitySegLib.arrays.boxes import cut
from MissingModalitySegLib.arrays.normalise import brain_statistics, z_normalise
from MissingModalitySegLib.datalists import Case
from MissingModalitySegLib.engine import prepare, read_image, read_study
from MissingModalitySegLib.engine.geometry import resample_labels
from MissingModalitySegLib.engine.images import to_array
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.labels import GLIOMA, find_scheme
from MissingModalitySegLib.modalities import MODALITIES

from ..atlas import Atlas
from ..contrast import REALISTIC
from ..engine import render, sample_case
from ..space import Grid

OVERVIEW_MM, DETAIL_MM = 2.0, 1.0
OVERVIEW_SHAPE = (96, 116, 96)
DETAIL_VOXELS = 72
REGIONS = GLIOMA.region_names

KINDS: dict[str, str] = {
    "glioma": "glioma",
    "multiple sclerosis": "ms",
    "acute stroke": "acute_stroke",
    "chronic stroke": "chronic_stroke",
    "white matter hyperintensities": "wmh",
    "metastases": "metastases",
    "none": "none",
}
"""The phantoms to compare a case with, by the free field `disease` of a datalist."""


@dataclass(frozen=True)
class Specimen:
    """One case; brightness in standard deviations of its brain, arrays (x, y, z)."""

    name: str
    kind: str | None
    images: dict[str, np.ndarray]
    """Sequence → whole brain at 2 mm."""
    brain: np.ndarray
    regions: dict[str, np.ndarray]
    """Those that are known; none if the case has no label."""
    detail: dict[str, np.ndarray]
    """Sequence → 72³ voxels of 1 mm around the centre of the brain."""
    detail_brain: np.ndarray
    detail_lesion: np.ndarray


def real_specimen(case: Case) -> Specimen:
    """A real case. Raises `InputError` for one whose brain has not been extracted, and for what the engine refuses."""
    if not case.brain_extracted and case.brain_mask is None:
        raise InputError("brain-not-extracted", "It shows the whole head and has no brain mask.")
    prepared = prepare(read_study(case.modalities, case.brain_mask), DETAIL_MM)
    brain = prepared.brain.numpy()
    regions: dict[str, np.ndarray] = {}
    if case.label is not None:
        scheme = find_scheme(case.scheme)
        on_grid = to_array(resample_labels(read_image(case.label), prepared.frame.grid))
        labels = cut(torch.from_numpy(on_grid), prepared.frame.box).numpy()
        regions = {name: np.isin(labels, sorted(scheme.region(name).values)) for name in scheme.scored}
    block = _middle(brain)
    step = slice(None, None, round(OVERVIEW_MM / DETAIL_MM))
    channels = {m.value: prepared.channels[i].numpy() for i, m in enumerate(MODALITIES) if m in prepared.code}
    return Specimen(
        case.id,
        KINDS.get(str(case.metadata.get("disease", "")).lower()),
        {name: image[step, step, step] for name, image in channels.items()},
        brain[step, step, step],
        {name: region[step, step, step] for name, region in regions.items()},
        {name: image[block] for name, image in channels.items()},
        brain[block],
        regions["lesion"][block] if regions else np.zeros(brain[block].shape, bool),
    )


def phantom_specimen(seed: int, kind: str, atlas: Atlas, mode: str = "research") -> Specimen:
    """Case `seed` of a kind, brain-extracted as in training, with a contrast as scanners have."""
    case = sample_case(seed, kind, atlas, mode, mixture=REALISTIC)
    whole = render([case], [Grid.centred((0.0, 0.0, 0.0), OVERVIEW_MM, OVERVIEW_SHAPE)], atlas)
    block = render([case], [Grid.centred((0.0, 0.0, 0.0), DETAIL_MM, (DETAIL_VOXELS,) * 3)], atlas)
    statistics = brain_statistics(whole.images, whole.brain)
    images = z_normalise(whole.images, whole.brain, statistics)[0].numpy()
    detail = z_normalise(block.images, block.brain, statistics)[0].numpy()
    names = [modality.value for modality in MODALITIES]
    return Specimen(
        f"{kind} {seed}",
        kind,
        dict(zip(names, images, strict=True)),
        whole.brain[0].numpy(),
        dict(zip(REGIONS, whole.regions[0].numpy(), strict=True)),
        dict(zip(names, detail, strict=True)),
        block.brain[0].numpy(),
        block.regions[0, 0].numpy(),
    )


def _middle(brain: np.ndarray) -> tuple[slice, slice, slice]:
    """A block around the middle of the mask's extent, within the volume; smaller only where the volume is."""
    slices = []
    for axis, size in enumerate(brain.shape):
        inside = np.flatnonzero(brain.any(axis=tuple({0, 1, 2} - {axis})))
        start = (int(inside[0]) + int(inside[-1]) + 1 - DETAIL_VOXELS) // 2
        start = max(0, min(start, size - DETAIL_VOXELS))
        slices.append(slice(start, min(size, start + DETAIL_VOXELS)))
    return tuple(slices)
