"""Everything measured about one region of one case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .lesions import LesionMatch, match_lesions
from .masks import cut_to_union
from .overlap import dice, positive_predictive_value, sensitivity
from .surface import hausdorff_95
from .volumes import millilitres


@dataclass(frozen=True)
class RegionMeasures:
    """Figures of a found mask against the true one; `hd95` in mm and infinite when only one is empty, volumes in ml."""

    dice: float
    ppv: float
    sensitivity: float
    hd95: float
    lesions: LesionMatch
    found_ml: float
    true_ml: float


def measure_region(found: np.ndarray, truth: np.ndarray, spacing: Sequence[float]) -> RegionMeasures:
    """Measure a found mask (X, Y, Z) against the true one; `spacing` is the voxel size in mm."""
    found, truth = cut_to_union(found, truth)
    return RegionMeasures(
        dice=dice(found, truth),
        ppv=positive_predictive_value(found, truth),
        sensitivity=sensitivity(found, truth),
        hd95=hausdorff_95(found, truth, spacing),
        lesions=match_lesions(found, truth),
        found_ml=millilitres(found, spacing),
        true_ml=millilitres(truth, spacing),
    )
