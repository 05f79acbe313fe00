"""What a lesion has to know about the anatomy at each position."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..atlas import AtlasSamples
from ..materials import Material
from .blocks import cut


@dataclass(frozen=True)
class Surroundings:
    """Ten maps (10, …), in the order of the properties; distances in mm, shares in [0, 1]."""

    values: Tensor

    @classmethod
    def of(cls, samples: AtlasSamples, case: int) -> Surroundings:
        """One case of a batch, (10, X, Y, Z)."""
        tissues = samples.fractions[case]
        return cls(
            torch.stack(
                [
                    tissues[Material.WHITE_MATTER],
                    tissues[Material.GREY_MATTER],
                    tissues[Material.DEEP_GREY_MATTER],
                    tissues[Material.BRAIN_STEM],
                    tissues[Material.CSF],
                    samples.ventricle_distance[case],
                    samples.cortex_distance[case],
                    -samples.surface_distance[case],
                    samples.cerebellum[case],
                    samples.points[case, ..., 0],
                ]
            )
        )

    @property
    def white(self) -> Tensor:
        return self.values[0]

    @property
    def grey(self) -> Tensor:
        """Cortex."""
        return self.values[1]

    @property
    def deep_grey(self) -> Tensor:
        return self.values[2]

    @property
    def brain_stem(self) -> Tensor:
        return self.values[3]

    @property
    def csf(self) -> Tensor:
        return self.values[4]

    @property
    def ventricle_mm(self) -> Tensor:
        """Distance to the ventricles, negative inside."""
        return self.values[5]

    @property
    def cortex_mm(self) -> Tensor:
        """Distance to the cortex, zero within."""
        return self.values[6]

    @property
    def depth_mm(self) -> Tensor:
        """Distance to the surface of the brain, negative outside."""
        return self.values[7]

    @property
    def cerebellum(self) -> Tensor:
        """1 in the cerebellum, 0 elsewhere."""
        return self.values[8]

    @property
    def side_mm(self) -> Tensor:
        """Distance from the midline of the undisturbed atlas, positive on the right."""
        return self.values[9]

    @property
    def tissue(self) -> Tensor:
        """Everything solid."""
        return (self.white + self.grey + self.deep_grey + self.brain_stem).clamp(0, 1)

    def in_cubes(self) -> Surroundings:
        """The maps (C, X, Y, Z) cut as `Blocks` cuts a grid, (C, N, V)."""
        return Surroundings(cut(self.values))

    def of_cubes(self, which: Tensor) -> Surroundings:
        """The named cubes (P,) of maps (C, N, V), (C, P, V)."""
        return Surroundings(self.values[:, which])
