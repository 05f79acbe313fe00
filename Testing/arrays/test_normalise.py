import numpy as np
import pytest
import torch

from MissingModalitySegLib.arrays.normalise import (
    HEAD_LIMIT,
    brain_statistics,
    normalise,
    normalise_head,
    z_normalise,
)


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


def test_the_scale_of_heads_is_none_for_brains():
    image, brain = scattered()
    with pytest.raises(ValueError, match="head"):
        normalise(image, brain, "head", "volume")


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


def head_volume() -> torch.Tensor:
    """Air with noise, a head around 300 with some of it three times as bright, as fat beside a coil."""
    generator = torch.Generator().manual_seed(2)
    volume = 10 * torch.rand(40, 40, 40, generator=generator)
    volume[8:32, 8:32, 8:32] = 300 + 40 * torch.randn(24, 24, 24, generator=generator)
    volume[8:32, 8:32, 8] = 900
    return volume


def test_a_heads_median_becomes_zero_and_its_spread_one() -> None:
    scaled = normalise_head(head_volume()).numpy()
    head = scaled[8:32, 8:32, 8:32]
    assert abs(np.median(head)) < 0.05
    low, high = np.percentile(head, [10, 90])
    assert high - low == pytest.approx(2.563, rel=0.05)
    assert scaled[:8].max() < head.min()


def test_a_heads_scale_ignores_unit_offset_and_the_share_of_air() -> None:
    volume = head_volume()
    expected = normalise_head(volume)
    torch.testing.assert_close(normalise_head(0.01 * volume - 7), expected, atol=2e-3, rtol=0)
    wide = torch.full((60, 60, 60), float(volume.min()))
    wide[10:50, 10:50, 10:50] = volume
    torch.testing.assert_close(normalise_head(wide)[10:50, 10:50, 10:50], expected, atol=0.15, rtol=0)


def test_every_volume_of_a_batch_has_its_own_scale() -> None:
    volume = head_volume()
    both = normalise_head(torch.stack([volume, 5 * volume])[:, None])
    assert both.shape == (2, 1, 40, 40, 40)
    torch.testing.assert_close(both[0], both[1], atol=1e-4, rtol=0)


@pytest.mark.parametrize("value", [0.0, -3.0, 1000.0])
def test_a_constant_head_is_zero(value) -> None:
    assert (normalise_head(torch.full((8, 8, 8), value)) == 0).all()


def test_a_head_of_one_brightness_stays_finite() -> None:
    volume = torch.zeros(16, 16, 16)
    volume[4:12, 4:12, 4:12] = 50.0
    scaled = normalise_head(volume)
    assert scaled.abs().max() <= HEAD_LIMIT
    assert (scaled[4:12, 4:12, 4:12] == 0).all()
    assert (scaled[:4] == -HEAD_LIMIT).all()
