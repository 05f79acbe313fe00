"""The curriculum from specialists to a team (eq. 2 of Zhang et al., MICCAI 2024)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from MissingModalitySegLib.errors import InputError

from .deep_supervision import Loss, deep_supervision_loss


def specialisation_weight(epoch: float, total: float) -> float:
    """f = (1 - epoch/total)²: 1 at the start, 0 at the end. Raises `InputError` outside 0 … `total`."""
    if not (total > 0 and 0 <= epoch <= total):
        raise InputError("epoch-out-of-range", f"Epoch {epoch} is not between 0 and {total}.")
    return (1 - epoch / total) ** 2


def curriculum_loss(
    specialist: Sequence[Tensor], mixture: Sequence[Tensor], target: Tensor, loss: Loss, weight: float
) -> Tensor:
    """L_cl = f · Σᵢ 1[X ∈ Mᵢ] · Lᵢ + (1 - f) · L_MoME, a scalar.

    `specialist` are the levels of the expert of each sample's own modality (`ImageLevels.specialist`), `mixture` those
    of the whole (`ImageLevels.mixture`), `weight` is f. D: the first term is averaged over the batch like the second:
    `loss` is a mean over samples, and each sample has one expert.
    """
    own = deep_supervision_loss(specialist, target, loss)
    return weight * own + (1 - weight) * deep_supervision_loss(mixture, target, loss)
