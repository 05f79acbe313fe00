"""The curriculum against eq. 2 with its sum over experts and its indicator written out."""

import pytest
import torch

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.networks.registry import build
from MissingModalitySegTraining.losses.curriculum import curriculum_loss, specialisation_weight
from MissingModalitySegTraining.losses.deep_supervision import deep_supervision_loss
from MissingModalitySegTraining.losses.segmentation import region_loss


@pytest.mark.parametrize(("epoch", "f"), [(0, 1), (200, 0.5625), (400, 0.25), (600, 0.0625), (800, 0)])
def test_weight_over_the_papers_800_epochs(epoch, f):
    assert specialisation_weight(epoch, 800) == f


@pytest.mark.parametrize(("epoch", "total"), [(-1, 10), (11, 10), (0, 0), (float("nan"), 10)])
def test_epochs_outside(epoch, total):
    with pytest.raises(InputError):
        specialisation_weight(epoch, total)


def test_eq_2_averaged_over_the_batch():
    torch.manual_seed(0)
    network = build({"architecture": "mome", "preset": "tiny"})
    image, target = torch.randn(4, 1, 8, 8, 8), (torch.rand(4, 3, 8, 8, 8) > 0.6).float()
    modality = [2, 0, 2, 4]
    f = specialisation_weight(3, 10)
    levels = network.forward_image(image, levels=True)
    loss = curriculum_loss(levels.specialist(torch.tensor(modality)), levels.mixture(), target, region_loss, f)

    own = 0.0
    for b in range(4):
        for i in range(5):
            if modality[b] == i:
                answer = network.experts[i](image[b : b + 1])
                own += deep_supervision_loss(answer, target[b : b + 1], region_loss).item() / 4
    together = deep_supervision_loss(network.forward_image(image, levels=True).mixture(), target, region_loss).item()
    assert f == pytest.approx(0.49)
    assert loss.item() == pytest.approx(0.49 * own + 0.51 * together, rel=1e-5)


def test_at_the_ends_one_term_remains():
    own, together = [torch.randn(1, 1, 4, 4, 4)], [torch.randn(1, 1, 4, 4, 4)]
    target = torch.ones(1, 1, 4, 4, 4)
    assert curriculum_loss(own, together, target, region_loss, 1.0) == region_loss(own[0], target)
    assert curriculum_loss(own, together, target, region_loss, 0.0) == region_loss(together[0], target)
