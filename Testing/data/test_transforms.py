"""Transforms of crops against numpy, sample by sample."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from MissingModalitySegTraining.data.batch import Batch
from MissingModalitySegTraining.data.transforms import Drawn, TransformSettings, apply, draw, transform

SIZE = (5, 6, 7)


def batch(count: int = 2, channels: int = 3) -> Batch:
    generator = torch.Generator().manual_seed(0)
    brain = torch.rand(count, *SIZE, generator=generator) > 0.3
    code = torch.ones(count, channels)
    code[0, 1] = 0
    image = 50 + 20 * torch.randn(count, channels, *SIZE, generator=generator)
    regions = (torch.rand(count, 2, *SIZE, generator=generator) > 0.8).float()
    return Batch(image * brain[:, None], code, regions, torch.ones(count, 2), brain)


def expected(sample: Batch, row: int, drawn: Drawn, rescale: str | None) -> np.ndarray:
    """One sample by numpy: scale over its brain, change its brightness there, mirror it."""
    brain, result = sample.brain[row].numpy(), []
    for channel in range(sample.image.shape[1]):
        values = sample.image[row, channel].numpy().astype(np.float64)
        inside = values[brain]
        if rescale == "zscore":
            values = (values - inside.mean()) / (inside.std() or 1)
        if rescale == "minmax":
            values = (values - inside.min()) / (np.ptp(inside) or 1)
        values = values * drawn.factors[channel] + drawn.shifts[channel]
        values = np.where(brain & bool(sample.code[row, channel]), values, 0)
        for axis in drawn.flipped:
            values = np.flip(values, axis)
        result.append(values)
    return np.stack(result)


@pytest.mark.parametrize("rescale", [None, "zscore", "minmax"])
def test_every_sample_is_what_numpy_makes_of_it(rescale: str | None) -> None:
    before = batch()
    settings = TransformSettings(rescale, shift=0.1, scale=0.1, flip=0.5)
    after = transform(before, settings, seed=3, index=7)
    for row in range(2):
        drawn = draw(settings, 3, 7, row, 3)
        assert np.allclose(after.image[row].numpy(), expected(before, row, drawn, rescale), atol=1e-4)
        for axis_wise, values in (
            (after.brain[row], before.brain[row]),
            (after.regions[row, 0], before.regions[row, 0]),
        ):
            assert np.array_equal(axis_wise.numpy(), np.flip(values.numpy(), drawn.flipped))
    assert not after.image[0, 1].any()  # what is missing stays zero
    assert torch.equal(after.code, before.code)


def test_a_constant_channel_does_not_become_infinite() -> None:
    before = batch()
    flat = Batch(
        torch.where(before.brain[:, None], 7.0, 0.0).expand(-1, 3, -1, -1, -1), *list(vars(before).values())[1:]
    )
    for rescale in ("zscore", "minmax"):
        after = apply(flat, [Drawn((0.0,) * 3, (1.0,) * 3, ())] * 2, rescale)
        assert torch.isfinite(after.image).all()
        assert after.image.abs().max() < 1e-5


def test_numbers_depend_on_seed_batch_and_sample_alone_and_keep_their_limits() -> None:
    settings = TransformSettings(shift=0.1, scale=0.2, flip=0.5, flip_axes=(0, 2))
    many = [draw(settings, 1, index, sample, 4) for index in range(100) for sample in range(2)]
    assert many == [draw(settings, 1, index, sample, 4) for index in range(100) for sample in range(2)]
    assert len(set(many)) == len(many)
    assert draw(settings, 2, 0, 0, 4) != many[0]
    shifts = np.array([one.shifts for one in many])
    factors = np.array([one.factors for one in many])
    assert np.abs(shifts).max() <= 0.1 < np.abs(shifts).max() + 0.01
    assert 0.8 <= factors.min() < 0.82
    assert 1.18 < factors.max() <= 1.2
    flips = [axis for one in many for axis in one.flipped]
    assert set(flips) == {0, 2}
    assert abs(flips.count(0) - 100) < 4 * 200**0.5 / 2


def test_without_transforms_nothing_happens() -> None:
    before = batch()
    after = transform(before, TransformSettings(), 0, 0)
    assert torch.equal(after.image[1], before.image[1])
    assert torch.equal(after.brain, before.brain)
