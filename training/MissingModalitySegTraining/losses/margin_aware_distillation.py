"""Margin-aware distillation: the student learns how the teacher's voxels relate, most where the teacher is unsure."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

LARGEST_GRID = 8
SCALES = 3


def margin_aware_distillation(
    teacher_features: Sequence[Tensor], student_features: Sequence[Tensor], teacher_logits: Tensor
) -> Tensor:
    """L_KD = Σ_l L_MAD(f_l^t, f_l^s) (paper “all-stage missing modality”, eq. 4) over the three deepest scales.

    The features are lists from fine to coarse of (B, C, D, H, W), the logits (B, R, D, H, W) of independent regions.
    The paper cites the classification form, which compares the samples of a batch and is zero for a batch of one; this
    is the voxel form (ours), in which the voxels of one sample take the samples' place. That it reads the three deepest
    scales is ours too. The teacher is detached; the mean is over the batch.
    """
    pairs = list(zip(teacher_features[-SCALES:], student_features[-SCALES:], strict=True))
    with torch.autocast(teacher_logits.device.type, enabled=False):
        return torch.stack([_at_scale(t.detach(), s, teacher_logits.detach()) for t, s in pairs]).sum()


def _at_scale(teacher: Tensor, student: Tensor, logits: Tensor) -> Tensor:
    """L_MAD at one scale: Σᵢ wᵢ‖Gᵗᵢ - Gˢᵢ‖², G = FFᵀ with L2-normalised rows, F the N x C matrix of pooled features."""
    grid = [min(size, LARGEST_GRID) for size in teacher.shape[2:]]
    weights = _margin(F.adaptive_avg_pool3d(logits.float().sigmoid(), grid))
    difference = _relations(teacher, grid) - _relations(student, grid)
    return (weights * difference.square().sum(2)).sum(1).mean()


def _relations(features: Tensor, grid: list[int]) -> Tensor:
    """(B, N, N): every row a voxel's similarities to all voxels, of length one."""
    matrix = F.adaptive_avg_pool3d(features.float(), grid).flatten(2)  # B C N
    return F.normalize(matrix.transpose(1, 2) @ matrix, dim=2)


def _margin(probabilities: Tensor) -> Tensor:
    """wᵢ (B, N): the teacher's entropy at each pooled voxel, summed over regions, as a share of the whole.

    Probabilities are pooled before the entropy is taken, so that a coarse voxel which a border crosses counts as margin
    even when the teacher is sure of each half. Where the teacher is sure of everything, the weights become equal.
    """
    p = probabilities.flatten(2).clamp(1e-7, 1 - 1e-7)
    entropy = -(p * p.log() + (1 - p) * (1 - p).log()).sum(1)
    return entropy / entropy.sum(1, keepdim=True)
