"""How near a synthesised volume comes to the acquired one: PSNR and SSIM inside a mask."""

from __future__ import annotations

import math

import numpy as np
from scipy.ndimage import correlate1d

_SIGMA = 1.5  # voxels
_RADIUS = 5  # voxels; windows of 11, as in the paper and in MONAI
_K1, _K2 = 0.01, 0.03


def psnr(
    found: np.ndarray, truth: np.ndarray, mask: np.ndarray | None = None, data_range: float | None = None
) -> float:
    """Peak signal-to-noise ratio in dB, 10 log10(range² / MSE), over the voxels of `mask` (default: all).

    `data_range` defaults to largest minus smallest true value inside the mask. Infinite where the volumes agree
    exactly. Raises `ValueError` for an empty mask or a range that is not above zero.
    """
    found, truth, mask = _checked(found, truth, mask)
    error = float(np.mean((found[mask] - truth[mask]) ** 2))
    data_range = _range(truth[mask], data_range)
    return 10 * math.log10(data_range**2 / error) if error else float("inf")


def ssim(
    found: np.ndarray, truth: np.ndarray, mask: np.ndarray | None = None, data_range: float | None = None
) -> float:
    """Structural similarity (Wang et al., IEEE TIP 2004), averaged over the voxels of `mask` (default: all).

    Gaussian windows of 11 voxels (σ 1.5) per axis, constants (0.01 range)² and (0.03 range)², population moments. Only
    voxels whose window lies within the volume count, so that without a mask it is MONAI's `SSIMMetric`; with one, the
    windows of voxels near its border still see what lies outside. `data_range` as in `psnr`. Raises `ValueError` when
    no voxel of the mask has a whole window.
    """
    found, truth, mask = _checked(found, truth, mask)
    data_range = _range(truth[mask], data_range)
    inner = (slice(_RADIUS, -_RADIUS),) * truth.ndim
    inside = mask[inner]
    if not inside.any():
        raise ValueError(f"no voxel of the mask has a window of {2 * _RADIUS + 1} voxels within {truth.shape}")
    x, y = _local_mean(found)[inner], _local_mean(truth)[inner]
    xx = _local_mean(found**2)[inner] - x**2
    yy = _local_mean(truth**2)[inner] - y**2
    xy = _local_mean(found * truth)[inner] - x * y
    c1, c2 = (_K1 * data_range) ** 2, (_K2 * data_range) ** 2
    similarity = (2 * x * y + c1) * (2 * xy + c2) / ((x**2 + y**2 + c1) * (xx + yy + c2))
    return float(similarity[inside].mean())


def _local_mean(array: np.ndarray) -> np.ndarray:
    offsets = np.arange(-_RADIUS, _RADIUS + 1)
    weights = np.exp(-0.5 * (offsets / _SIGMA) ** 2)
    weights /= weights.sum()
    for axis in range(array.ndim):
        array = correlate1d(array, weights, axis)
    return array


def _checked(
    found: np.ndarray, truth: np.ndarray, mask: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    found, truth = np.asarray(found, np.float64), np.asarray(truth, np.float64)
    mask = np.ones(truth.shape, bool) if mask is None else np.asarray(mask, bool)
    if not found.shape == truth.shape == mask.shape:
        raise ValueError(f"volumes {found.shape} and {truth.shape} and a mask {mask.shape} do not fit together")
    if not mask.any():
        raise ValueError("the mask is empty")
    return found, truth, mask


def _range(values: np.ndarray, given: float | None) -> float:
    data_range = float(np.ptp(values)) if given is None else given
    if not data_range > 0:
        raise ValueError(f"a data range of {data_range:g} gives no scale")
    return data_range
