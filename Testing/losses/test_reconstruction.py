"""Eq. 1 against plain loops, and that a modality without a target is out of the game altogether."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from MissingModalitySegLib.errors import InputError
from MissingModalitySegTraining.losses.reconstruction import distribution_approximation_loss, reconstruction_loss


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), masks=st.lists(st.integers(1, 15), min_size=1, max_size=3))
def test_it_is_eq_1(seed, masks):
    rng = np.random.default_rng(seed)
    reconstructed, target = rng.normal(size=(2, len(masks), 4, 3, 4, 5))
    available = [[mask >> i & 1 for i in range(4)] for mask in masks]
    total = 0.0
    for sample, row in enumerate(available):
        errors = [
            np.mean((reconstructed[sample, i] - target[sample, i]) ** 2) for i, present in enumerate(row) if present
        ]
        total += sum(errors) / len(errors)
    found = reconstruction_loss(torch.tensor(reconstructed), torch.tensor(target), torch.tensor(available))
    assert found.item() == pytest.approx(total / len(masks), rel=1e-5)


@pytest.mark.parametrize("foreign", [7.0, torch.nan, torch.inf])
def test_absent_targets_change_neither_value_nor_gradient(foreign):
    torch.manual_seed(0)
    available = torch.tensor([[1, 0, 1], [0, 1, 0]])
    target, reconstructed = torch.randn(2, 3, 4, 4, 4), torch.randn(2, 3, 4, 4, 4)
    absent = (available == 0)[:, :, None, None, None].expand_as(target)

    def value_and_gradient(target, reconstructed):
        reconstructed = reconstructed.clone().requires_grad_(True)
        loss = reconstruction_loss(reconstructed, target, available)
        loss.backward()
        return loss.detach(), reconstructed.grad

    value, gradient = value_and_gradient(target, reconstructed)
    for other in (
        (target.masked_fill(absent, foreign), reconstructed),
        (target, reconstructed.masked_fill(absent, foreign)),
    ):
        other_value, other_gradient = value_and_gradient(*other)
        assert torch.equal(other_value, value)
        assert torch.equal(other_gradient, gradient)
    assert bool((gradient[absent] == 0).all())
    assert bool((gradient[~absent] != 0).all())


def test_a_subject_weighs_the_same_however_many_modalities_it_has():
    target, reconstructed = torch.zeros(2, 4, 2, 2, 2), torch.ones(2, 4, 2, 2, 2)
    reconstructed.requires_grad_(True)
    reconstruction_loss(reconstructed, target, torch.tensor([[1, 0, 0, 0], [1, 1, 1, 1]])).backward()
    first, second = reconstructed.grad.flatten(1).sum(1)
    assert first == second


def test_half_precision_images_are_compared_in_full_precision():
    image = torch.full((1, 1, 16, 16, 16), 300.0, dtype=torch.float16)
    assert reconstruction_loss(image, torch.zeros_like(image), torch.ones(1, 1)).item() == 90000


def test_eq_3_weighs_the_segmentation_loss_by_a_tenth():
    reconstruction, segmentation = torch.tensor(2.0, requires_grad=True), torch.tensor(5.0, requires_grad=True)
    loss = distribution_approximation_loss(reconstruction, segmentation)
    loss.backward()
    assert loss.item() == pytest.approx(2.5)
    assert (reconstruction.grad.item(), segmentation.grad.item()) == pytest.approx((1, 0.1))


@pytest.mark.parametrize("available", [torch.zeros(1, 3), torch.ones(1, 2), torch.full((1, 3), 0.5)])
def test_bad_codes_are_refused(available):
    with pytest.raises(InputError):
        reconstruction_loss(torch.zeros(1, 3, 2, 2, 2), torch.zeros(1, 3, 2, 2, 2), available)
