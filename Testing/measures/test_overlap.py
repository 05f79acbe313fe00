import numpy as np
import pytest
import torch
from monai.metrics import ConfusionMatrixMetric, DiceMetric

from MissingModalitySegLib.measures.overlap import dice, positive_predictive_value, sensitivity

from .random_masks import EMPTY, cube, pairs


def of_monai(metric, found: np.ndarray, truth: np.ndarray) -> float:
    metric(*(torch.from_numpy(mask)[None, None].float() for mask in (found, truth)))
    value = metric.aggregate()
    return (value[0] if isinstance(value, list) else value).item()


def test_overlap_is_monais() -> None:
    for found, truth in pairs():
        assert dice(found, truth) == pytest.approx(of_monai(DiceMetric(), found, truth))
        for name, measure in (("precision", positive_predictive_value), ("sensitivity", sensitivity)):
            metric = ConfusionMatrixMetric(metric_name=name)
            assert measure(found, truth) == pytest.approx(of_monai(metric, found, truth))


def test_a_case_by_hand() -> None:
    found, truth = np.array([[[1, 1, 1, 1, 0]]]), np.array([[[0, 0, 0, 1, 1]]])
    assert dice(found, truth) == pytest.approx(2 / 6)
    assert positive_predictive_value(found, truth) == 1 / 4
    assert sensitivity(found, truth) == 1 / 2


@pytest.mark.parametrize("measure", [dice, positive_predictive_value, sensitivity])
def test_empty_masks(measure) -> None:
    one = cube((1, 1, 1))
    assert measure(EMPTY, EMPTY) == 1
    assert measure(one, EMPTY) == measure(EMPTY, one) == 0
    assert measure(one, one) == 1
