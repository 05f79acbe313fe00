"""Checks and masking shared by all networks: what comes in is what the network was built for, or a clear error."""

from __future__ import annotations

import torch
from torch import Tensor

from ..errors import InputError


def mask_channels(x: Tensor, code: Tensor) -> Tensor:
    """Zero the channels of `x` (B, K, …) that `code` (B, K) marks as missing.

    A selection, not a product: whatever a missing channel holds, NaN included, cannot leak.
    """
    present = code.to(torch.bool).reshape(*code.shape, *[1] * (x.ndim - 2))
    return torch.where(present, x, x.new_zeros(()))


def check_image(x: Tensor, channels: int, multiple: int) -> None:
    """Raise `InputError` unless `x` is B x `channels` x D x H x W, floating, with sizes that `multiple` divides."""
    if not isinstance(x, Tensor) or not x.is_floating_point():
        kind = x.dtype if isinstance(x, Tensor) else type(x).__name__
        raise InputError(
            "wrong-image-type", f"The network takes tensors of floating-point numbers, not {kind}.", "Convert it first."
        )
    if x.ndim != 5 or x.shape[1] != channels:
        raise InputError(
            "wrong-channel-count",
            f"The network takes batches of {channels} volumes (B, {channels}, D, H, W), not shape {tuple(x.shape)}.",
            "Put each modality into its channel and leave zeros where one is missing.",
        )
    if len(x) == 0:
        raise InputError("empty-batch", "The batch holds no image.", "Give one image or more.")
    if any(size % multiple or size == 0 for size in x.shape[2:]):
        raise InputError(
            "size-not-divisible",
            f"The spatial size {tuple(x.shape[2:])} is not divisible by {multiple}.",
            f"Pad each axis to the next multiple of {multiple}.",
        )


def check_code(code: Tensor, batch: int, channels: int) -> None:
    """Raise `InputError` unless `code` is (`batch`, `channels`) of zeros and ones with a one in every row."""
    if not isinstance(code, Tensor) or code.is_complex():
        raise InputError("bad-code-vector", "A code is a tensor of zeros and ones.", "Convert it first.")
    if tuple(code.shape) != (batch, channels):
        raise InputError(
            "wrong-code-shape",
            f"The code has shape {tuple(code.shape)}; the batch needs ({batch}, {channels}).",
            "Give one row of zeros and ones per sample.",
        )
    values = code.detach().to("cpu", torch.float32)
    if not bool(((values == 0) | (values == 1)).all()):
        raise InputError(
            "bad-code-vector", "A code holds zeros and ones only.", "Noise on the code is the gate's affair."
        )
    if bool((values.sum(1) == 0).any()):
        raise InputError("empty-code", "No modality is available.", "Every sample needs at least one modality.")
