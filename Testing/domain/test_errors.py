"""How a lack of memory is told from other errors."""

from __future__ import annotations

import errno

import pytest
import torch

from MissingModalitySegLib.errors import InputError, ResourceError, ran_out_of_memory


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate …"), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 17 GB …)"), True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), True),
        (RuntimeError("std::bad_alloc"), True),
        (ImportError("libtorch_cpu.so: failed to map segment from shared object"), True),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), True),
        (ResourceError("out-of-memory", "The memory is exhausted."), True),
        (ResourceError("disk-full", "The disk is full; out of memory it is not."), False),
        (InputError("bad-option", "The option is out of memory."), False),
        (RuntimeError("The size of tensor a (3) must match the size of tensor b (4)"), False),
        (ImportError("cannot import name 'memory'"), False),
        (OSError("out of memory"), False),
    ],
)
def test_running_out_of_memory(error: BaseException, expected: bool) -> None:
    assert ran_out_of_memory(error) is expected


def test_really_running_out_of_memory() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert ran_out_of_memory(caught.value)
