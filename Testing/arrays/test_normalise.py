import numpy as np
import torch

from MissingModalitySegLib.arrays.normalise import brain_statistics, minmax_normalise, z_normalise


def volume(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    image = 100 + 30 * torch.randn(2, 3, 6, 7, 8, generator=generator)
    return image, torch.rand(2, 6, 7, 8, generator=generator) > 0.4


def test_statistics_are_numpys_over_the_brain() -> None:
    image, brain = volume()
    mean, deviation = brain_statistics(image, brain)
    for b in range(2):
        for k in range(3):
            inside = image[b, k].numpy().astype(np.float64)[brain[b].numpy()]
            assert np.isclose(mean[b, k], inside.mean())
            assert np.isclose(deviation[b, k], inside.std())


def test_background_is_zero_and_does_not_matter() -> None:
    image, brain = volume()
    other = torch.where(brain.unsqueeze(1), image, image.new_tensor(-7e4))
    normal = z_normalise(image, brain)
    assert torch.equal(normal, z_normalise(other, brain))
    assert normal[~brain.unsqueeze(1).expand_as(normal)].abs().max() == 0
    inside = normal[0, 1][brain[0]]
    assert abs(inside.mean()) < 1e-5
    assert abs(inside.std(unbiased=False) - 1) < 1e-4


def test_scale_and_offset_of_the_scanner_do_not_matter() -> None:
    image, brain = volume()
    assert torch.allclose(z_normalise(image, brain), z_normalise(-50 + 3.5 * image, brain), atol=1e-4)


def test_constant_channel_and_empty_brain_stay_finite() -> None:
    image, brain = volume()
    image[0, 0] = 42.0
    brain[1] = False
    normal = z_normalise(image, brain)
    assert torch.isfinite(normal).all()
    assert normal[0, 0].abs().max() < 1e-4
    assert normal[1].abs().max() == 0


def test_a_crop_uses_the_statistics_of_the_whole() -> None:
    image, brain = volume()
    whole = z_normalise(image, brain)
    part = z_normalise(image[..., 2:5], brain[..., 2:5], brain_statistics(image, brain))
    assert torch.equal(whole[..., 2:5], part)


def test_minmax_is_numpys_over_the_brain() -> None:
    image, brain = volume()
    image[0, 0] = 42.0
    brain[1] = False
    scaled = minmax_normalise(image, brain)
    inside = brain[0].numpy()
    values = image[0, 1].numpy()
    expected = np.where(inside, (values - values[inside].min()) / np.ptp(values[inside]), 0)
    assert np.allclose(scaled[0, 1].numpy(), expected, atol=1e-6)
    assert scaled[0, 0].abs().max() == 0
    assert scaled[1].abs().max() == 0
    assert torch.allclose(scaled, minmax_normalise(-50 + 3.5 * image, brain), atol=1e-5)
