"""Cutting a box out of a volume and putting it back."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Box:
    """Voxels start ≤ index < stop along the last axes of a volume. A box may reach beyond the volume."""

    start: tuple[int, ...]
    stop: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(stop - start for start, stop in zip(self.start, self.stop, strict=True))


def bounding_box(mask: Tensor, margin: int = 0) -> Box:
    """The smallest box around the true voxels, widened by `margin`; the whole volume if there are none."""
    starts, stops = [], []
    for axis in range(mask.ndim):
        others = [other for other in range(mask.ndim) if other != axis]
        hit = torch.nonzero(mask.any(dim=others) if others else mask).flatten()
        low, high = (int(hit[0]), int(hit[-1]) + 1) if len(hit) else (0, mask.shape[axis])
        starts.append(low - margin)
        stops.append(high + margin)
    return Box(tuple(starts), tuple(stops))


def grow_to_multiple(box: Box, multiple: int) -> Box:
    """The box widened, evenly on both sides, until `multiple` divides its shape."""
    starts, stops = [], []
    for start, stop in zip(box.start, box.stop, strict=True):
        extra = -(stop - start) % multiple
        starts.append(start - extra // 2)
        stops.append(stop + extra - extra // 2)
    return Box(tuple(starts), tuple(stops))


def cut(volume: Tensor, box: Box, fill: float = 0.0) -> Tensor:
    """The part of `volume` (…, X, Y, Z) inside `box`; what lies beyond the volume is `fill`."""
    overlaps = _overlaps(volume, box)
    part = volume[(..., *(inside for inside, _ in overlaps))]
    pads = [(at.start, length - at.stop) for (_, at), length in zip(overlaps, box.shape, strict=True)]
    if not any(amount for pair in pads for amount in pair):
        return part
    return F.pad(part, [amount for pair in reversed(pads) for amount in pair], value=fill)


def paste(part: Tensor, box: Box, into: Tensor) -> Tensor:
    """Write `part` back to where `cut` took it from, in place; what lies beyond `into` is dropped."""
    overlaps = _overlaps(into, box)
    into[(..., *(inside for inside, _ in overlaps))] = part[(..., *(at for _, at in overlaps))]
    return into


def _overlaps(volume: Tensor, box: Box) -> list[tuple[slice, slice]]:
    """Per axis: the voxels of `volume` inside `box`, and where they stand within the box."""
    overlaps = []
    for start, stop, size in zip(box.start, box.stop, volume.shape[-len(box.start) :], strict=True):
        low = min(max(start, 0), size)
        high = max(min(stop, size), low)
        offset = min(max(-start, 0), stop - start)
        overlaps.append((slice(low, high), slice(offset, offset + high - low)))
    return overlaps
