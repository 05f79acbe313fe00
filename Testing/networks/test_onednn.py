"""The convolutions of the context against torch's own in float64, and which code they reach."""

import platform

import pytest
import torch
from torch.nn import functional as F
from torch.profiler import profile

from MissingModalitySegLib.networks.onednn import convolutions

CPU = torch.device("cpu")
ARGUMENTS = [
    {},
    {"padding": 1},
    {"stride": 2},
    {"stride": 2, "padding": 1},
    {"stride": (1, 2, 1), "padding": (1, 0, 2)},
    {"stride": (3, 1, 1)},
    {"dilation": 2},
    {"dilation": (2, 1, 1), "stride": 2, "padding": 2},
    {"padding": "same"},
    {"groups": 2},
]


def numbers(depth, groups=1):
    torch.manual_seed(0)
    return torch.randn(1, 4, depth, 9, 10), torch.randn(6, 4 // groups, 3, 3, 3), torch.randn(6)


@pytest.mark.parametrize("depth", [5, 8, 9])
@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_answers_are_torchs(arguments, depth):
    x, weight, bias = numbers(depth, arguments.get("groups", 1))
    expected = F.conv3d(x.double(), weight.double(), bias.double(), **arguments).float()
    with torch.inference_mode(), convolutions(CPU):
        torch.testing.assert_close(F.conv3d(x, weight, bias, **arguments), expected, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(
            F.conv3d(x, weight, **arguments), expected - bias.view(-1, 1, 1, 1), rtol=1e-4, atol=1e-4
        )


@pytest.mark.parametrize("depth", [5, 8, 9])
@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_gradients_are_torchs(arguments, depth):
    exact = [tensor.double().requires_grad_() for tensor in numbers(depth, arguments.get("groups", 1))]
    answer = F.conv3d(*exact, **arguments)
    answer.square().sum().backward()
    inputs = [tensor.detach().float().requires_grad_() for tensor in exact]
    with convolutions(CPU):
        ours = F.conv3d(*inputs, **arguments)
    torch.testing.assert_close(ours, answer.float(), rtol=1e-4, atol=1e-4)
    ours.square().sum().backward()
    for tensor, reference in zip(inputs, exact, strict=True):
        torch.testing.assert_close(tensor.grad, reference.grad.float(), rtol=1e-3, atol=1e-3)


def slow_calls(step):
    with profile() as recorded:
        step()
    return sum(event.count for event in recorded.key_averages() if "slow_conv3d" in event.key)


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="there the context does nothing")
def test_torchs_own_code_is_not_reached():
    x, weight, bias = (tensor.requires_grad_() for tensor in numbers(8))

    def step():
        F.conv3d(x, weight, bias, padding=1).sum().backward()

    assert slow_calls(step)  # or torch has changed its rule, and the context is not needed any more
    with convolutions(CPU):
        assert not slow_calls(step)
    with convolutions(CPU), torch.no_grad():
        assert not slow_calls(lambda: F.conv3d(x, weight, bias, padding=1))


def test_other_types_are_left_alone():
    x, weight, bias = (tensor.double() for tensor in numbers(8))
    with convolutions(CPU):
        assert torch.equal(F.conv3d(x, weight, bias), torch.conv3d(x, weight, bias))
    with convolutions(CPU, torch.bfloat16), torch.autocast("cpu", torch.bfloat16):
        assert F.conv3d(x.float(), weight.float()).dtype == torch.bfloat16
