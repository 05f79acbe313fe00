"""Truth for regions and for exclusive classes, against plain sums."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from MissingModalitySegTraining.data.batch import Batch, select
from MissingModalitySegTraining.regimes.supervision import truth_for
from Testing.regimes.regime_cases import mixed_batch, plain_region_loss

REGIONS = SimpleNamespace(config=SimpleNamespace())
CLASSES = SimpleNamespace(config=SimpleNamespace(activation="softmax"))


@pytest.mark.parametrize("cross_entropy", [True, False])
def test_regions(cross_entropy: bool) -> None:
    batch = mixed_batch(6)
    logits = torch.randn(3, 3, 6, 6, 6, generator=torch.Generator().manual_seed(0))
    expected = plain_region_loss(logits, batch.regions, batch.scored, cross_entropy)
    found = truth_for(REGIONS, batch, cross_entropy=cross_entropy).compare(logits)
    assert found.item() == pytest.approx(expected, rel=1e-5)


def test_lesion_and_background() -> None:
    """The third sample's truth does not tell the lesion."""
    batch = mixed_batch(6)
    scored = batch.scored.clone()
    scored[2] = 0
    batch = Batch(batch.image, batch.code, batch.regions, scored, batch.brain)
    logits = torch.randn(3, 2, 6, 6, 6, generator=torch.Generator().manual_seed(0))
    dice, entropy = [], []
    for b in range(2):
        z, q = logits[b].double().numpy().reshape(2, -1), batch.regions[b, 0].double().numpy().ravel()
        p = np.exp(z[1]) / np.exp(z).sum(0)
        dice.append((2 * (p * q).sum() + 1e-5) / (p.sum() + q.sum() + 1e-5))
        entropy.append(-np.mean(q * np.log(p) + (1 - q) * np.log(1 - p)))
    found = truth_for(CLASSES, batch).compare(logits)
    assert found.item() == pytest.approx(1 - np.mean(dice) + np.mean(entropy), rel=1e-5)


def test_empty_lesions_have_alarms_in_place_of_dice() -> None:
    """Of two samples one has no lesion: its cross-entropy counts, and what is called one."""
    batch = mixed_batch(6)
    regions = batch.regions.clone()
    regions[:, 0, 0, 0, 0] = 1
    regions[1] = 0
    batch = select(Batch(batch.image, batch.code, regions, torch.ones(3, 3), batch.brain), torch.tensor([0, 1]))
    logits = torch.randn(2, 2, 6, 6, 6, generator=torch.Generator().manual_seed(0))
    p, q = logits.double().softmax(1)[:, 1], batch.regions[:, 0].double()
    entropy = -(q * p.log() + (1 - q) * (1 - p).log()).mean().item()
    dice = ((2 * (p * q)[0].sum() + 1e-5) / (p[0].sum() + q[0].sum() + 1e-5)).item()
    alarms = (1 + p.flatten(1).mean(1) / 1e-3).log() / np.log(1001)
    found = truth_for(CLASSES, batch, dice_of_empty=False).compare(logits)
    assert found.item() == pytest.approx(1 - dice + alarms[1].item() + entropy, rel=1e-5)
    none = Batch(batch.image, batch.code, torch.zeros_like(batch.regions), batch.scored, batch.brain)
    rest = alarms.mean().item() - (1 - p).log().mean().item()
    assert truth_for(CLASSES, none, dice_of_empty=False).compare(logits).item() == pytest.approx(rest, rel=1e-5)


@pytest.mark.parametrize(("network", "channels"), [(REGIONS, 3), (CLASSES, 2)])
def test_a_batch_without_truth_teaches_nothing(network, channels) -> None:
    batch = mixed_batch(6)
    batch = Batch(batch.image, batch.code, batch.regions, torch.zeros(3, 3), batch.brain)
    logits = torch.randn(3, channels, 6, 6, 6, requires_grad=True)
    loss = truth_for(network, batch).compare(logits)
    loss.backward()
    assert loss == 0
    assert not logits.grad.any()
