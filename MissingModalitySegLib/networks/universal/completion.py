"""x̂_f: the recovered ‘full modality’ image (section 3.2)."""

from __future__ import annotations

from torch import Tensor, where


def complete(x: Tensor, code: Tensor, reconstructed: Tensor) -> Tensor:
    """Take `x` (B, K, D, H, W) where `code` (B, K) has the modality, `reconstructed` elsewhere.

    A selection: what an absent channel of `x` holds does not matter, and the gradient reaches the reconstruction in
    absent channels only.
    """
    return where(code.bool()[:, :, None, None, None], x, reconstructed.to(x.dtype))
