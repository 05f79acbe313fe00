"""A few phantoms, whole and prepared, in a cache: what a training on phantoms is validated with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from MissingModalitySegLib.arrays.bias import even
from MissingModalitySegLib.arrays.normalise import z_normalise
from MissingModalitySegLib.modalities import MODALITIES, Code

from ..phantom.atlas import load_atlas
from ..phantom.contrast import REALISTIC
from ..phantom.engine import sample_case
from ..phantom.lesions import open_mask_folder
from ..phantom.output.simulate import Rendered, simulate
from .cache import Cache, CacheOptions


def phantom_cases(
    folder: Path,
    count: int,
    kinds: Sequence[str],
    seed: int,
    spacing: float,
    lesion_masks: str | None = None,
    device: torch.device | str = "cpu",
    bias_correction: bool = False,
) -> tuple[Cache, tuple[str, ...]]:
    """`count` phantoms that cycle through `kinds`, with voxels of `spacing` mm; those that are there stay.

    Case i is the same however many there are. Its seed is `seed` + i: training draws seeds below 2⁴⁰ at random, so that
    the same head in both is as good as impossible.
    """
    cache = Cache(folder, CacheOptions(spacing=spacing, bias_correction=bias_correction))
    masks = open_mask_folder(lesion_masks) if lesion_masks else None
    there, ids = set(cache.ids), []
    for number in range(count):
        kind = kinds[number % len(kinds)]
        case_id = f"phantom-{seed + number}-{kind}"
        ids.append(case_id)
        if case_id in there:
            continue
        atlas = load_atlas(device)
        rendered = simulate(
            sample_case(seed + number, kind, atlas, "research", masks, REALISTIC), atlas, masks, spacing, device
        )
        channels, brain = prepared_channels(rendered, spacing, bias_correction)
        cache.add(
            case_id,
            channels,
            Code.full(),
            rendered.labels.array,
            brain=brain,
            metadata={"subject": case_id, "dataset": "phantom", "kind": kind},
        )
    return cache, tuple(ids)


def prepared_channels(rendered: Rendered, spacing: float, bias_correction: bool) -> tuple[np.ndarray, np.ndarray]:
    """All sequences (5, X, Y, Z) of a phantom as a cache holds them, z-scored over the brain, and the brain (X, Y, Z).

    The phantom was rendered brain-extracted, on one grid with voxels of `spacing` mm.
    """
    images = np.stack([rendered.sequences[modality].image.array for modality in MODALITIES]).astype(np.float32)
    brain = rendered.sequences[rendered.reference].brain.array > 0
    volumes, mask = torch.from_numpy(images), torch.from_numpy(brain)
    if bias_correction:
        volumes = torch.stack([even(volume, mask, (spacing,) * 3) for volume in volumes])
    return z_normalise(volumes[None], mask[None])[0].numpy(), brain
