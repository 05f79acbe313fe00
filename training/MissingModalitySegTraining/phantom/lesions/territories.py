"""Which artery feeds which part of the brain, roughly and from MNI coordinates alone.

Borders between territories differ between people by centimetres (van der Zwan et al., J Neurosurg 77:927, 1992), so
simple surfaces that an infarct's noise makes wander are all that is needed.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .surroundings import Surroundings

TERRITORIES = ("middle", "anterior", "posterior", "superior_cerebellar", "inferior_cerebellar", "brain_stem")


def territory_level(points: Tensor, around: Surroundings, territory: str, side: int) -> Tensor:
    """Depth in mm inside the territory of an artery of one side (+1 right, −1 left); negative outside.

    Args:
        points: (…, 3) atlas positions in mm.
    """
    x, y, z = points.unbind(-1)
    lateral = side * x
    below = 20 * (around.cerebellum - 0.5)  # a level in mm from a share whose border is about 2 mm wide
    stem = 20 * (around.brain_stem - 0.5)
    if territory == "brain_stem":
        return torch.minimum(stem, lateral + 1)
    if territory == "superior_cerebellar":
        return torch.minimum(torch.minimum(below, z + 38 + 0.3 * (y + 60)), lateral)
    if territory == "inferior_cerebellar":
        return torch.minimum(torch.minimum(below, -40 - z - 0.3 * (y + 60)), lateral)
    hemisphere = torch.minimum(torch.minimum(-below, -stem), lateral - 0.5)
    medial = 11 + 0.32 * (z - 25).clamp(min=0) + 0.3 * (y - 30).clamp(min=0) - lateral
    occipital = -60 - y - 0.5 * (z - 12).clamp(min=0) - 0.3 * (lateral - 20)
    temporal = torch.minimum(torch.minimum(-8 - z, 30 - lateral), -12 - y)
    thalamic = torch.minimum(torch.minimum(18 - lateral, -8 - y), 14 - z)
    posterior = torch.maximum(torch.maximum(occipital, temporal), thalamic)
    if territory == "posterior":
        return torch.minimum(hemisphere, posterior)
    if territory == "anterior":
        return torch.minimum(torch.minimum(hemisphere, medial), torch.minimum(-posterior, z + 18))
    return torch.minimum(torch.minimum(hemisphere, -medial), -posterior)
