"""Reconstruction of the available modalities, and its combination with the segmentation loss of a frozen network."""

from __future__ import annotations

import torch
from torch import Tensor

from MissingModalitySegLib.networks.inputs import check_code


def reconstruction_loss(reconstructed: Tensor, target: Tensor, available: Tensor) -> Tensor:
    """L_rec (paper “all-stage missing modality”, eq. 1): the squared error over the modalities that exist.

    reconstructed, target: (B, K, D, H, W); available: (B, K) of zeros and ones, the modalities the *subject* has, not
    those that masking left. Per sample the mean over its modalities, then the mean over the batch. The printed
    ‖x̂ᵢ - xᵢ‖² is taken as the mean over voxels: a sum would make λ in eq. 3 depend on the crop's size.

    What stands in an absent channel of either image, NaN included, changes neither value nor gradient.
    """
    check_code(available, *target.shape[:2])
    present = available.bool()
    difference = reconstructed.float() - target.float()
    selected = torch.where(present[:, :, None, None, None], difference, difference.new_zeros(()))
    per_modality = selected.square().mean(dim=(2, 3, 4))
    return (per_modality.sum(1) / present.sum(1)).mean()


def distribution_approximation_loss(
    reconstruction: Tensor, segmentation: Tensor, segmentation_weight: float = 0.1
) -> Tensor:
    """Eq. 3: L_rec(φ(MASK(x)), x) + λ·L_seg(f(φ(MASK(x))), y), λ = 0.1.

    `segmentation` is the loss of the frozen network f on *all* channels of the reconstruction, with the code of all
    ones: the gradient through f teaches φ the modalities that have no target. Freezing f means that its parameters take
    no gradient; its graph must stay (no `torch.no_grad`).
    """
    return reconstruction + segmentation_weight * segmentation
