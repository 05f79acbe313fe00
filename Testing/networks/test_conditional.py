import pytest
import torch
from torch.nn import functional as F

from MissingModalitySegLib.networks.conditional import convolve_each, grouped


def one_by_one(x, weight, bias):
    """The same in float64, one output at a time over shifted copies of the padded input."""
    size = x.shape[2:]
    padded = F.pad(x.double(), (1,) * 6)
    out = bias.double()[:, :, None, None, None].expand(len(x), -1, *size).clone()
    for i in range(3):
        for j in range(3):
            for k in range(3):
                window = padded[:, :, i : i + size[0], j : j + size[1], k : k + size[2]]
                out += torch.einsum("boi,bidhw->bodhw", weight.double()[..., i, j, k], window)
    return out


@pytest.mark.parametrize(("channels", "size"), [(6, (8, 8, 6)), (40, (24, 24, 2))])
@pytest.mark.parametrize("kernels", [1, 3])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last_3d])
def test_every_sample_meets_its_own_kernel(channels, size, kernels, memory_format):
    torch.manual_seed(0)
    x = torch.randn(3, channels, *size).to(memory_format=memory_format)
    weight, bias = torch.randn(kernels, 5, channels, 3, 3, 3), torch.randn(kernels, 5)
    expected = one_by_one(x, weight.expand(3, *weight.shape[1:]), bias.expand(3, 5))
    torch.testing.assert_close(convolve_each(x, weight, bias).double(), expected, rtol=1e-4, atol=1e-3)
    if kernels > 1:
        torch.testing.assert_close(grouped(x, weight, bias).double(), expected, rtol=1e-4, atol=1e-3)


def test_both_ways_have_the_same_gradients():
    torch.manual_seed(0)
    weight, bias = torch.randn(2, 4, 3, 3, 3, 3), torch.randn(2, 4)
    x = torch.randn(2, 3, 6, 6, 6)
    gradients = []
    for way in (convolve_each, grouped):
        inputs = [tensor.detach().double().requires_grad_() for tensor in (x, weight, bias)]
        way(*inputs).square().sum().backward()
        gradients.append([tensor.grad for tensor in inputs])
    for first, second in zip(*gradients, strict=True):
        torch.testing.assert_close(first, second)
