"""A straight line through the sequences that are there, and a network beside it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from MissingModalitySegLib.modalities import Code
from MissingModalitySegLib.networks.registry import build
from MissingModalitySegLib.networks.synthesiser import UNSHARED, ConditionalMean, Synthesiser


@pytest.fixture
def network() -> Synthesiser:
    torch.manual_seed(0)
    made = build({"architecture": "synthesiser", "preset": "tiny"})
    nn.init.normal_(made.line.factor)
    return made


def test_the_line_is_that_of_least_squares() -> None:
    """Of very many voxels with the covariance that was learnt, for every subset."""
    line = ConditionalMean(5)
    torch.manual_seed(3)
    nn.init.normal_(line.factor)
    factor = line.factor.detach().double().numpy()
    exact = np.linalg.cholesky(factor @ factor.T + UNSHARED * np.eye(5))
    white = np.linalg.qr(np.random.default_rng(0).normal(size=(500, 5)))[0]  # orthonormal: no error of sampling
    voxels = white @ exact.T
    for code in Code.all():
        there = np.array(code.vector, bool)
        wanted, *_ = np.linalg.lstsq(voxels[:, there], voxels, rcond=None)
        found = line(torch.tensor([code.vector]))[0].detach().numpy()
        assert np.allclose(found[:, there], wanted.T, atol=2e-4)
        assert not found[:, ~there].any()


def test_before_training_what_is_there_is_copied_and_foretells_nothing() -> None:
    weights = ConditionalMean(3)(torch.tensor([[1, 0, 1]]))
    assert torch.allclose(weights, torch.diag(torch.tensor([1.0, 0, 1]))[None], atol=1e-6)


def test_line_and_network_are_added(network: Synthesiser) -> None:
    x, code = torch.randn(2, 5, 8, 16, 12), torch.tensor([[1, 0, 0, 1, 0], [0, 1, 1, 0, 1]])
    line = torch.einsum("bij,bj...->bi...", network.line(code), x * code[:, :, None, None, None])
    assert torch.allclose(network(x, code), network.autoencoder(x, code) + line, atol=1e-5)


def test_folded_equals_unfolded_for_every_code(network: Synthesiser) -> None:
    x = torch.randn(2, 5, 8, 8, 8)
    with torch.no_grad():
        for code in Code.all():
            vector = torch.tensor(code.vector)
            assert float((network.fold(vector)(x) - network(x, vector.expand(2, 5))).abs().max()) <= 1e-5


def test_what_two_sequences_share_is_learnt_at_once() -> None:
    """T2 = -0.8 T1 in every voxel: the line finds it, and carries edges that no blur reaches."""
    torch.manual_seed(0)
    network = build({"architecture": "synthesiser", "preset": "tiny"})
    code = torch.tensor([[1, 0, 0, 0, 0]])
    optimiser = torch.optim.Adam(network.parameters(), 3e-2)
    for _ in range(120):
        x = torch.randn(1, 5, 8, 8, 8)
        x[:, 2] = -0.8 * x[:, 0]
        loss = (network(x, code)[:, 2] - x[:, 2]).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.05
    assert network.line(code)[0, 2, 0].item() < -0.4
