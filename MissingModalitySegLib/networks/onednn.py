"""Small float32 convolutions of one image on a CPU, which torch does with slower code of its own and not by oneDNN.

It does so for a batch of one that has no more than 20,480 elements, the last axis not counted: a rule made for
pictures. On volumes that code takes up to twenty times as long (measured with torch 2.13). Larger images, batches,
grouped convolutions and other types are not affected.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

FEW = 20480
"""The elements that torch's rule calls few."""


def convolutions(device: torch.device, dtype: torch.dtype = torch.float32) -> AbstractContextManager[Any]:
    """A context in which float32 convolutions in 3D on an x86 CPU go to oneDNN; elsewhere it does nothing.

    Gradients pass through it, and have the same way.
    """
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    if device.type == "cpu" and dtype == torch.float32 and x86 and torch.backends.mkldnn.is_available():
        return _OneDNNConvolutions()
    return nullcontext()


class _OneDNNConvolutions(TorchFunctionMode):
    def __torch_function__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        if func is F.conv3d:
            return _conv3d(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


def _conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | str | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Tensor:
    """`F.conv3d` with its arguments; what oneDNN cannot take (another type, padding by name) goes the usual way."""
    if (
        input.ndim != 5
        or isinstance(padding, str)
        or {input.dtype, weight.dtype} != {torch.float32}
        or torch.is_autocast_enabled("cpu")
    ):
        return F.conv3d(input, weight, bias, stride, padding, dilation, groups)
    strides, pads, gaps = (
        [value] * 3 if isinstance(value, int) else [*value] * (3 // len(value)) for value in (stride, padding, dilation)
    )
    if not torch.is_grad_enabled():
        return torch.mkldnn_convolution(input, weight, bias, pads, strides, gaps, groups)
    small = len(input) == 1 and input.shape[1:4].numel() <= FEW and weight.shape[2:].numel() > 1
    if groups > 1 or not small:  # which torch gives to oneDNN itself, or computes well enough
        return F.conv3d(input, weight, bias, strides, pads, gaps, groups)
    return _in_halves(input, weight, bias, strides, pads, gaps)


def _in_halves(
    image: Tensor, weight: Tensor, bias: Tensor | None, stride: list[int], padding: list[int], dilation: list[int]
) -> Tensor:
    """Both halves of the answer, as a batch of two: by whose size torch chooses the code of gradients too."""
    padded = F.pad(image, (0, 0, 0, 0, padding[0], padding[0]))
    reach = dilation[0] * (weight.shape[2] - 1) + 1  # of one slice of the answer
    slices = (padded.shape[2] - reach) // stride[0] + 1
    half = (slices + 1) // 2
    needed = (half - 1) * stride[0] + reach
    starts = (0, (slices - half) * stride[0])  # of an odd number of slices, the one in the middle is computed twice
    halves = torch.cat([padded[:, :, start : start + needed] for start in starts])
    lower, upper = F.conv3d(halves, weight, bias, stride, [0, *padding[1:]], dilation).split(1)
    return torch.cat((lower, upper[:, :, 2 * half - slices :]), dim=2)
