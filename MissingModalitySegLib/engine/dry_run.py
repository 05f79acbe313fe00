"""What a pass will cost, before anything is computed: the network is walked through with tensors that have no data."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

from ..networks.streaming import heard_by

POINTWISE = 60
"""Multiplications and additions of a convolution that take as long as one number read and written by anything else.

Measured on CPUs in bfloat16; it decides how evenly progress runs, nothing more.
"""

SCRATCH = 2.5
"""Copies of a convolution's input that kernels make in layouts of their own, at most, as measured on CPUs."""

_ALWAYS = 32 * 2**20
"""Bytes that kernels and the allocator take whatever the size."""


@dataclass(frozen=True)
class DryRun:
    """`shares[i]`: the part of all work that is done at the i-th beat; a layer's answer is one, and a slab of a layer.

    `operations` are the multiplications and additions of all convolutions and matrix products, 2 per pair; `peak_bytes`
    the most that all tensors of the pass take at one time, input and output included, weights and scratch space not;
    `largest_bytes` the largest input of a single convolution, which is what scratch space goes by.
    """

    shares: tuple[float, ...]
    operations: int
    peak_bytes: int
    largest_bytes: int

    @property
    def needed_bytes(self) -> int:
        """What a pass takes at its peak: all living tensors and the scratch space of kernels."""
        return int(self.peak_bytes + SCRATCH * self.largest_bytes) + _ALWAYS


@torch.inference_mode()
def dry_run(network: nn.Module, shape: tuple[int, ...]) -> DryRun:
    """Walk `network` through with a float32 input of `shape` (B, K, X, Y, Z); takes milliseconds per hundred layers."""
    twin = copy.deepcopy(network).to("meta")
    ledger = _Ledger()
    work: list[float] = []
    with ledger, beats(twin, lambda: work.append(ledger.work)):
        image = torch.empty(shape, device="meta")
        output = twin(image)
        del output
    return DryRun(
        tuple(done / ledger.work for done in work), ledger.operations, ledger.peak_bytes, ledger.largest_bytes
    )


@contextmanager
def beats(network: nn.Module, listener: Callable[[], None]) -> Iterator[None]:
    """While it lasts, `listener` is called whenever a layer of `network` has answered and after every slab of one.

    Layers are the modules that contain no others. What the listener raises leaves the network at once.
    """
    layers = [module for module in network.modules() if not any(True for _ in module.children())]
    hooks = [layer.register_forward_hook(lambda *_: listener()) for layer in layers]
    try:
        with heard_by(listener):
            yield
    finally:
        for hook in hooks:
            hook.remove()


class _Ledger(TorchDispatchMode):
    """Adds up work and living tensors while it is the mode."""

    def __init__(self) -> None:
        super().__init__()
        self.work, self.operations = 0.0, 0
        self.bytes, self.peak_bytes, self.largest_bytes = 0, 0, 0
        self._known: weakref.WeakKeyDictionary[Any, None] = weakref.WeakKeyDictionary()

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        result = func(*args, **(kwargs or {}))
        outputs = [value for value in tree_iter(result) if isinstance(value, Tensor)]
        for tensor in outputs:
            self._keep(tensor)
        operations = _operations(func, args, outputs)
        if operations:
            self.largest_bytes = max(self.largest_bytes, args[0].nbytes)
        self.operations += operations
        self.work += operations + POINTWISE * sum(tensor.numel() for tensor in outputs)
        return result

    def _keep(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        if storage in self._known:
            return
        self._known[storage] = None
        size = storage.nbytes()
        self.bytes += size
        self.peak_bytes = max(self.peak_bytes, self.bytes)
        weakref.finalize(storage, self._release, size).atexit = False

    def _release(self, size: int) -> None:
        self.bytes -= size


def _operations(func: Any, args: tuple, outputs: list[Tensor]) -> int:
    """Multiplications and additions of a convolution or matrix product; 0 for anything else."""
    name = func.overloadpacket.__name__
    # Without gradients operations arrive by the name they were called with, else as the kernel they stand for.
    if name in ("conv3d", "conv_transpose3d", "convolution"):
        image, weight = args[0], args[1]
        transposed = args[6] if name == "convolution" else name == "conv_transpose3d"
        # Every number of the image (transposed: the answer is spread) or of the answer (else: it is gathered) meets
        # each weight of its channel once.
        return 2 * (image if transposed else outputs[0]).numel() * (weight.numel() // weight.shape[0])
    if name in ("mm", "bmm", "addmm", "baddbmm", "matmul", "linear"):
        factor = args[1] if name in ("addmm", "baddbmm") else args[0]  # the first argument of these is added
        return 2 * outputs[0].numel() * factor.shape[-1]
    return 0
