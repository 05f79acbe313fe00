"""Several raters or models on one case: where they agree, and what they agree on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813

from ..errors import InputError
from ..labels import LabelScheme
from ..measures.agreement import CommonLesion, common_lesions, disagreement, majority, mean_of_pairs, pairwise_dice
from ..watch import Watch
from .geometry import millilitres, overlap_of_fields, same_grid
from .images import from_array

MARGIN = 5
"""Voxels around all that anybody has marked, within which STAPLE looks: far from it everybody is right."""

LEAST_OVERLAP = 0.5
MOST_LESIONS = 1000
"""The table of a region holds no more of them, the largest."""


@dataclass(frozen=True)
class Staple:
    """What STAPLE (Warfield et al., IEEE TMI 2004) estimates: the hidden truth and how well each rater knows it."""

    consensus: np.ndarray
    """Voxels (X, Y, Z) that belong to the truth with a probability of more than ½."""
    sensitivity: tuple[float, ...]
    specificity: tuple[float, ...]
    """Within `MARGIN` of what anybody has marked: with more background it would come close to 1 for everybody."""


@dataclass(frozen=True)
class RegionAgreement:
    """One region of the label scheme."""

    name: str
    volumes_ml: tuple[float, ...]
    """Of each rater."""
    dice: np.ndarray
    """Of every two raters (N, N)."""
    lesions: tuple[CommonLesion, ...]
    staple: Staple
    majority: np.ndarray


@dataclass(frozen=True)
class Comparison:
    """Several label maps of one case, on the grid of the first."""

    raters: tuple[str, ...]
    scheme: LabelScheme
    regions: tuple[RegionAgreement, ...]
    """Outermost first."""
    majority: sitk.Image
    """Labels that more than half of the raters stand for, region by region; uint8."""
    staple: sitk.Image
    """Labels by STAPLE, region by region; uint8."""
    disagreement: sitk.Image
    """About the outermost region: 0 where all say the same, 1 where as many say yes as no; float32."""
    resampled: tuple[str, ...]
    """Raters whose maps lay on another grid."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "raters": list(self.raters),
            "scheme": self.scheme.name,
            "resampled": list(self.resampled),
            "regions": {region.name: self._region(region) for region in self.regions},
        }

    def _region(self, region: RegionAgreement) -> dict[str, Any]:
        grid = self.majority

        def told(values: Sequence[float], digits: int = 4) -> dict[str, float]:
            return {rater: round(value, digits) for rater, value in zip(self.raters, values, strict=True)}

        return {
            "volumes_ml": told(region.volumes_ml, 3),
            "consensus_ml": {
                "majority": round(millilitres(int(region.majority.sum()), grid), 3),
                "staple": round(millilitres(int(region.staple.consensus.sum()), grid), 3),
            },
            "dice": {rater: told(row) for rater, row in zip(self.raters, region.dice.tolist(), strict=True)},
            "mean_dice": round(mean_of_pairs(region.dice), 4),
            "staple": {"sensitivity": told(region.staple.sensitivity), "specificity": told(region.staple.specificity)},
            "lesion_count": len(region.lesions),
            "lesions_seen_by_all": sum(lesion.agreement == 1 for lesion in region.lesions),
            "lesions": [
                {
                    "id": number,
                    "volume_ml": round(millilitres(lesion.union, grid), 3),
                    "volumes_ml": told([millilitres(count, grid) for count in lesion.voxels], 3),
                    "seen_by": [self.raters[rater] for rater in lesion.seen_by],
                    "agreement": round(lesion.agreement, 4),
                    "mean_dice": round(lesion.dice, 4),
                    "centroid_ras_mm": self._ras(lesion.centre),
                }
                for number, lesion in enumerate(region.lesions[:MOST_LESIONS], start=1)
            ],
        }

    def _ras(self, index: Sequence[float]) -> list[float]:
        left, back, top = self.majority.TransformContinuousIndexToPhysicalPoint([float(value) for value in index])
        return [round(value, 1) for value in (-left, -back, top)]


