"""Where the anatomy is, when a sequence looks at a point."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

AIR_CAVITIES: tuple[tuple[tuple[float, float, float], float], ...] = (
    ((0.0, 60.0, -31.0), 18.0),
    ((-42.0, -7.0, -35.0), 14.0),
    ((42.0, -7.0, -35.0), 14.0),
)
"""Centre and reach, mm, of what air in the frontal sinus and the petrous bones does to the field of an average head."""


@dataclass(frozen=True)
class Misalignment:
    """The head's position relative to the reference sequence, and the distortion of an echo-planar image."""

    rotation_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Axis times angle, about the origin, near the centre of the brain."""
    translation_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    distortion_mm: float = 0.0
    """Largest displacement along y beside the air cavities."""


def move(points: Tensor, misalignment: Misalignment) -> Tensor:
    """The position in the anatomy (…, 3) that the sequence shows at `points` (…, 3), mm."""
    if misalignment.distortion_mm:
        displacement = sum(
            torch.exp(-(points - points.new_tensor(place)).square().sum(dim=-1) / (2 * reach**2))
            for place, reach in AIR_CAVITIES
        )
        along_y = points.new_tensor((0.0, misalignment.distortion_mm, 0.0))
        points = points + displacement[..., None] * along_y
    if any(misalignment.rotation_deg):
        points = points @ rotation_matrix(misalignment.rotation_deg).to(points).T
    return points + points.new_tensor(misalignment.translation_mm)


def rotation_matrix(rotation_deg: tuple[float, float, float]) -> Tensor:
    """The (3, 3) rotation by a vector of axis times angle in degrees, as a matrix exponential."""
    x, y, z = (component * torch.pi / 180 for component in rotation_deg)
    return torch.linalg.matrix_exp(torch.tensor([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]], dtype=torch.float64))
