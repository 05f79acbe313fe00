"""Convolutions and norms of large volumes on a CPU, slab by slab.

Over a whole brain at full size, a norm, an activation and a convolution that are computed one after the other write
three volumes that no cache holds, and the convolution's kernel copies its input into a layout of its own besides. Cut
into slabs along the first axis, all of that stays in the cache; memory falls to half and there is an occasion every few
milliseconds to say how far the work is, or to stop it. The result is the same within rounding: norms use the statistics
of the whole volume.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SLAB_BYTES = 16 * 2**20
"""What a slab of the larger of input and output takes: several fit a processor's cache. Layers at the border of two
slabs are normalised twice, which with thinner slabs would weigh."""

_streaming: ContextVar[bool] = ContextVar("streaming", default=False)
_listener: ContextVar[Callable[[], None] | None] = ContextVar("listener", default=None)


@contextmanager
def streaming(wanted: bool = True) -> Iterator[None]:
    """Within it, layers may be computed slab by slab and may overwrite what they were given."""
    token = _streaming.set(wanted)
    try:
        yield
    finally:
        _streaming.reset(token)


@contextmanager
def heard_by(listener: Callable[[], None]) -> Iterator[None]:
    """Within it, `listener` is called after every slab; what it raises ends the work."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def streams(x: Tensor) -> bool:
    """Whether `x` (1, C, D, H, W) is to be computed slab by slab: one image, large, and nobody wants gradients."""
    return _streaming.get() and len(x) == 1 and not torch.is_grad_enabled() and x.nbytes >= 2 * SLAB_BYTES


def convolve(
    x: Tensor,
    convolution: nn.Conv3d,
    norm: nn.Module | None = None,
    slope: float | None = None,
    plus: Callable[[slice], Tensor] | None = None,
    into: Tensor | None = None,
) -> Tensor:
    """convolution(activation(norm(x))) + plus, slab by slab; kernel 3 with padding 1 or kernel 1, stride 1.

    `slope` is that of a (leaky) ReLU below zero, None for none. `plus` gives the slab of what is added. The result may
    go `into` a tensor that `plus` reads, since every slab is written after it was read.
    """
    halo = convolution.kernel_size[0] // 2
    depth, height, width = x.shape[2:]
    channels = convolution.out_channels
    if into is None:
        shape = (1, channels, depth, height, width)
        into = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=_layout(x))
    scaled = None if norm is None else _scaling(x, norm)
    weight, bias = convolution.weight, convolution.bias
    for part in _slabs(into if channels > x.shape[1] else x):
        low, high = max(part.start - halo, 0), min(part.stop + halo, depth)
        slab = x[:, :, low:high]
        if scaled is not None:
            slab = scaled(slab)
        if slope is not None:
            slab = F.leaky_relu(slab, slope, inplace=scaled is not None)
        above, below = halo - (part.start - low), halo - (high - part.stop)
        if above or below:  # the volume's own end: zeros after the norm, as the convolution's padding has them
            slab = F.pad(slab, (0, 0, 0, 0, above, below))
        answer = F.conv3d(slab, weight, bias, padding=(0, halo, halo))
        if plus is not None:
            answer += plus(part)
        into[:, :, part] = answer
        _beat()
    return into


def normalise_(x: Tensor, norm: nn.Module, slope: float) -> Tensor:
    """leaky_relu(norm(x), slope) in place, slab by slab."""
    scaled = _scaling(x, norm)
    for part in _slabs(x):
        x[:, :, part] = F.leaky_relu_(scaled(x[:, :, part]), slope)
        _beat()
    return x


def _slabs(x: Tensor) -> Iterator[slice]:
    """Slices of the first spatial axis of `x` that hold `SLAB_BYTES` at most, or one layer; as even as can be."""
    depth = x.shape[2]
    count = min(-(-x.nbytes // SLAB_BYTES), depth)
    for index in range(count):
        yield slice(index * depth // count, (index + 1) * depth // count)


def _scaling(x: Tensor, norm: nn.Module) -> Callable[[Tensor], Tensor]:
    """What normalises slabs of `x` as the group or instance norm `norm` would normalise all of it.

    It is a batch norm that was told its scale and shift.
    """
    mean, variance = _statistics(x, getattr(norm, "num_groups", x.shape[1]), norm.eps)
    scale = torch.rsqrt(variance + norm.eps)
    if norm.weight is not None:
        scale = scale * norm.weight.float()
    shift = -mean * scale if norm.bias is None else norm.bias.float() - mean * scale
    if x.dtype == torch.float32 and _layout(x) == torch.contiguous_format:  # there the batch norm is slow
        scale, shift = scale.view(-1, 1, 1, 1), shift.view(-1, 1, 1, 1)
        return lambda slab: torch.addcmul(shift, slab, scale)
    zero, one = torch.zeros_like(mean), torch.ones_like(mean)
    return lambda slab: F.batch_norm(slab, zero, one, scale, shift, training=False, eps=0.0)


def _statistics(x: Tensor, groups: int, eps: float) -> tuple[Tensor, Tensor]:
    """Mean and population variance (C,) of the group over `x` that each channel belongs to, float32.

    The statistics of the slabs are those of torch's own group norm, which is several times faster than its variance;
    they are joined as Chan, Golub and LeVeque do (1979), so that nothing cancels.
    """
    channels, count, mean, squares = x.shape[1], 0, None, None
    one = torch.ones(channels, device=x.device)
    if x.is_meta:
        return one, one
    for part in _slabs(x):
        slab = x[:, :, part].contiguous(memory_format=_layout(x))
        more = slab[0, 0].numel()
        _, own, inverse = torch.native_group_norm(slab, one, one, 1, channels, more, channels, eps)
        own, inverse = own[0].float(), inverse[0].float()
        deviations = (inverse.square().reciprocal() - eps).clamp(min=0) * more
        if mean is None:
            mean, squares = own, deviations
        else:
            change = own - mean
            mean = mean + change * (more / (count + more))
            squares = squares + deviations + change.square() * (count * more / (count + more))
        count += more
    variance = squares / count
    if groups < channels:  # the variance of a group: within its channels, and between their means
        means = mean.unflatten(0, (groups, -1))
        of_group = means.mean(1, keepdim=True)
        variance = variance.unflatten(0, (groups, -1)) + (means - of_group).square()
        variance = variance.mean(1, keepdim=True).expand_as(means).flatten()
        mean = of_group.expand_as(means).flatten()
    return mean, variance


def _layout(x: Tensor) -> torch.memory_format:
    last = x.shape[1] > 1 and x.stride(1) == 1
    return torch.channels_last_3d if last else torch.contiguous_format


def _beat() -> None:
    listener = _listener.get()
    if listener is not None:
        listener()
