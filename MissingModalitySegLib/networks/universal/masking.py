"""MASK(·) of eq. 3: drop modalities, then hide all but a few tokens."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ..configs import require
from ..inputs import check_code, mask_channels


@dataclass(frozen=True)
class MaskedInput:
    """What the autoencoder is shown.

    image: (B, K, D, H, W), zero where hidden; tokens: (B, K, ⌈D/16⌉, ⌈H/16⌉, ⌈W/16⌉), true where shown; code: (B, K),
    one for every modality that was not dropped.
    """

    image: Tensor
    tokens: Tensor
    code: Tensor


def mask_tokens(
    x: Tensor,
    code: Tensor,
    generator: torch.Generator,
    *,
    most_dropped: int = 3,
    keep: float = 0.125,
    token: int = 16,
) -> MaskedInput:
    """Hide modalities and tokens of `x` (B, K, D, H, W), of which `code` (B, K) names the available modalities.

    Per sample, uniformly: a number of modalities from 0 to `most_dropped` is dropped (one always stays), then exactly
    the fraction `keep` of all K·n tokens of `token`³ voxels is shown, drawn from those of the modalities left (all of
    these where they are fewer). The drawing is of M3AE, from which the paper takes it; counting over *all* tokens, so
    that the network sees the same amount of image whatever was dropped, is our reading. Where a size is no multiple of
    `token`, the last tokens are cut. Draws come from `generator` on the CPU: same seed, same mask on every device.

    Raises InputError for a code that does not fit or a fraction outside (0, 1].
    """
    require(0 < keep <= 1, "keep", f"{keep} is not a fraction in (0, 1].")
    require(token >= 1, "token", "a token has at least one voxel.")
    require(most_dropped >= 0, "most_dropped", "it cannot be negative.")
    batch, modalities = x.shape[:2]
    check_code(code, batch, modalities)
    grid = tuple(-(-size // token) for size in x.shape[2:])

    kept = torch.stack([_drop_modalities(row, most_dropped, generator) for row in code.to("cpu", torch.bool)])
    shown = torch.stack([_draw_tokens(row, grid, keep, generator) for row in kept]).to(x.device)
    voxels = F.interpolate(shown.to(torch.uint8), scale_factor=token, mode="nearest").to(torch.bool)
    voxels = voxels[..., : x.shape[2], : x.shape[3], : x.shape[4]]
    code = kept.to(code)
    return MaskedInput(torch.where(voxels, mask_channels(x, code), x.new_zeros(())), shown, code)


def _drop_modalities(available: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """`available` (K,) without 0..`most` of its ones."""
    ones = torch.nonzero(available, as_tuple=True)[0]
    count = int(torch.randint(min(most, len(ones) - 1) + 1, (), generator=generator))
    kept = available.clone()
    kept[ones[torch.randperm(len(ones), generator=generator)[:count]]] = False
    return kept


def _draw_tokens(kept: Tensor, grid: tuple[int, ...], keep: float, generator: torch.Generator) -> Tensor:
    """A token mask (K, *grid) with round(`keep`·K·n) ones, all in the modalities of `kept` (K,)."""
    shown = torch.zeros(len(kept), *grid, dtype=torch.bool)
    candidates = torch.nonzero(kept[:, None].expand(len(kept), shown[0].numel()).flatten(), as_tuple=True)[0]
    count = max(1, round(keep * shown.numel()))
    shown.view(-1)[candidates[torch.randperm(len(candidates), generator=generator)[:count]]] = True
    return shown
