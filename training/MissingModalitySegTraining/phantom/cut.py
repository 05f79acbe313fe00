"""The end of the field of view: slices that begin below the vertex, or end above the foot of the brain."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .draws import chance, uniform

STEEPEST_DEG = 25.0
"""How far the end is tilted at most."""

LEFT_MM = {1: (36.0, 62.0), -1: (26.0, 52.0)}
"""How far from the middle of the head it lies, above and below: up to four centimetres of an average brain are lost."""


@dataclass(frozen=True)
class Cut:
    """A plane; what lies beyond it was not scanned."""

    normal: tuple[float, float, float]
    """Unit vector, out of the field of view."""
    distance_mm: float
    """From the middle of the head, along `normal`."""

    @property
    def side(self) -> int:
        """1: above is cut off, -1: below."""
        return 1 if self.normal[2] > 0 else -1


def sample_cut(generator: torch.Generator) -> Cut:
    side = 1 if chance(generator, 0.6) else -1
    tilt, turn = math.radians(uniform(generator, 0, STEEPEST_DEG)), uniform(generator, 0, 2 * math.pi)
    across = math.sin(tilt)
    normal = (across * math.cos(turn), across * math.sin(turn), side * math.cos(tilt))
    return Cut(normal, uniform(generator, *LEFT_MM[side]))


def scanned(points: Tensor, cut: Cut | None) -> Tensor:
    """Whether positions (…, 3) in mm lie in the field of view, bool (…)."""
    if cut is None:
        return torch.ones(points.shape[:-1], dtype=torch.bool, device=points.device)
    return points @ points.new_tensor(cut.normal) <= cut.distance_mm
