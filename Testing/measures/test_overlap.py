import numpy as np
import pytest
import torch
from monai.metrics import DiceMetric

from MissingModalitySegLib.measures.overlap import dice


def test_dice_is_monais() -> None:
    generator = np.random.default_rng(0)
    for share in (0.05, 0.3, 0.8):
        found, truth = generator.random((2, 6, 7, 8)) < share
        metric = DiceMetric(include_background=True)
        metric(*(torch.from_numpy(mask)[None, None].float() for mask in (found, truth)))
        assert dice(found, truth) == pytest.approx(metric.aggregate().item())


def test_empty_masks() -> None:
    empty, one = np.zeros((3, 3, 3), bool), np.zeros((3, 3, 3), bool)
    one[1, 1, 1] = True
    assert dice(empty, empty) == 1
    assert dice(one, empty) == dice(empty, one) == 0
    assert dice(one, one) == 1
