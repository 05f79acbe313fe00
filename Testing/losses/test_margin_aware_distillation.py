"""Margin-aware distillation against numpy, voxel by voxel."""

import numpy as np
import pytest
import torch

from MissingModalitySegTraining.losses.margin_aware_distillation import margin_aware_distillation


def pooled(volume, grid):
    """Adaptive average pooling of (C, D, H, W): cell i of n averages from ⌊i·size/n⌋ to ⌈(i+1)·size/n⌉."""
    out = np.zeros((len(volume), *grid))
    for index in np.ndindex(*grid):
        cut = tuple(
            slice(i * size // n, -(-(i + 1) * size // n))
            for i, size, n in zip(index, volume.shape[1:], grid, strict=True)
        )
        out[(slice(None), *index)] = volume[(slice(None), *cut)].mean(axis=(1, 2, 3))
    return out


def relations(features, grid):
    matrix = pooled(features, grid).reshape(len(features), -1).T
    gram = matrix @ matrix.T
    return gram / np.linalg.norm(gram, axis=1, keepdims=True)


def written_out(teacher, student, logits):
    """Σ over scales of Σᵢ wᵢ‖Gᵗᵢ - Gˢᵢ‖², mean over samples."""
    total = 0.0
    for sample in range(len(logits)):
        probabilities = 1 / (1 + np.exp(-logits[sample]))
        for t, s in zip(teacher[-3:], student[-3:], strict=True):
            grid = [min(size, 8) for size in t.shape[2:]]
            p = pooled(probabilities, grid).reshape(len(probabilities), -1)
            entropy = -(p * np.log(p) + (1 - p) * np.log(1 - p)).sum(axis=0)
            g_t, g_s = relations(t[sample], grid), relations(s[sample], grid)
            for i, weight in enumerate(entropy / entropy.sum()):
                total += weight * ((g_t[i] - g_s[i]) ** 2).sum()
    return total / len(logits)


def drawn(seed, batch, channels):
    rng = np.random.default_rng(seed)
    sizes = [(20, 16, 12), (10, 8, 6), (5, 4, 3), (3, 2, 2)]
    return [rng.normal(size=(batch, c, *size)) for c, size in zip(channels, sizes, strict=True)], rng


def tensors(arrays):
    return [torch.tensor(array, dtype=torch.float32) for array in arrays]


@pytest.mark.parametrize("batch", [1, 2])
def test_it_is_the_written_out_loss(batch):
    teacher, rng = drawn(0, batch, (2, 3, 4, 5))
    student, _ = drawn(1, batch, (2, 3, 4, 5))
    # sure voxels side by side: what is pooled, probabilities or logits, makes all the difference
    logits = np.where(rng.random((batch, 3, 20, 16, 12)) < 0.2, -6.0, 12.0)
    found = margin_aware_distillation(tensors(teacher), tensors(student), tensors([logits])[0])
    assert found.item() == pytest.approx(written_out(teacher, student, logits), rel=1e-4)
    assert found.item() > 0.1


def test_teacher_and_student_may_have_different_widths():
    teacher, rng = drawn(0, 1, (2, 3, 4, 5))
    student, _ = drawn(1, 1, (3, 2, 6, 7))
    logits = rng.normal(size=(1, 1, 20, 16, 12))
    found = margin_aware_distillation(tensors(teacher), tensors(student), tensors([logits])[0])
    assert found.item() == pytest.approx(written_out(teacher, student, logits), rel=1e-4)


def test_equal_features_cost_nothing_and_their_scale_does_not_matter():
    features = tensors(drawn(0, 2, (2, 3, 4, 5))[0])
    logits = torch.randn(2, 3, 20, 16, 12, generator=torch.Generator().manual_seed(0))
    assert margin_aware_distillation(features, [3 * f for f in features], logits).item() == pytest.approx(0, abs=1e-9)


def test_only_the_student_is_taught():
    teacher = [f.requires_grad_(True) for f in tensors(drawn(0, 1, (2, 3, 4, 5))[0])]
    student = [f.requires_grad_(True) for f in tensors(drawn(1, 1, (2, 3, 4, 5))[0])]
    logits = torch.randn(1, 3, 20, 16, 12, requires_grad=True)
    margin_aware_distillation(teacher, student, logits).backward()
    assert logits.grad is None
    assert all(f.grad is None for f in teacher)
    assert student[0].grad is None  # the finest scale takes no part
    assert all(bool((f.grad != 0).all()) for f in student[1:])


def test_a_wrong_student_costs_more_where_the_teacher_is_unsure():
    generator = torch.Generator().manual_seed(0)
    teacher = [torch.rand(1, 4, 4, 4, 4, generator=generator) for _ in range(3)]
    student = [f.clone() for f in teacher]
    for f in student:
        f[..., 0] = torch.rand(1, 4, 4, 4, generator=generator)

    def cost(unsure_at):
        logits = torch.full((1, 1, 4, 4, 4), 12.0)
        logits[..., unsure_at] = 0.0
        return margin_aware_distillation(teacher, student, logits).item()

    assert cost(unsure_at=0) > 1.5 * max(cost(unsure_at=slab) for slab in (1, 2, 3))


@pytest.mark.parametrize("extreme", [-200.0, 200.0])
def test_a_teacher_sure_of_everything_weighs_all_voxels_alike(extreme):
    teacher = [f.requires_grad_(False) for f in tensors(drawn(0, 1, (2, 3, 4, 5))[0])]
    student = [f.requires_grad_(True) for f in tensors(drawn(1, 1, (2, 3, 4, 5))[0])]
    sure = margin_aware_distillation(teacher, student, torch.full((1, 3, 20, 16, 12), extreme))
    even = margin_aware_distillation(teacher, student, torch.zeros(1, 3, 20, 16, 12))
    assert sure.item() == pytest.approx(even.item(), rel=1e-4)
    sure.backward()
    assert all(bool(torch.isfinite(f.grad).all()) for f in student[1:])


def test_mixed_precision_does_not_change_it():
    teacher, student = (tensors(drawn(seed, 1, (2, 3, 4, 5))[0]) for seed in (0, 1))
    logits = torch.randn(1, 3, 20, 16, 12, generator=torch.Generator().manual_seed(0))
    plain = margin_aware_distillation(teacher, student, logits)
    with torch.autocast("cpu", torch.bfloat16):
        assert margin_aware_distillation(teacher, student, logits) == plain
