"""A zero that hangs on tensors: they take part in a loss and change nothing."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor


def attached_zero(tensors: Iterable[Tensor]) -> Tensor:
    """The number 0, whose gradient is zero, and not absent, in each of `tensors` (of one dimension or more).

    Training on several devices waits for the gradient of every trained parameter; an optimiser step of an expert or a
    head that a batch did not use needs one too. Nothing is multiplied by zero, so infinities among the values do not
    become NaN.
    """
    terms = [tensor[:0].sum(dtype=torch.float32) for tensor in tensors]
    return torch.stack(terms).sum() if terms else torch.zeros(())
