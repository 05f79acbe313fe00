"""Brain extraction: one sequence per sample, DiceCE at every level as MONAI computes it, and it learns."""

import pytest
import torch
from monai.losses import DiceCELoss

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import MODALITIES
from MissingModalitySegTraining.data.batch import Batch
from MissingModalitySegTraining.regimes.brain import BrainExtraction, BrainOptions, draw_one
from MissingModalitySegTraining.regimes.stages import Setup, find_method

NETWORK = {"architecture": "single_unet", "preset": "tiny"}


def regime(network=NETWORK, regions=1, **options) -> BrainExtraction:
    method = find_method("brain")
    (stage,) = method.stages(Setup(network, BrainOptions(**options), MODALITIES, regions, seed=3))
    return stage.regime({})


def batch(size: int = 2) -> Batch:
    """A ball, as bright as its channel's number against noise."""
    generator = torch.Generator().manual_seed(1)
    axes = torch.meshgrid(*[torch.linspace(-1, 1, 16)] * 3, indexing="ij")
    brain = (sum(axis.square() for axis in axes) < 0.4).expand(size, -1, -1, -1)
    channels = torch.arange(1.0, 6).reshape(1, 5, 1, 1, 1)
    image = brain[:, None] * channels + 0.1 * torch.randn(size, 5, 16, 16, 16, generator=generator)
    ones = torch.ones(size, 5)
    return Batch(image, ones, brain[:, None].float(), ones[:, :1], brain)


def test_one_available_channel_is_drawn_evenly() -> None:
    available = torch.tensor([[1.0, 0, 1, 1, 0]]).repeat(6000, 1)
    counts = draw_one(available, torch.Generator().manual_seed(0)).bincount(minlength=5)
    assert counts[[1, 4]].sum() == 0
    assert all(abs(int(count) - 2000) < 150 for count in counts[[0, 2, 3]])


def test_the_loss_is_dice_and_cross_entropy_of_the_drawn_sequence_at_every_level() -> None:
    training, sample = regime(), batch()
    loss = training.losses(sample, 0.0, torch.Generator().manual_seed(4))["loss"]
    shown = draw_one(sample.code, torch.Generator().manual_seed(4)).tolist()
    image = torch.stack([sample.image[row, channel] for row, channel in enumerate(shown)])[:, None]
    top, low = training.network.forward_image(image, levels=True)
    # two levels: the lower one, the last, has no weight
    assert low.shape[-1] == 8
    expected = DiceCELoss(sigmoid=True, smooth_nr=1e-5, smooth_dr=1e-5)(top, sample.regions)
    torch.testing.assert_close(loss, expected, rtol=1e-5, atol=1e-6)


def test_other_sequences_of_a_sample_do_not_matter() -> None:
    training, sample = regime(deep_supervision=False), batch(1)
    shown = int(draw_one(sample.code, torch.Generator().manual_seed(7)))
    before = training.losses(sample, 0.0, torch.Generator().manual_seed(7))["loss"]
    sample.image[:, [channel for channel in range(5) if channel != shown]] = torch.nan
    assert training.losses(sample, 0.5, torch.Generator().manual_seed(7))["loss"] == before


def test_a_bright_ball_is_learned_whatever_its_sequence() -> None:
    training, sample = regime(), batch()
    optimiser = torch.optim.Adam(training.network.parameters(), lr=2e-2)
    generator = torch.Generator().manual_seed(0)
    for _ in range(40):
        optimiser.zero_grad()
        training.losses(sample, 0.0, generator)["loss"].backward()
        optimiser.step()
    with torch.no_grad():
        for channel in range(5):
            found = training.network.forward_image(sample.image[:, channel : channel + 1])[:, 0] > 0
            overlap = 2 * (found & sample.brain).sum() / (found.sum() + sample.brain.sum())
            assert overlap > 0.95


@pytest.mark.parametrize(("network", "regions"), [(NETWORK, 3), ({"architecture": "unet", "preset": "tiny"}, 1)])
def test_what_does_not_fit_is_refused(network, regions) -> None:
    with pytest.raises(InputError):
        regime(network, regions)
