import math
from itertools import product

import numpy as np
import pytest
import torch
from monai.metrics import PSNRMetric, SSIMMetric

from MissingModalitySegLib.measures.synthesis import psnr, ssim


@pytest.fixture
def volumes() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    truth = generator.gamma(2, 1, (14, 13, 15)).cumsum(0) / 14
    return truth + generator.normal(0, 0.2, truth.shape), truth


def test_without_a_mask_they_are_monais(volumes) -> None:
    found, truth = volumes
    tensors = [torch.from_numpy(volume)[None, None].float() for volume in volumes]
    for data_range in (1.0, float(np.ptp(truth))):
        monai = SSIMMetric(spatial_dims=3, data_range=data_range)
        monai(*tensors)
        assert ssim(found, truth, data_range=data_range) == pytest.approx(monai.aggregate().item(), abs=1e-5)
        monai = PSNRMetric(max_val=data_range)
        monai(*tensors)
        assert psnr(found, truth, data_range=data_range) == pytest.approx(monai.aggregate().item(), abs=1e-4)
    assert psnr(found, truth) == pytest.approx(psnr(found, truth, data_range=np.ptp(truth)))


def test_a_mask_counts_its_voxels_only(volumes) -> None:
    found, truth = volumes
    mask = np.zeros(truth.shape, bool)
    mask[6:9, 5:8, 7] = True
    mask[0, 0, 0] = True  # without a whole window: not in the similarity
    error = [(found[index] - truth[index]) ** 2 for index in map(tuple, np.argwhere(mask))]
    assert psnr(found, truth, mask, 4.0) == pytest.approx(10 * math.log10(16 / (sum(error) / len(error))))
    expected = [similarity_at(found, truth, index, 4.0) for index in product(range(6, 9), range(5, 8), [7])]
    assert ssim(found, truth, mask, 4.0) == pytest.approx(sum(expected) / len(expected))
    altered = np.where(mask, found, found + 3)
    assert psnr(altered, truth, mask) == psnr(found, truth, mask)


def similarity_at(found: np.ndarray, truth: np.ndarray, centre: tuple[int, ...], data_range: float) -> float:
    """The similarity of one window, from the paper's formula and weighted moments about the means."""
    window = tuple(slice(at - 5, at + 6) for at in centre)
    one = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    weights = np.einsum("i,j,k->ijk", one, one, one)
    weights /= weights.sum()
    x, y = found[window], truth[window]
    mx, my = (weights * x).sum(), (weights * y).sum()
    vx, vy = (weights * (x - mx) ** 2).sum(), (weights * (y - my) ** 2).sum()
    cov = (weights * (x - mx) * (y - my)).sum()
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    return (2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))


def test_the_same_volume_is_perfect(volumes) -> None:
    _, truth = volumes
    assert psnr(truth, truth) == math.inf
    assert ssim(truth, truth) == pytest.approx(1)


def test_what_has_no_answer_is_refused(volumes) -> None:
    found, truth = volumes
    empty, corner = np.zeros(truth.shape, bool), np.zeros(truth.shape, bool)
    corner[0, 0, :2] = True
    for measure in (psnr, ssim):
        with pytest.raises(ValueError, match="empty"):
            measure(found, truth, empty)
        with pytest.raises(ValueError, match="range"):
            measure(found, np.ones_like(truth))
        with pytest.raises(ValueError, match="fit together"):
            measure(found, truth[1:])
    with pytest.raises(ValueError, match="window"):
        ssim(found, truth, corner)
    with pytest.raises(ValueError, match="window"):
        ssim(found[:5], truth[:5])
