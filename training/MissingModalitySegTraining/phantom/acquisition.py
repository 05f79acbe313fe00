"""How each sequence of a case is acquired: resolution, position, coil, noise, artefacts, scaling.

Drawn here, applied by `scanner`.

`research` is a protocol with thin slices, co-registered afterwards; `clinic` has thick oblique slices, a patient who
moved between the sequences, and more that goes wrong.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from .artefacts import Ghosts, Motion, Spike
from .bias import sample_bias
from .cut import Cut, sample_cut
from .draws import chance, choose, log_uniform, normal, seed, uniform
from .misalignment import Misalignment
from .stripping import Stripping, sample_stripping

THROUGH_PLANE = {"axial": 2, "coronal": 1, "sagittal": 0}
"""The axis of the phantom along which slices are stacked."""


@dataclass(frozen=True)
class SequenceAcquisition:
    """One sequence; lengths in mm, brightness relative to the average of white and grey matter."""

    plane: str
    in_plane_mm: float
    slice_mm: float
    gap_mm: float
    """Between slices; the distance of slice centres is `slice_mm + gap_mm`."""
    phase: tuple[float, float, float]
    """Where the voxel lattice lies, in voxels along x, y, z."""
    tilt_deg: tuple[float, float, float]
    """Of the slices, axis times angle; only a native acquisition is tilted."""
    ringing: float
    misalignment: Misalignment
    bias: tuple[float, ...]
    """Coefficients of `bias.TERMS`."""
    signal_to_noise: float
    noise_seed: int
    motion: Motion | None
    ghosts: Ghosts | None
    spike: Spike | None
    sharpening: float
    """By how many times its difference from a blurred copy the scanner adds to the image; 0: no such filter."""
    gamma: float
    scale: float
    offset: float

    @property
    def through_plane(self) -> int:
        return THROUGH_PLANE[self.plane]

    @property
    def is_sliced(self) -> bool:
        """Whether slices are excited one by one."""
        return self.slice_mm > ISOTROPIC * self.in_plane_mm

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance of voxel centres along x, y, z."""
        return self._along(self.slice_mm + self.gap_mm)

    @property
    def width_mm(self) -> tuple[float, float, float]:
        """Extent of a voxel along x, y, z."""
        return self._along(self.slice_mm)

    def _along(self, through_plane_mm: float) -> tuple[float, float, float]:
        lengths = [self.in_plane_mm] * 3
        lengths[self.through_plane] = through_plane_mm
        return tuple(lengths)


@dataclass(frozen=True)
class AcquisitionParameters:
    """The five sequences in channel order, and what they share: the brain mask and the end of the field of view."""

    mode: str
    sequences: tuple[SequenceAcquisition, ...]
    stripping: Stripping
    cut: Cut | None


@dataclass(frozen=True)
class Protocol:
    """Shares and ranges of one mode; per sequence where they differ, in channel order."""

    kinds: tuple[Mapping[str, float], ...]
    """Shares of `fine` (to 1.2 mm isotropic), `coarse` (isotropic to 4 mm), `sliced` (2–6 mm), `thick` (6–8 mm)."""
    finest_mm: float
    """Of isotropic voxels. A native volume of half a millimetre would have a hundred million of them."""
    planes: Mapping[str, float]
    signal_to_noise: tuple[tuple[float, float], ...]
    tilt_deg: float
    translation_mm: tuple[float, float]
    rotation_deg: tuple[float, float]
    bias: tuple[float, float]
    ringing: float
    motion: float
    ghosts: float
    spike: float
    sharpening: float
    cut: float
    """The last six: how often."""


_THIN_T1 = {"fine": 0.75, "coarse": 0.1, "sliced": 0.15}
_MIXED = {"fine": 0.4, "coarse": 0.1, "sliced": 0.43, "thick": 0.07}
_CLINICAL_T1 = {"fine": 0.25, "coarse": 0.05, "sliced": 0.63, "thick": 0.07}
_CLINICAL = {"fine": 0.12, "coarse": 0.03, "sliced": 0.75, "thick": 0.1}

PROTOCOLS: dict[str, Protocol] = {
    "research": Protocol(
        kinds=(_THIN_T1, _THIN_T1, _MIXED, _MIXED, {"coarse": 0.2, "sliced": 0.8}),
        finest_mm=0.5,
        planes={"axial": 0.75, "sagittal": 0.2, "coronal": 0.05},
        signal_to_noise=((15, 80), (15, 80), (15, 80), (12, 60), (8, 40)),
        tilt_deg=0.0,
        translation_mm=(0.02, 1.0),
        rotation_deg=(0.02, 1.0),
        bias=(0.02, 0.2),
        ringing=0.15,
        motion=0.04,
        ghosts=0.04,
        spike=0.02,
        sharpening=0.25,
        cut=0.08,
    ),
    "clinic": Protocol(
        kinds=(_CLINICAL_T1, _CLINICAL_T1, _CLINICAL, _CLINICAL, {"sliced": 0.9, "thick": 0.1}),
        finest_mm=0.8,
        planes={"axial": 0.8, "sagittal": 0.12, "coronal": 0.08},
        signal_to_noise=((10, 60), (10, 60), (10, 60), (8, 45), (6, 30)),
        tilt_deg=12.0,
        translation_mm=(0.2, 8.0),
        rotation_deg=(0.2, 6.0),
        bias=(0.03, 0.3),
        ringing=0.3,
        motion=0.1,
        ghosts=0.1,
        spike=0.03,
        sharpening=0.3,
        cut=0.08,
    ),
}

