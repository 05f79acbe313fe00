"""What goes wrong between the magnetisation and the magnitude image: motion, ghosts, spikes, noise.

Each takes and returns an image (X, Y, Z) in which white and grey matter average about 1. Motion and ghosts work on the
Fourier transform of what they are given: a crop wraps at its borders, where a scanner wraps at its field of view.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Motion:
    """The head jumps between groups of k-space lines; the first position is (0, 0, 0)."""

    times: tuple[float, ...]
    """When it jumps, as shares of the acquisition, ascending."""
    shifts_mm: tuple[tuple[float, float, float], ...]
    """Where it is after each jump, along the axes of the image."""


@dataclass(frozen=True)
class Ghosts:
    """Every n-th line of k-space is off, as with pulsing blood: n copies of the head along the phase axis."""

    count: int
    strength: float
    """Share by which those lines are weakened."""


@dataclass(frozen=True)
class Spike:
    """One wrong number in k-space: stripes all over the image."""

    frequency: tuple[float, float, float]
    """Cycles per mm."""
    phase: float
    strength: float


def move_during(image: Tensor, motion: Motion, spacing_mm: tuple[float, float, float], phase_axis: int) -> Tensor:
    """The magnitude image of a head that moved while its lines along `phase_axis` were read, lowest frequency mid-way.

    A shift by d multiplies k-space by exp(-2 pi i k d); each line gets the shift of its time.
    """
    spectrum = torch.fft.fftn(image)
    # lines in the order of acquisition: from the most negative frequency to the most positive
    count = image.shape[phase_axis]
    order = torch.fft.fftshift(torch.arange(count))
    when = torch.empty(count)
    when[order] = (torch.arange(count) + 0.5) / count
    stage = torch.bucketize(when, torch.tensor(motion.times)).to(image.device)
    shifts = torch.tensor([(0.0, 0.0, 0.0), *motion.shifts_mm], device=image.device)
    turns: Tensor | float = 0.0
    for axis in range(3):
        frequency = torch.fft.fftfreq(image.shape[axis], spacing_mm[axis], device=image.device)
        shift = _along(shifts[stage, axis], phase_axis)
        turns = turns + _along(frequency, axis) * shift
    return torch.fft.ifftn(spectrum * torch.polar(torch.ones_like(turns), -2 * torch.pi * turns)).abs()


def add_ghosts(image: Tensor, ghosts: Ghosts, phase_axis: int) -> Tensor:
    """Weaken every n-th line; the centre of k-space stays, so that brightness does."""
    count = image.shape[phase_axis]
    lines = torch.fft.fftfreq(count, 1 / count, device=image.device).round()
    weight = torch.where((lines % ghosts.count == 0) & (lines != 0), 1 - ghosts.strength, 1.0)
    spectrum = torch.fft.fft(image, dim=phase_axis) * _along(weight, phase_axis)
    return torch.fft.ifft(spectrum, dim=phase_axis).abs()


def add_spike(image: Tensor, spike: Spike, points: Tensor) -> Tensor:
    """Add stripes; `points` (X, Y, Z, 3) in mm."""
    waves = 2 * torch.pi * (points @ points.new_tensor(spike.frequency)) + spike.phase
    return (image + spike.strength * torch.cos(waves)).abs()


def rician(image: Tensor, deviation: float, seed: int) -> Tensor:
    """The magnitude of a complex image with Gaussian noise of `deviation` in both parts.

    Gudbjartsson and Patz, MRM 34:910, 1995.
    The same seed gives the same noise on the same kind of device.
    """
    generator = torch.Generator(image.device).manual_seed(seed)
    noise = torch.randn((2, *image.shape), generator=generator, device=image.device)
    return torch.hypot(noise[0].mul_(deviation).add_(image), noise[1].mul_(deviation))


def sharpened(image: Tensor, amount: float, axes: Sequence[int]) -> Tensor:
    """Unsharp masking as scanners filter: what a blur of three voxels (¼ ½ ¼) takes away is added `amount` times.

    The blur runs along `axes`; what would become negative is 0, as in any magnitude.
    """
    blurred = image
    for axis in axes:
        length = image.shape[axis]
        before = torch.cat([blurred.narrow(axis, 0, 1), blurred.narrow(axis, 0, length - 1)], dim=axis)
        after = torch.cat([blurred.narrow(axis, 1, length - 1), blurred.narrow(axis, length - 1, 1)], dim=axis)
        blurred = (before + after).mul_(0.25).add_(blurred, alpha=0.5)
    return torch.lerp(blurred, image, 1 + amount).clamp_(min=0)


def _along(values: Tensor, axis: int) -> Tensor:
    shape = [1, 1, 1]
    shape[axis] = -1
    return values.reshape(shape)
