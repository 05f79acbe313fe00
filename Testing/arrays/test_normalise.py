import numpy as np
import pytest
import torch

from MissingModalitySegLib.arrays.normalise import brain_statistics, normalise, z_normalise


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
    scaled = normalise(image, brain, "minmax", "tile")
    inside = brain[0].numpy()
    values = image[0, 1].numpy()
    expected = np.where(inside, (values - values[inside].min()) / np.ptp(values[inside]), 0)
    assert np.allclose(scaled[0, 1].numpy(), expected, atol=1e-6)
    assert scaled[0, 0].abs().max() == 0
    assert scaled[1].abs().max() == 0
    assert torch.allclose(scaled, normalise(-50 + 3.5 * image, brain, "minmax", "tile"), atol=1e-5)


def scattered() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    image = 100 + 30 * torch.randn(2, 3, 7, 8, 9, generator=generator)
    brain = torch.rand(2, 7, 8, 9, generator=generator) > 0.6
    brain[:, 0] = brain[:, :, :2] = brain[..., -1] = False
    return image, brain


@pytest.mark.parametrize("method", ["zscore", "minmax"])
@pytest.mark.parametrize("scope", ["brain", "volume", "tile"])
def test_normalise_against_numpy(method, scope):
    image, brain = scattered()
    found = normalise(image, brain, method, scope).numpy()
    for b in range(2):
        mask = brain[b].numpy()
        assert not found[b][:, ~mask].any()
        for k in range(3):
            values = image[b, k].numpy().astype(np.float64)
            counted = values[mask]
            if scope == "volume":
                box = tuple(slice(index.min(), index.max() + 1) for index in np.nonzero(mask))
                counted = np.where(mask, values, values[mask].min())[box].ravel()
            low, width = (
                (counted.mean(), counted.std())
                if method == "zscore"
                else (counted.min(), counted.max() - counted.min())
            )
            np.testing.assert_allclose(found[b, k][mask], (values[mask] - low) / width, atol=1e-5)


@pytest.mark.parametrize("method", ["zscore", "minmax"])
@pytest.mark.parametrize("scope", ["brain", "volume", "tile"])
def test_normalise_is_blind_to_brightness_and_contrast(method, scope):
    """So that volumes that are z-scored already can be brought to the scale of any model."""
    image, brain = scattered()
    before = z_normalise(image, brain)
    assert torch.allclose(normalise(image, brain, method, scope), normalise(before, brain, method, scope), atol=1e-5)


@pytest.mark.parametrize("method", ["zscore", "minmax"])
@pytest.mark.parametrize("scope", ["brain", "volume", "tile"])
def test_nothing_stays_nothing(method, scope):
    """A missing channel, and a window without brain."""
    image, brain = scattered()
    image[:, 1] = 0
    assert not normalise(image, brain, method, scope)[:, 1].any()
    assert not normalise(image, torch.zeros_like(brain), method, scope).any()
