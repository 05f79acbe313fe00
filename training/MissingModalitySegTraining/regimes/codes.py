"""Drawing modality codes for training."""

from __future__ import annotations

import torch
from torch import Tensor


def draw_codes(available: Tensor, generator: torch.Generator) -> Tensor:
    """For each row of `available` (B, K), one of its non-empty subsets, all equally likely; (B, K) of zeros and ones.

    Uniform over codes (Novosad et al., eq. 2). Where a sample lacks modalities from the start, the codes are those of
    what it has.
    """
    drawn = torch.zeros_like(available)
    for row, has in enumerate(available.bool().cpu()):
        channels = has.nonzero().flatten()
        mask = int(torch.randint(1, 2 ** len(channels), (), generator=generator))
        for bit, channel in enumerate(channels.tolist()):
            drawn[row, channel] = mask >> bit & 1
    return drawn
