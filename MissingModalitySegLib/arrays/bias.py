"""Evening out what the coil does to brightness: a smooth factor over the brain that is no anatomy.

N3 (Sled, Zijdenbos and Evans 1998), as SimpleITK's N4 has it in more generality: brightness is blurred by the field, so
its histogram is sharpened by deconvolution; what a voxel would be in the sharper histogram, taken from what it is,
estimates the field there; a smooth function is fitted to that; and again. D: the field is a polynomial of order three
instead of splines, and it is read from voxels of about 6 mm. Both keep it too smooth to follow a lesion, and make it
cheap enough for every crop that is trained on. And it has to earn its keep: of the fields found on the way, the one is
taken that lowers the entropy of the histogram by most more than its own standard deviation. A field that is there blurs
the whole histogram, and taking it out pays; one that is read out of anatomy costs more than it gains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor
from torch.nn import functional

COARSE_MM = 6.0
ORDER = 3
ROUNDS = 90
BINS = 128
BLUR = 0.15
"""Full width at half maximum of the field's histogram, in logarithms: what deconvolution takes away in a round."""
NOISE = 0.01
"""Of Wiener's filter."""
STIFFNESS = 0.1
"""Weight of the squared coefficients against the mean squared error of a round's fit, times their degree squared."""
LOOK_EVERY = 15
"""Rounds between two looks at the histogram."""
DARKEST = 0.3
"""Of the brain's 90th percentile: what is darker is fluid or air, whose logarithm is mostly noise."""

_RANGE, _BIN = 1.5, 0.02
"""Of the histogram whose entropy is looked at, in logarithms."""

_TERMS = tuple(powers for powers in product(range(ORDER + 1), repeat=3) if 0 < sum(powers) <= ORDER)


@dataclass(frozen=True)
class BiasField:
    """A factor over space; its logarithm is a polynomial with mean 0 over the brain it was found in."""

    coefficients: Tensor
    """Of `_TERMS`, and the constant."""
    centre_mm: tuple[float, ...]
    radius_mm: tuple[float, ...]
    """Where the polynomials reach the end of their interval along each axis; further out the field stays as it is."""

    def on(self, axes: Sequence[Tensor]) -> Tensor:
        """The factor (X, Y, Z) on the lattice spanned by three axes in mm, those of the grid it was found on."""
        along = self._along(axes)
        cube = torch.zeros((ORDER + 1,) * 3, dtype=torch.float64)
        for powers, value in zip((*_TERMS, (0, 0, 0)), self.coefficients.tolist(), strict=True):
            cube[powers] = value
        field = cube.to(axes[0].device)
        for degrees in along:  # contracts the first axis and appends its positions
            field = torch.tensordot(field, degrees, dims=([0], [1]))
        return field.exp().float()

    def _along(self, axes: Sequence[Tensor]) -> list[Tensor]:
        scaled = zip(axes, self.centre_mm, self.radius_mm, strict=True)
        return [_legendre(((axis.double() - centre) / radius).clamp(-1, 1)) for axis, centre, radius in scaled]


def even(image: Tensor, seen: Tensor, spacing: Sequence[float]) -> Tensor:
    """`image` (X, Y, Z) without its bias field, which is looked for where it is `seen` (X, Y, Z); voxels in mm.

    An image with many negative values has been centred by somebody, has no logarithm and stays as it is.
    """
    blocks = [max(1, min(size, round(COARSE_MM / step))) for size, step in zip(image.shape, spacing, strict=True)]
    weight = functional.avg_pool3d(seen.float()[None, None], blocks)
    value = functional.avg_pool3d(torch.where(seen, image.float(), 0.0)[None, None], blocks)
    coarse, filled = (value / weight.clamp(min=1e-6))[0, 0], weight[0, 0] >= 0.5
    middles = [
        (block * torch.arange(size, device=image.device) + (block - 1) / 2) * step
        for block, size, step in zip(blocks, coarse.shape, spacing, strict=True)
    ]
    field = find_bias(coarse, filled, middles)
    if field is None:
        return image
    axes = [torch.arange(size, device=image.device) * step for size, step in zip(image.shape, spacing, strict=True)]
    return image / field.on(axes)


