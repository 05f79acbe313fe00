"""Whether slices make a volume: how far apart they lie, which are missing, whether they slide off sideways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .slices import Slice

_UNEVEN = 0.04
"""Share of the distance between slices by which one may lie off its place: headers round, tables creep."""

_SIDEWAYS_PIXELS = 0.5
"""Slices that drift by less than half a pixel from first to last are straight."""

_SAME_PLACE_MM = 0.01


@dataclass(frozen=True)
class Spacing:
    """How slices, ordered along their normal, lie. Millimetres."""

    places: tuple[float, ...]
    """Of each slice along the normal, from the first."""
    step: float
    """The usual distance between two slices."""
    missing: tuple[int, ...]
    """How many slices are missing after each."""
    even: bool
    """Whether every slice lies where `step` says."""
    drift: tuple[float, float]
    """How far slices slide along rows and along columns per millimetre of the normal; gantry tilt."""
    tilted: bool

    @property
    def missing_count(self) -> int:
        return sum(self.missing)

    @property
    def largest_gap(self) -> float:
        return float(np.diff(self.places).max())

    @property
    def tilt_deg(self) -> float:
        return float(np.degrees(np.arctan(np.hypot(*self.drift))))


def measure_spacing(slices: Sequence[Slice]) -> Spacing:
    """Look at at least two slices, ordered along their normal and each at a place of its own."""
    normal = slices[0].normal
    positions = np.array([one.position for one in slices])
    places = (positions - positions[0]) @ normal
    gaps = np.diff(places)
    step = float(np.median(gaps))
    missing = np.maximum(np.rint(gaps / step).astype(int) - 1, 0)
    if not missing.any():
        step = float(places[-1] / len(gaps))  # a median has the rounding of one header
    off = np.abs(places - np.concatenate([[0], np.cumsum(missing + 1)]) * step)
    even = bool(off.max() <= max(_UNEVEN * step, _SAME_PLACE_MM))
    drift = tuple(_slope(places, (positions - positions[0]) @ np.array(axis)) for axis in _axes(slices[0]))
    sideways = np.abs(np.array(drift)) * places[-1] / np.array(slices[0].spacing)
    return Spacing(
        tuple(map(float, places)), step, tuple(map(int, missing)), even, drift, bool(sideways.max() > _SIDEWAYS_PIXELS)
    )


def in_order(slices: Sequence[Slice]) -> list[Slice]:
    """`slices` of one orientation along their normal."""
    normal = slices[0].normal
    return sorted(slices, key=lambda one: float(np.dot(one.position, normal)))


def place_of(one: Slice, normal: np.ndarray) -> int:
    """Where a slice lies along `normal`, in hundredths of a millimetre: slices with the same number lie together."""
    return round(float(np.dot(one.position, normal)) / _SAME_PLACE_MM)


def _axes(one: Slice) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return one.orientation[:3], one.orientation[3:]


def _slope(places: np.ndarray, sideways: np.ndarray) -> float:
    return float(places @ sideways / (places @ places))