DWI = 4

ISOTROPIC = 1.3
"""Up to this ratio of slice thickness to in-plane size a sequence is read out in three dimensions: no slice profile."""


def sample_acquisition(generator: torch.Generator, mode: str = "research") -> AcquisitionParameters:
    """Draw how a case is acquired; one of its sequences, drawn too, is the reference that the others are off from."""
    protocol = PROTOCOLS[mode]
    reference = choose(generator, dict.fromkeys(range(5), 1.0))
    strength = log_uniform(generator, *protocol.bias)
    coil = sample_bias(generator, strength)
    sequences = tuple(
        _sample_sequence(generator, protocol, channel, channel == reference, coil, strength) for channel in range(5)
    )
    stripping = sample_stripping(generator)
    return AcquisitionParameters(
        mode, sequences, stripping, sample_cut(generator) if chance(generator, protocol.cut) else None
    )


def _sample_sequence(
    generator: torch.Generator,
    protocol: Protocol,
    channel: int,
    is_reference: bool,
    coil: tuple[float, ...],
    bias: float,
) -> SequenceAcquisition:
    kind = choose(generator, protocol.kinds[channel])
    plane = choose(generator, protocol.planes) if kind != "fine" else "axial"
    in_plane_mm, slice_mm, gap_mm = _sample_voxel(generator, kind, channel == DWI, protocol.finest_mm)
    rotation_deg, translation_mm = (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)
    if not is_reference:
        rotation_deg = _sample_vector(generator, log_uniform(generator, *protocol.rotation_deg))
        translation_mm = _sample_vector(generator, log_uniform(generator, *protocol.translation_mm))
    distortion_mm = normal(generator, 2.0) if channel == DWI else 0.0
    low, high = protocol.signal_to_noise[channel]
    return SequenceAcquisition(
        plane=plane,
        in_plane_mm=in_plane_mm,
        slice_mm=slice_mm,
        gap_mm=gap_mm,
        phase=tuple(uniform(generator, 0, 1) for _ in range(3)),
        tilt_deg=_sample_vector(generator, uniform(generator, 0, protocol.tilt_deg)),
        ringing=uniform(generator, 0.3, 1.0) if chance(generator, protocol.ringing) else 0.0,
        misalignment=Misalignment(rotation_deg, translation_mm, max(-6.0, min(6.0, distortion_mm))),
        bias=sample_bias(generator, bias, shared=coil),
        signal_to_noise=log_uniform(generator, low, high),
        noise_seed=seed(generator),
        motion=_sample_motion(generator) if chance(generator, protocol.motion) else None,
        ghosts=_sample_ghosts(generator) if chance(generator, protocol.ghosts) else None,
        spike=_sample_spike(generator) if chance(generator, protocol.spike) else None,
        sharpening=uniform(generator, 0.2, 1.0) if chance(generator, protocol.sharpening) else 0.0,
        gamma=log_uniform(generator, 0.8, 1.25) if chance(generator, 0.5) else 1.0,
        scale=log_uniform(generator, 50, 2000),
        offset=uniform(generator, 0, 0.05) if chance(generator, 0.2) else 0.0,
    )


def _sample_voxel(
    generator: torch.Generator, kind: str, echo_planar: bool, finest_mm: float
) -> tuple[float, float, float]:
    """In-plane size, slice thickness and gap."""
    if kind == "fine":
        size = uniform(generator, finest_mm, 1.2)
        return size, size, 0.0
    if kind == "coarse":
        size = log_uniform(generator, 1.2, 4.0)
        return size, size, 0.0
    thickness = uniform(generator, 2.0, 6.0) if kind == "sliced" else uniform(generator, 6.0, 7.2)
    gap = thickness * uniform(generator, 0.0, 0.2) if chance(generator, 0.5) else 0.0
    in_plane = uniform(generator, 1.2, 2.2) if echo_planar else uniform(generator, 0.5, 1.2)
    return in_plane, thickness, min(gap, 8.0 - thickness)


def _sample_vector(generator: torch.Generator, length: float) -> tuple[float, float, float]:
    direction = [normal(generator, 1.0) for _ in range(3)]
    norm = math.hypot(*direction)
    return tuple(length * component / norm for component in direction)


def _sample_motion(generator: torch.Generator) -> Motion:
    jumps = choose(generator, {1: 0.4, 2: 0.3, 3: 0.2, 4: 0.1})
    times = sorted(uniform(generator, 0.0, 1.0) for _ in range(jumps))
    return Motion(
        tuple(times), tuple(_sample_vector(generator, log_uniform(generator, 0.3, 3.0)) for _ in range(jumps))
    )


def _sample_ghosts(generator: torch.Generator) -> Ghosts:
    return Ghosts(choose(generator, {2: 0.4, 3: 0.2, 4: 0.2, 5: 0.2}), log_uniform(generator, 0.05, 0.4))


def _sample_spike(generator: torch.Generator) -> Spike:
    frequency = _sample_vector(generator, uniform(generator, 0.03, 0.4))
    return Spike(frequency, uniform(generator, 0, 2 * math.pi), log_uniform(generator, 0.02, 0.12))
