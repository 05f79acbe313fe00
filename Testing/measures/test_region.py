import math

import numpy as np
import pytest

from MissingModalitySegLib.measures.lesions import match_lesions
from MissingModalitySegLib.measures.masks import cut_to_union
from MissingModalitySegLib.measures.overlap import dice, positive_predictive_value, sensitivity
from MissingModalitySegLib.measures.region import measure_region
from MissingModalitySegLib.measures.surface import hausdorff_95

from .random_masks import EMPTY, cube, pairs


def test_it_gathers_what_the_single_measures_say() -> None:
    spacing = (1.0, 0.5, 2.0)
    for found, truth in pairs():
        region = measure_region(found, truth, spacing)
        assert region.dice == dice(found, truth)
        assert region.ppv == positive_predictive_value(found, truth)
        assert region.sensitivity == sensitivity(found, truth)
        assert region.hd95 == hausdorff_95(found, truth, spacing)
        assert region.lesions == match_lesions(found, truth)
        assert (region.found_ml, region.true_ml) == (found.sum() / 1000, truth.sum() / 1000)


def test_empty_masks() -> None:
    nothing = measure_region(EMPTY, EMPTY, (1, 1, 1))
    assert (nothing.dice, nothing.ppv, nothing.sensitivity, nothing.hd95) == (1, 1, 1, 0)
    missed = measure_region(EMPTY, cube((1, 1, 1)), (1, 1, 1))
    assert (missed.dice, missed.hd95, missed.found_ml, missed.true_ml) == (0, math.inf, 0, 0.008)


def test_masks_are_cut_to_the_box_of_both() -> None:
    found, truth = cut_to_union(cube((1, 2, 3)), cube((4, 2, 5)))
    assert found.shape == truth.shape == (5, 2, 4)
    assert found.sum() == truth.sum() == 8
    assert cut_to_union(EMPTY, EMPTY)[0].size == 0
    with pytest.raises(ValueError, match="shapes"):
        cut_to_union(EMPTY, np.zeros((2, 2, 2)))
