"""Whether a volume has the contrast of the sequence it is taken for, told from simple statistics inside the brain.

Two things differ between sequences whatever the scanner. Fluid is the brightest of all on T2 and the darkest on the
others; and white matter, which lies deeper than grey, is brighter than it on T1 and not on FLAIR or DWI. Lesions,
contrast agent and noise blur both, so the limits are set where none of the volumes measured is doubted wrongly (33 real
ones, 90 simulated), and what is found is a reason to look, no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage
from torch import Tensor

from ..modalities import Code, Modality

T1, T1CE, T2 = Modality.T1, Modality.T1CE, Modality.T2

_COARSE_MM = 2.0
"""Voxels in which contrast is looked at: noise averages out, folds of the cortex remain."""

_CORTEX_MM, _WHITE_MM = (4.0, 8.0), (14.0, 28.0)
"""Depths below the surface of the brain where there is mostly grey matter, and mostly white."""

_MIDDLE_MM = (28.0, 45.0, 28.0)
"""Half-axes of the part about the centre of the brain that holds the ventricles."""

_FEWEST_VOXELS = 500

_NOT_T2 = 0.0
"""Fluid of a T2 is above this: real ones from 1.6, simulated ones from 0.2."""

_ONLY_T2 = 0.9
"""Fluid of all others is below this: real ones up to 0.2, simulated ones up to 0.5."""

_NOT_T1 = 0.1
"""Grey minus white on T1 and T1ce is below this: real ones up to -0.06, simulated ones up to 0.05."""

_ONLY_T1 = -0.18
"""Grey minus white on T2, FLAIR and DWI is above this: real ones from -0.15, simulated ones from -0.15."""

_SWAPPED_GREY = 0.1
"""By how much grey minus white of a T1 may exceed that of a FLAIR of the same brain: simulated ones up to 0.07."""

_SWAPPED_VESSELS = 0.4
"""By how much the brightest 0.1 % of a T1 may exceed that of a T1ce of the same brain: simulated ones up to 0.15."""


@dataclass(frozen=True)
class Contrast:
    """What stands out in a volume, in units of the range from its 5th to its 95th percentile over the brain."""

    fluid: float
    """Above 0 where the extremes, in the whole brain and about its centre, are bright rather than dark."""
    grey_over_white: float
    """How much brighter it is just below the surface than deep inside."""
    brightest: float
    """The 99.9th percentile above the median: vessels and rims that took up contrast agent."""


def contrasts_of(channels: Tensor, code: Code, brain: Tensor, spacing: float) -> dict[Modality, Contrast]:
    """The contrast of every volume that is there, of `channels` (K, X, Y, Z); empty where there is too little brain.

    `spacing` in mm.
    """
    places = _Places.of(brain, spacing)
    if places is None:
        return {}
    return {modality: places.contrast(channels[code.modalities.index(modality)]) for modality in code}


def doubts(contrasts: Mapping[Modality, Contrast]) -> Iterator[tuple[tuple[Modality, ...], str, str]]:
    """What speaks against the names of the volumes: modalities, code and a sentence with the reason."""
    named = set()
    for modality, contrast in contrasts.items():
        reason = _doubt(modality, contrast)
        if reason is not None:
            named.add(modality)
            yield (modality,), "unusual-contrast", f"The {modality} does not look like {_a(modality)}: {reason}."
    for flair in (Modality.FLAIR, Modality.DWI):
        for t1 in (T1, T1CE):
            if {t1, flair} <= contrasts.keys() and not named & {t1, flair}:
                excess = contrasts[t1].grey_over_white - contrasts[flair].grey_over_white
                if excess > _SWAPPED_GREY:
                    named |= {t1, flair}
                    yield (
                        (t1, flair),
                        "perhaps-swapped",
                        f"The {t1} and the {flair} may be swapped: white matter is brighter in the {flair}.",
                    )
    both = {T1, T1CE} <= contrasts.keys() and not named & {T1, T1CE}
    if both and contrasts[T1].brightest - contrasts[T1CE].brightest > _SWAPPED_VESSELS:
        yield (
            (T1, T1CE),
            "perhaps-swapped",
            "The T1 and the T1ce may be swapped: vessels are brighter in the T1, as after contrast agent.",
        )


def _doubt(modality: Modality, contrast: Contrast) -> str | None:
    if modality == T2:
        return "fluid is dark in it" if contrast.fluid < _NOT_T2 else None
    if contrast.fluid > _ONLY_T2:
        return "fluid is the brightest in it, as on T2"
    if modality in (T1, T1CE):
        return "grey matter is brighter than white in it" if contrast.grey_over_white > _NOT_T1 else None
    return "white matter is brighter than grey in it, as on T1" if contrast.grey_over_white < _ONLY_T1 else None


def _a(modality: Modality) -> str:
    return f"a {modality}"


@dataclass(frozen=True)
class _Places:
    """Parts of a brain on coarse voxels, as masks (X, Y, Z)."""

    factor: int
    brain: np.ndarray
    middle: np.ndarray
    cortex: np.ndarray
    white: np.ndarray

    @classmethod
    def of(cls, brain: Tensor, spacing: float) -> _Places | None:
        factor = max(1, round(_COARSE_MM / spacing))
        coarse = _coarse(brain.float(), factor) > 0.99  # without voxels that lie half outside
        if np.count_nonzero(coarse) < _FEWEST_VOXELS:
            return None
        step = spacing * factor
        depth = ndimage.distance_transform_edt(np.pad(coarse, 1))[1:-1, 1:-1, 1:-1] * step
        axes = np.ogrid[tuple(slice(0, size) for size in coarse.shape)]
        centre = [float(place) for place in ndimage.center_of_mass(coarse)]
        off = sum(((axis - c) * step / half) ** 2 for axis, c, half in zip(axes, centre, _MIDDLE_MM, strict=True))
        parts = (
            coarse & (off < 1),
            *(coarse & (depth > low) & (depth <= high) for low, high in (_CORTEX_MM, _WHITE_MM)),
        )
        if min(map(np.count_nonzero, parts)) < _FEWEST_VOXELS:
            return None
        return cls(factor, coarse, *parts)

    def contrast(self, channel: Tensor) -> Contrast:
        volume = _coarse(channel.float(), self.factor)
        low, first, middle, last, high, highest = np.quantile(volume[self.brain], (0.01, 0.05, 0.5, 0.95, 0.99, 0.999))
        unit = max(float(last - first), 1e-6)
        dark, centre, bright = np.quantile(volume[self.middle], (0.02, 0.5, 0.98))
        fluid = (high + low - 2 * middle) + (bright + dark - 2 * centre)
        grey_over_white = np.median(volume[self.cortex]) - np.median(volume[self.white])
        return Contrast(float(fluid / unit), float(grey_over_white / unit), float((highest - middle) / unit))


def _coarse(volume: Tensor, factor: int) -> np.ndarray:
    """Means over blocks of `factor` voxels along each axis; an incomplete block at the end is dropped."""
    if factor == 1:
        return volume.numpy()
    with torch.inference_mode():
        return F.avg_pool3d(volume[None, None], factor)[0, 0].numpy()
