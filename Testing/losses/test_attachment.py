"""The zero that makes tensors take part in a loss."""

import torch

from MissingModalitySegTraining.losses.attachment import attached_zero


def test_zero_with_a_gradient_of_zero_whatever_the_values() -> None:
    tensors = [
        torch.full((2, 3), float("inf"), requires_grad=True),
        torch.ones(4, dtype=torch.float16).requires_grad_(),
    ]
    zero = attached_zero(tensors)
    assert zero == 0
    assert zero.dtype == torch.float32
    (zero + 1).backward()
    assert all(torch.equal(tensor.grad, torch.zeros_like(tensor)) for tensor in tensors)


def test_of_nothing() -> None:
    assert attached_zero([]) == 0