def compare(maps: Mapping[str, sitk.Image], scheme: LabelScheme, watch: Watch | None = None) -> Comparison:
    """Compare label maps by the names of their raters; the first gives the grid.

    Raises `InputError`: fewer than two (`too-few-raters`), values that are not of the scheme
    (`unexpected-label-values`), maps that lie somewhere else (`no-overlap`). And what `watch` raises.
    """
    watch = watch or Watch()
    if len(maps) < 2:
        raise InputError(
            "too-few-raters", "There is nothing to compare with.", "Give at least two label maps or models."
        )
    raters = tuple(maps)
    grid = maps[raters[0]]
    arrays, resampled = [], []
    for name, image in maps.items():
        watch.check()
        scheme.check_values(np.unique(sitk.GetArrayViewFromImage(image)), f"The label map of {name}")
        if not same_grid(image, grid):
            image = _on_grid(image, grid, name, raters[0])
            resampled.append(name)
            watch.warn("other-grid", f"The label map of {name} was brought to the grid of that of {raters[0]}.")
        arrays.append(sitk.GetArrayFromImage(image).transpose(2, 1, 0).astype(np.uint8))
    regions = []
    for i, region in enumerate(scheme.regions):
        watch.check()
        masks = [np.isin(array, list(region.values)) for array in arrays]
        regions.append(
            RegionAgreement(
                name=region.name,
                volumes_ml=tuple(millilitres(int(mask.sum()), grid) for mask in masks),
                dice=pairwise_dice(masks),
                lesions=tuple(common_lesions(masks)),
                staple=run_staple(masks),
                majority=majority(masks),
            )
        )
        watch.progress((i + 1) / len(scheme.regions))
    outermost = [np.isin(array, list(scheme.regions[0].values)) for array in arrays]
    return Comparison(
        raters=raters,
        scheme=scheme,
        regions=tuple(regions),
        majority=from_array(_labels([region.majority for region in regions], scheme), grid),
        staple=from_array(_labels([region.staple.consensus for region in regions], scheme), grid),
        disagreement=from_array(disagreement(outermost), grid),
        resampled=tuple(resampled),
    )


def run_staple(masks: Sequence[np.ndarray]) -> Staple:
    """STAPLE over binary masks (X, Y, Z), in the box around all of them.

    Where nobody has marked anything, or all have marked the same, there is nothing to estimate: the consensus is that,
    and everybody is right.
    """
    union = np.logical_or.reduce(masks)
    alike = all(np.array_equal(mask, masks[0]) for mask in masks)
    if alike:
        return Staple(np.array(masks[0], bool), (1.0,) * len(masks), (1.0,) * len(masks))
    occupied = np.nonzero(union)
    box = tuple(
        slice(max(int(axis.min()) - MARGIN, 0), min(int(axis.max()) + 1 + MARGIN, size))
        for axis, size in zip(occupied, union.shape, strict=True)
    )
    filter = sitk.STAPLEImageFilter()
    filter.SetForegroundValue(1)
    images = [sitk.GetImageFromArray(np.ascontiguousarray(mask[box]).astype(np.uint8)) for mask in masks]
    probability = sitk.GetArrayFromImage(filter.Execute(images))
    consensus = np.zeros(union.shape, bool)
    consensus[box] = probability > 0.5
    return Staple(consensus, tuple(filter.GetSensitivity()), tuple(filter.GetSpecificity()))


def _labels(regions: Sequence[np.ndarray], scheme: LabelScheme) -> np.ndarray:
    """Regions, outermost first, as label values; an inner region brings the outer ones along."""
    index = np.zeros(regions[0].shape, np.uint8)
    for bit, region in enumerate(regions):
        index |= region.astype(np.uint8) << bit
    return np.array(scheme.lookup, np.uint8)[index]


def _on_grid(image: sitk.Image, grid: sitk.Image, name: str, first: str) -> sitk.Image:
    if overlap_of_fields(image, grid) < LEAST_OVERLAP:
        raise InputError(
            "no-overlap",
            f"The label maps of {name} and {first} hardly overlap in space.",
            "They must be of the same examination, in the same coordinates.",
        )
    return sitk.Resample(image, grid, sitk.Transform(), sitk.sitkNearestNeighbor, 0, image.GetPixelID())
