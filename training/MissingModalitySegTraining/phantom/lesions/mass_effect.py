"""Tumours push, scars pull: where the tissue at a place of a case lies in the undisturbed atlas.

The displacement is a chain of small steps, each a smooth map with positive Jacobian, so the whole is a diffeomorphism.
Every step fades towards an ellipsoid that stands for the skull, which does not move.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .shapes import Vector

SKULL_CENTRE_MM, SKULL_RADII_MM = (0.0, -18.0, 2.0), (72.0, 92.0, 82.0)
STEP_MM = 4.5
STEP_OF_RADIUS = 0.25
"""The push goes in steps no longer than this, nor than this part of its radius."""

FADE = 0.3
"""Share of the skull's radius over which the push dies down."""


@dataclass(frozen=True)
class Push:
    """Outward displacement around a centre: `distance_mm` at `radius_mm`, less inside and outside; negative pulls."""

    centre_mm: Vector
    radius_mm: float
    distance_mm: float


def pull_back(points: Tensor, pushes: Sequence[Push]) -> Tensor:
    """Positions (…, 3) of a case → positions in the atlas before the lesions grew."""
    for push in pushes:
        if abs(push.distance_mm) < 0.05:
            continue
        steps = math.ceil(abs(push.distance_mm) / min(STEP_MM, STEP_OF_RADIUS * push.radius_mm))
        for _ in range(steps):
            points = points - _step(points, push, push.distance_mm / steps)
    return points


def _step(points: Tensor, push: Push, distance_mm: float) -> Tensor:
    """Part of the way: w(r) = d·(r/R)·exp((1 − (r/R)²)/2) along the ray, d at r = R.

    Its steepest slope is 1.65 d/R, at the centre, and 1.65 STEP_OF_RADIUS < 1; the fade
    towards the skull adds at most 1.5 d / (FADE · 72 mm).
    """
    ray = points - points.new_tensor(push.centre_mm)
    share = ray.square().sum(-1, keepdim=True) / push.radius_mm**2
    strength = distance_mm / push.radius_mm
    # beyond R the push decays more slowly than a Gaussian: brain is nearly incompressible
    profile = torch.where(share < 1, torch.exp((1 - share) / 2), 2 / (1 + share))
    skull = (points - points.new_tensor(SKULL_CENTRE_MM)) / points.new_tensor(SKULL_RADII_MM)
    room = ((1 - skull.square().sum(-1, keepdim=True).sqrt()) / FADE).clamp(0, 1)
    return strength * profile * (room * room * (3 - 2 * room)) * ray
