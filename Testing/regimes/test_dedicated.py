"""One fixed code: who takes part, and what they are shown."""

import pytest
import torch

from MissingModalitySegLib.errors import InputError
from MissingModalitySegTraining.data.batch import select
from Testing.regimes.regime_cases import mixed_batch, plain_region_loss, regimes_of, seeded_losses, tiny_setup


def test_samples_that_have_the_code_are_shown_with_it_alone() -> None:
    regime = regimes_of("dedicated", tiny_setup("dedicated", code="T1+FLAIR"))["network"]
    batch = mixed_batch(8)
    code = torch.tensor([[1, 0, 0, 1, 0]] * 2)
    image = batch.image[:2] * code.view(2, 5, 1, 1, 1)
    expected = plain_region_loss(regime.network(image, code), batch.regions[:2], batch.scored[:2])
    assert seeded_losses(regime, batch)["loss"].item() == pytest.approx(expected, rel=1e-5)


def test_a_batch_without_such_samples_changes_nothing() -> None:
    regime = regimes_of("dedicated", tiny_setup("dedicated"))["network"]  # all modalities
    batch = select(mixed_batch(8), torch.tensor([False, True, True]))
    loss = seeded_losses(regime, batch)["loss"]
    assert loss == 0
    loss.backward()
    assert all(p.grad is not None and not p.grad.any() for p in regime.network.parameters())


def test_a_modality_that_the_run_lacks() -> None:
    with pytest.raises(InputError, match="T3"):
        regimes_of("dedicated", tiny_setup("dedicated", code="T1+T3"))
