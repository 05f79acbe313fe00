"""The settings of each sequence, how they are drawn, and the signal they give.

A class per kind of sequence; `signal` takes tissue values of shape (…, M) and returns the same shape. Ranges are those
of common clinical and research protocols at 1.5 and 3 T.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from . import physics
from .draws import chance, uniform

T1, T1CE, T2, FLAIR, DWI = range(5)
"""Channel order, that of `MissingModalitySegLib.modalities`."""


@dataclass(frozen=True)
class Tissue:
    """Values of all materials, each (…, M); units as in `materials.TissueValues`."""

    t1_ms: Tensor
    t2_ms: Tensor
    proton_density: Tensor
    diffusivity: Tensor


@dataclass(frozen=True)
class SpinEcho:
    """A spin echo (T1) or, with an effective echo time, a fast spin echo (T2)."""

    repetition_ms: float
    echo_ms: float

    def signal(self, tissue: Tissue) -> Tensor:
        return physics.spin_echo(tissue.proton_density, tissue.t1_ms, tissue.t2_ms, self.repetition_ms, self.echo_ms)


@dataclass(frozen=True)
class Mprage:
    """A magnetisation-prepared gradient echo with TI at the middle of its read-out train."""

    repetition_ms: float
    inversion_ms: float
    flip_deg: float
    lines: int = 160
    line_ms: float = 8.0

    def signal(self, tissue: Tissue) -> Tensor:
        return physics.mprage(
            tissue.proton_density,
            tissue.t1_ms,
            self.repetition_ms,
            self.inversion_ms,
            self.flip_deg,
            self.lines,
            self.line_ms,
        )


@dataclass(frozen=True)
class Flair:
    """A fast spin echo after an inversion that nulls CSF."""

    repetition_ms: float
    inversion_ms: float
    echo_ms: float

    def signal(self, tissue: Tissue) -> Tensor:
        return physics.inversion_recovery(
            tissue.proton_density,
            tissue.t1_ms,
            tissue.t2_ms,
            self.repetition_ms,
            self.inversion_ms,
            self.echo_ms,
        )


@dataclass(frozen=True)
class DiffusionWeighted:
    """The trace image of an echo-planar spin echo."""

    repetition_ms: float
    echo_ms: float
    b_value: float

    def signal(self, tissue: Tissue) -> Tensor:
        return physics.diffusion_weighted(
            tissue.proton_density,
            tissue.t1_ms,
            tissue.t2_ms,
            tissue.diffusivity,
            self.repetition_ms,
            self.echo_ms,
            self.b_value,
        )


def sample_t1(generator: torch.Generator, mprage_share: float) -> SpinEcho | Mprage:
    if chance(generator, mprage_share):
        inversion_ms = uniform(generator, 900, 1150)
        return Mprage(uniform(generator, 1900, 2500), inversion_ms, uniform(generator, 7, 12))
    return SpinEcho(uniform(generator, 450, 750), uniform(generator, 8, 20))


def sample_t2(generator: torch.Generator) -> SpinEcho:
    return SpinEcho(uniform(generator, 3000, 7000), uniform(generator, 80, 120))


def sample_flair(generator: torch.Generator, fluid_t1_ms: float) -> Flair:
    """TI within ±5 % of the one that nulls fluid of `fluid_t1_ms`."""
    repetition_ms = uniform(generator, 8000, 10000)
    nulling_ms = physics.nulling_inversion_ms(fluid_t1_ms, repetition_ms)
    return Flair(repetition_ms, nulling_ms * uniform(generator, 0.95, 1.05), uniform(generator, 90, 130))


def sample_dwi(generator: torch.Generator) -> DiffusionWeighted:
    return DiffusionWeighted(uniform(generator, 4000, 8000), uniform(generator, 70, 100), uniform(generator, 800, 1200))