def find_bias(image: Tensor, brain: Tensor, axes: Sequence[Tensor]) -> BiasField | None:
    """The bias field of a coarse `image` (X, Y, Z) inside `brain` (X, Y, Z) on a lattice with these `axes` in mm.

    None where it cannot be told: hardly any brain, one brightness, or values around zero.
    """
    places, values = brain.nonzero(), image[brain].double()
    if len(values) < 10 * len(_TERMS):
        return None
    usable = values > DARKEST * torch.quantile(values, 0.9)
    if (values < 0).double().mean() > 0.05 or not usable.any():
        return None
    spans = [axis.double()[places[:, i]] for i, axis in enumerate(axes)]
    ends = [(float(span.min()), float(span.max())) for span in spans]
    centre = tuple((low + high) / 2 for low, high in ends)
    radius = tuple(max((high - low) / 2, 1e-3) for low, high in ends)
    along = [_legendre((span - c) / r) for span, c, r in zip(spans, centre, radius, strict=True)]
    terms = torch.stack([along[0][:, i] * along[1][:, j] * along[2][:, k] for i, j, k in _TERMS], dim=1)
    means = terms.mean(0)
    within = terms[usable]
    coefficients = _fit(values[usable].log(), within - within.mean(0))
    constant = -(coefficients @ means)
    return BiasField(torch.cat([coefficients, constant[None]]), centre, radius)


def _fit(logarithms: Tensor, terms: Tensor) -> Tensor:
    """The coefficients of `terms` (N, T) that even out `logarithms` (N), round by round."""
    degrees = torch.tensor([float(sum(powers)) for powers in _TERMS], dtype=terms.dtype, device=terms.device)
    normal = terms.T @ terms / len(terms) + STIFFNESS * torch.diag(degrees**2)
    factor = torch.linalg.cholesky(normal)
    coefficients = torch.zeros(len(degrees), dtype=terms.dtype, device=terms.device)
    best, most = coefficients, 0.0
    disorder = _entropy(logarithms)
    for number in range(1, ROUNDS + 1):
        corrected = logarithms - terms @ coefficients
        error = terms.T @ (corrected - _sharpened(corrected)) / len(terms)
        coefficients = coefficients + torch.cholesky_solve(error[:, None], factor)[:, 0]
        if number % LOOK_EVERY == 0:
            field = terms @ coefficients
            gain = disorder - _entropy(logarithms - field) - float(field.std())
            if gain > most:
                best, most = coefficients, gain
    return best


def _entropy(logarithms: Tensor) -> float:
    """Of the histogram of brightness, in nats; its bins are smoothed, so that it does not hang on where they begin."""
    around = (logarithms - logarithms.median()).clamp(-_RANGE, _RANGE)
    histogram = torch.histc(around.float(), bins=round(2 * _RANGE / _BIN), min=-_RANGE, max=_RANGE)
    kernel = torch.exp(-0.5 * (torch.arange(-4, 5, device=histogram.device) / 1.5) ** 2)
    share = functional.conv1d(histogram[None, None] / histogram.sum(), (kernel / kernel.sum())[None, None], padding=4)
    share = share[share > 0]
    return float(-(share * share.log()).sum())


def _sharpened(values: Tensor) -> Tensor:
    """What each of `values` would most likely be, had their histogram not been blurred by `BLUR`."""
    low, high = torch.quantile(values, torch.tensor([0.01, 0.99], dtype=values.dtype, device=values.device))
    width = (high - low) / (BINS - 1)
    if not width > 0:
        return values
    place = (values.clamp(low, high) - low) / width
    lower = place.floor().long().clamp(0, BINS - 2)
    upper_share = place - lower
    histogram = torch.zeros(2 * BINS, dtype=values.dtype, device=values.device)  # room for the blur at both ends
    first = BINS // 2
    histogram.index_add_(0, lower + first, 1 - upper_share).index_add_(0, lower + first + 1, upper_share)
    steps = torch.arange(2 * BINS, dtype=values.dtype, device=values.device)
    away = torch.minimum(steps, 2 * BINS - steps)
    blur = torch.exp(-0.5 * (away * width / (BLUR / 2.3548)) ** 2)
    blur = torch.fft.fft(blur / blur.sum())
    wiener = blur.conj() / (blur.abs() ** 2 + NOISE)
    sharp = torch.fft.ifft(torch.fft.fft(histogram) * wiener).real.clamp(min=0)
    centres = low + width * (steps - first)
    weight = torch.fft.ifft(torch.fft.fft(sharp) * blur).real
    mean = torch.fft.ifft(torch.fft.fft(sharp * centres) * blur).real
    expected = torch.where(weight > 1e-9 * weight.max(), mean / weight.clamp(min=1e-30), centres)
    return expected[lower + first] * (1 - upper_share) + expected[lower + first + 1] * upper_share


def _legendre(u: Tensor) -> Tensor:
    """P0 … P3 of one coordinate in -1 … 1, (…, 4)."""
    return torch.stack([torch.ones_like(u), u, 1.5 * u**2 - 0.5, 2.5 * u**3 - 1.5 * u], dim=-1)
