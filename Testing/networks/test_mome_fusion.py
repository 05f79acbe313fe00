"""Fusion against the same in numpy on probabilities, and where probabilities themselves would round to 0 or 1."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, softmax

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.networks.mome.fusion import Fusion, fuse


@given(st.lists(st.floats(0.1, 5), min_size=2, max_size=5), st.integers(0, 2**20))
def test_mean_of_regions(weights, seed):
    z = 5 * np.random.default_rng(seed).standard_normal((len(weights), 3, 2, 2, 2))
    shares = np.array(weights) / sum(weights)
    fused = fuse(torch.tensor(z), shares.tolist(), "mean", "sigmoid")
    np.testing.assert_allclose(expit(fused.numpy()), np.tensordot(shares, expit(z), 1), rtol=1e-4, atol=1e-6)


def test_mean_of_classes():
    z = 3 * np.random.default_rng(0).standard_normal((3, 4, 2, 2, 2))
    fused = fuse(torch.tensor(z), [0.5, 0.3, 0.2], "reliability", "softmax").numpy()
    np.testing.assert_allclose(softmax(fused, 0), np.tensordot([0.5, 0.3, 0.2], softmax(z, 1), 1), rtol=1e-5, atol=1e-6)


def test_max_of_regions_is_the_largest_probability():
    z = np.random.default_rng(0).standard_normal((3, 2, 2, 3, 4)).astype(np.float32)
    np.testing.assert_array_equal(fuse(torch.tensor(z), [1 / 3] * 3, "max", "sigmoid").numpy(), z.max(0))


def test_max_of_classes_takes_the_modality_least_sure_of_background():
    z = np.random.default_rng(0).standard_normal((4, 3, 2, 3, 2))
    p = softmax(z, 1)
    expected = np.empty(p.shape[1:])
    for place in np.ndindex(*p.shape[2:]):
        candidates = p[(slice(None), slice(None), *place)]
        expected[(slice(None), *place)] = candidates[candidates[:, 0].argmin()]
    fused = fuse(torch.tensor(z), [0.25] * 4, "max", "softmax").numpy()
    np.testing.assert_allclose(softmax(fused, 0), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("z", [40.0, 100.0, 1e4])
def test_certain_answers_stay_finite_and_exact(z):
    maps = torch.tensor([z, z]).reshape(2, 1, 1, 1, 1)
    assert fuse(maps, [0.5, 0.5], "mean", "sigmoid").item() == pytest.approx(z)
    assert fuse(-maps, [0.5, 0.5], "mean", "sigmoid").item() == pytest.approx(-z)
    apart = torch.tensor([z, -z]).reshape(2, 1, 1, 1, 1)
    assert fuse(apart, [0.5, 0.5], "mean", "sigmoid").item() == pytest.approx(0, abs=1e-4)
    # odds of (1 + σ(-z))/4 : (3 - σ(-z))/4 of the logit are 3 : 1 from the certain answer of share 3/4
    assert fuse(apart, [0.75, 0.25], "mean", "sigmoid").item() == pytest.approx(np.log(3), abs=1e-4)


def test_one_map_is_handed_through_exactly():
    z = torch.randn(1, 3, 2, 2, 2)
    for activation in ("sigmoid", "softmax"):
        assert torch.equal(fuse(z, [1.0], "mean", activation), z[0])


def test_shares():
    assert Fusion().shares([0, 3]) == {0: 0.5, 3: 0.5}
    weighted = Fusion("reliability", (1.0, 0.0, 3.0))
    assert weighted.shares([0, 1, 2]) == {0: 0.25, 2: 0.75}
    assert weighted.shares([1]) == {1: 1.0}  # nobody else is there


@pytest.mark.parametrize(
    "arguments",
    [("median",), ("reliability",), ("mean", (1.0,)), ("reliability", (0.0, 0.0)), ("reliability", (1.0, -1.0)),
     ("reliability", (1.0, float("nan")))],
)  # fmt: skip
def test_bad_fusion(arguments):
    with pytest.raises(InputError):
        Fusion(*arguments)


def test_gradients_reach_every_map():
    z = torch.randn(3, 2, 2, 2, 2, requires_grad=True)
    fuse(z, [0.2, 0.3, 0.5], "mean", "sigmoid").square().sum().backward()
    assert (z.grad != 0).all()
