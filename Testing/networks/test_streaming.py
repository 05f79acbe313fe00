"""Layers slab by slab against the same layers at once, and what is heard meanwhile."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from MissingModalitySegLib.networks import streaming
from MissingModalitySegLib.networks.registry import ARCHITECTURES, build

LAYOUTS = [torch.contiguous_format, torch.channels_last_3d]


@pytest.fixture
def tiny_slabs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two or three layers of the small volumes here."""
    monkeypatch.setattr(streaming, "SLAB_BYTES", 6000)


def volume(channels: int, layout: torch.memory_format, depth: int = 11) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    x = 3 + torch.randn(1, channels, depth, 8, 10, generator=generator)
    x[:, :, 7:] *= 4  # the slabs differ in mean and deviation
    return x.contiguous(memory_format=layout)


def shaken(module: nn.Module) -> nn.Module:
    torch.manual_seed(1)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.5)
    return module.eval().requires_grad_(False)


@pytest.mark.usefixtures("tiny_slabs")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("groups", [6, 2, 1])
@pytest.mark.parametrize(("outputs", "kernel"), [(3, 3), (9, 3), (4, 1)])
def test_norm_activation_convolution(layout: torch.memory_format, groups: int, outputs: int, kernel: int) -> None:
    x = volume(6, layout)
    norm = shaken(nn.GroupNorm(groups, 6))
    convolution = shaken(nn.Conv3d(6, outputs, kernel, padding=kernel // 2))
    together = nn.Sequential(norm, nn.LeakyReLU(0.1), convolution)
    expected = together.double()(x.double()).float()
    together.float()
    with torch.inference_mode():
        found = streaming.convolve(x.clone(memory_format=torch.preserve_format), convolution, norm, 0.1)
    assert (found - expected).abs().max() < 1e-4 * expected.abs().max()
    assert found.is_contiguous(memory_format=layout)


@pytest.mark.usefixtures("tiny_slabs")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_sum_may_go_where_its_summand_was(layout: torch.memory_format) -> None:
    x, h = volume(4, layout), volume(5, layout).flip(2).contiguous(memory_format=layout)
    convolution = shaken(nn.Conv3d(5, 4, 3, padding=1))
    expected = x + convolution(h)
    with torch.inference_mode():
        found = streaming.convolve(h, convolution, plus=lambda part: x[:, :, part], into=x)
    assert found is x
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-4)


@pytest.mark.usefixtures("tiny_slabs")
@pytest.mark.parametrize("norm", [nn.GroupNorm(3, 6), nn.GroupNorm(6, 6), nn.InstanceNorm3d(6, affine=True)])
def test_a_norm_in_place(norm: nn.Module) -> None:
    x = volume(6, torch.contiguous_format)
    expected = nn.functional.leaky_relu(shaken(norm).double()(x.double()), 0.01).float()
    norm.float()
    with torch.inference_mode():
        found = streaming.normalise_(x, norm, 0.01)
    assert found is x
    assert (found - expected).abs().max() < 1e-4


@pytest.mark.usefixtures("tiny_slabs")
def test_a_constant_channel_becomes_its_shift() -> None:
    x = torch.full((1, 2, 9, 8, 10), 7.0)
    norm = nn.InstanceNorm3d(2, affine=True)
    nn.init.constant_(norm.bias, 0.5)
    with torch.inference_mode():
        assert (streaming.normalise_(x, norm, 0.01) - 0.5).abs().max() < 1e-3


@pytest.mark.usefixtures("tiny_slabs")
@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_network_gives_the_same(architecture: str, layout: torch.memory_format) -> None:
    torch.manual_seed(0)
    network = build({"architecture": architecture, "preset": "tiny"}).eval()
    code = torch.tensor([1.0, 0, 0, 1, 1])
    folded = network.fold(code).to(memory_format=layout)
    x = torch.randn(1, 5, 32, 16, 24).contiguous(memory_format=layout)
    kept, heard = x.clone(), []
    with torch.inference_mode():
        expected = folded(x)
        with streaming.streaming(), streaming.heard_by(lambda: heard.append(None)):
            found = folded(x)
    assert len(heard) > 20
    assert torch.equal(x, kept)
    assert (found - expected).abs().max() < 1e-4 * expected.abs().max().clamp(min=1)


def test_nothing_is_cut_without_need(monkeypatch: pytest.MonkeyPatch) -> None:
    x = volume(6, torch.contiguous_format)
    assert not streaming.streams(x)
    with torch.no_grad(), streaming.streaming():
        assert not streaming.streams(x)  # small
        monkeypatch.setattr(streaming, "SLAB_BYTES", 6000)
        assert streaming.streams(x)
        assert not streaming.streams(torch.cat([x, x]))
    with streaming.streaming():
        assert not streaming.streams(x)  # gradients
