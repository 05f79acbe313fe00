"""Validation on whole heads: which heads, which sequences, and Dice as counted by hand."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from MissingModalitySegLib.engine.model import HEAD, Model
from MissingModalitySegLib.modalities import MODALITIES, Code
from MissingModalitySegTraining.configs import read_config
from MissingModalitySegTraining.head_validation import HeldOutHead, evaluate_heads, held_out_heads


class Bright(nn.Module):
    """The brain is what is above 1."""

    multiple, config = 1, None

    def __init__(self) -> None:
        super().__init__()
        self.level = nn.Parameter(torch.ones(()))

    def forward_image(self, image: Tensor) -> Tensor:
        return image - self.level


def test_each_sequence_is_measured_alone_and_its_largest_part_counts() -> None:
    brain = np.zeros((12, 12, 12), bool)
    brain[2:8, 2:8, 2:8] = True
    channels = torch.zeros(5, 12, 12, 12)
    channels[0, 2:8, 2:8, 2:8] = 2  # T1 shows all of it
    channels[2, 2:8, 2:8, 2:5] = 2  # T2 half, and something else elsewhere
    channels[2, 10:, 10:, 10:] = 2
    modalities = (MODALITIES[0], MODALITIES[2])
    model = Model(Bright(), modalities, 8.0, HEAD, scheme=None)
    evaluation = evaluate_heads(model, [HeldOutHead("h", channels.half(), brain)], Code.all(modalities))
    assert {row["code"]: row["dice"]["brain"] for row in evaluation.rows} == pytest.approx({"T1": 1.0, "T2": 2 / 3})
    assert evaluation.rows[0]["volume_ml"]["brain"]["true"] == pytest.approx(216 * 0.512)
    assert evaluation.kinds == {evaluation.rows[0]["dataset"]: "simulated"}


def test_heads_are_those_of_the_seed_however_many_there_are() -> None:
    def heads(count: int, seed: int) -> tuple[HeldOutHead, ...]:
        changes = {"validation.cases": count, "validation.seed": seed}
        return held_out_heads(read_config("brain", "tiny", overrides=changes))

    one, two, other = heads(1, 7)[0], heads(2, 7), heads(1, 8)[0]
    assert torch.equal(one.channels, two[0].channels)
    assert np.array_equal(one.brain, two[0].brain)
    assert not torch.equal(one.channels, two[1].channels)
    assert not torch.equal(one.channels, other.channels)
    assert one.id != other.id
