"""Convolutions whose kernel depends on the code, for batches in which every sample has a code of its own."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ConditionalConv3d(nn.Module):
    """A 3x3x3 convolution with weights and biases that are a function of the code.

    Subclasses say which function (`kernels`). One convolution per sample is all it costs, whatever made the kernel.
    """

    def kernels(self, code: Tensor) -> tuple[Tensor, Tensor]:
        """Weights (B, out, in, 3, 3, 3) and biases (B, out) for `code` (B, K); deterministic."""
        raise NotImplementedError

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        if not self.training and bool((code == code[:1]).all()):
            code = code[:1]  # one code for the whole batch, as in inference: one kernel
        # A kernel is small: making it in full precision costs nothing, and the convolution rounds it as it likes.
        with torch.autocast(x.device.type, enabled=False):
            weight, bias = self.kernels(code)
        return convolve_each(x, weight, bias)


def convolve_each(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Convolve sample b of `x` (B, in, D, H, W) with `weight[b]` (out, in, 3, 3, 3) and `bias[b]` (out,).

    With one kernel (first dimension 1) it serves all samples. With as many kernels as samples, two ways lead to the
    same numbers: a grouped convolution, the samples side by side as channels, which is what a GPU wants; and one
    convolution after the other, which on a CPU is up to five times faster (`onednn` minds the small ones).
    """
    if len(weight) == 1:
        return F.conv3d(x, weight[0], bias[0], padding=1)
    if x.device.type == "cpu":
        samples = zip(x.split(1), weight, bias, strict=True)  # split, not indexing: its gradient is one concatenation
        return torch.cat([F.conv3d(sample, w, b, padding=1) for sample, w, b in samples])
    return grouped(x, weight, bias)


def grouped(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The same as one convolution, with as many kernels as samples."""
    batch = len(x)
    side_by_side = x.reshape(1, -1, *x.shape[2:])  # 1 B·in D H W
    answers = F.conv3d(side_by_side, weight.flatten(0, 1), bias.flatten(), padding=1, groups=batch)
    return answers.reshape(batch, -1, *x.shape[2:])
