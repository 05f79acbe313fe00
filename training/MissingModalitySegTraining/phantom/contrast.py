"""How bright each material is in each of the five sequences of a case.

A case is shown in one of three ways:

- `physics`: tissue values and protocol drawn around the typical ones;
- `jittered`: the same, contrasts compressed or stretched and each brightness off by a random factor, as echo trains,
  magnetisation transfer and vendors' filters do;
- `random`: the means of all materials drawn without regard to physics (Billot et al., SynthSeg, Med Image Anal
  86:102789, 2023), so that a network cannot rely on absolute brightness.

What a random case keeps is what makes the answer possible at all: T1ce is T1 plus enhancement, every lesion differs
from healthy matter in some sequence, and mostly (`keep_signs`) on the same side as in reality, because bright on FLAIR
is what the word lesion means there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from .csf_flow import RESTING, FlowParameters, sample_flow
from .draws import chance, choose, log_uniform, normal, uniform
from .materials import AT_3_TESLA, ENHANCING, FATTY, FLUIDS, LESIONS, Material
from .physics import with_gadolinium
from .regional import RegionalParameters, sample_regional
from .sequences import (
    DWI,
    FLAIR,
    T1,
    T1CE,
    T2,
    DiffusionWeighted,
    Flair,
    Mprage,
    SpinEcho,
    Tissue,
    sample_dwi,
    sample_flair,
    sample_t1,
    sample_t2,
)
from .susceptibility import Patch, sample_susceptibility
from .texture import TextureParameters, sample_texture

Table = tuple[tuple[float, ...], ...]
"""5 rows (sequences) of as many numbers as there are materials."""

UPTAKE: dict[Material, tuple[float, float]] = {
    Material.ENHANCING_TUMOUR: (0.4, 1.3),
    Material.ENHANCING_PLAQUE: (0.4, 1.0),
    Material.VESSEL: (1.0, 2.5),
    Material.CHOROID_PLEXUS: (0.1, 1.0),
    Material.DURA: (0.1, 1.2),
    Material.MUSCLE: (0.02, 0.12),
    Material.MARROW: (0.0, 0.1),
    Material.GREY_MATTER: (0.0, 0.02),
    Material.DEEP_GREY_MATTER: (0.0, 0.02),
}
"""Concentration of agent relative to that of a typical enhancing tumour; materials not named take up none."""


NATIVE_TWINS: dict[Material, Material] = {
    Material.ENHANCING_TUMOUR: Material.NON_ENHANCING_TUMOUR,
    Material.ENHANCING_PLAQUE: Material.PLAQUE,
}
"""What is drawn alike, and in a random case equally bright on T1: enhancement is not seen before the agent is there."""


STEM_ON_ITS_OWN = 0.25
"""How much of the brain stem's deviation from its typical values is its own; the rest is that of white matter."""


@dataclass(frozen=True)
class ContrastMixture:
    """How contrasts are drawn: shares of the three ways, and how odd the odd ones may be."""

    physics: float = 0.15
    jittered: float = 0.35
    random: float = 0.5
    jitter: float = 0.15
    """Standard deviation of the logarithm of a jittered brightness on T2, FLAIR and DWI; on T1, where contrasts are
    small, 0.4 of it."""
    keep_signs: float = 0.8
    """Share of random cases whose lesions are on the real side of white matter, sequence by sequence."""
    mprage: float = 0.6
    """Share of cases with T1 by MPRAGE rather than spin echo."""


REALISTIC = ContrastMixture(physics=0.3, jittered=0.7, random=0.0)
"""Random contrast teaches; what is measured is measured on contrasts that exist."""


@dataclass(frozen=True)
class ContrastParameters:
    """Everything that decides the brightness of a case; tuples over materials are in the order of `Material`."""

    way: str
    field_tesla: float
    t1_ms: tuple[float, ...]
    t2_ms: tuple[float, ...]
    proton_density: tuple[float, ...]
    diffusivity: tuple[float, ...]
    t1: SpinEcho | Mprage
    t1ce: SpinEcho | Mprage
    t2: SpinEcho
    flair: Flair
    dwi: DiffusionWeighted
    gadolinium_millimolar: float
    uptake: tuple[float, ...]
    flowing: tuple[float, ...]
    """Per sequence: what is left of the signal of vessels, whose blood leaves the slice before its echo."""
    fat: tuple[float, ...]
    """Per sequence: what fat suppression leaves of fat and marrow."""
    gains: Table | None
    """`jittered`: factors on the physical signals."""
    means: Table | None
    """`random`: what replaces them."""
    texture: TextureParameters
    regional: RegionalParameters
    susceptibility: tuple[Patch, ...] = ()
    """Where air disturbs the diffusion-weighted image."""
    flow: FlowParameters = RESTING
    """How the brain's fluid moves."""


def sample_contrast(generator: torch.Generator, mixture: ContrastMixture | None = None) -> ContrastParameters:
    """Draw a case."""
    mixture = mixture or ContrastMixture()
    way = choose(generator, {"physics": mixture.physics, "jittered": mixture.jittered, "random": mixture.random})
    tissues = _sample_tissues(generator)
    t1 = sample_t1(generator, mixture.mprage)
    # mostly the same protocol before and after the agent; sometimes a thin-slice one only after it
    t1ce = t1 if chance(generator, 0.6) else sample_t1(generator, mixture.mprage)
    t2_suppressed, flair_suppressed = chance(generator, 0.3), chance(generator, 0.5)
    drawn = {
        "way": way,
        **tissues,
        "t1": t1,
        "t1ce": t1ce,
        "t2": sample_t2(generator),
        "flair": sample_flair(generator, tissues["t1_ms"][Material.CSF]),
        "dwi": sample_dwi(generator),
        "gadolinium_millimolar": log_uniform(generator, 0.1, 0.8),
        "uptake": tuple(uniform(generator, *UPTAKE.get(material, (0.0, 0.0))) for material in Material),
        "flowing": (
            uniform(generator, 0.4, 1.2),
            uniform(generator, 0.7, 1.0),
            uniform(generator, 0.1, 0.8),
            uniform(generator, 0.1, 0.8),
            uniform(generator, 0.05, 0.3),
        ),
        "fat": (
            1.0,
            uniform(generator, 0.05, 0.3) if chance(generator, 0.15) else 1.0,
            uniform(generator, 0.05, 0.3) if t2_suppressed else 1.0,
            uniform(generator, 0.05, 0.3) if flair_suppressed else 1.0,
            uniform(generator, 0.02, 0.15),  # an echo-planar image always suppresses fat
        ),
        "texture": sample_texture(generator),
        "regional": sample_regional(generator),
        "susceptibility": sample_susceptibility(generator),
    }
    case = ContrastParameters(**drawn, gains=None, means=None)
    if way == "jittered":
        case = replace(case, gains=_sample_gains(generator, case, mixture.jitter))
    elif way == "random":
        case = replace(case, means=_sample_means(generator, case, mixture.keep_signs))
    return replace(case, flow=sample_flow(generator))


def _sample_tissues(generator: torch.Generator) -> dict[str, Any]:
    """The field and what every material is like in it, by the names of `ContrastParameters`.

    T1, T2 and ADC of each material vary by ±15 %, proton density by ±5 % (water content is tightly regulated: with
    ±15 % grey matter would often hold less water than white). At 1.5 T T1 is 0.75–0.8, T2 1.05–1.1 times that.
    """
    field_tesla = choose(generator, {1.5: 0.4, 3.0: 0.6})
    t1_factor, t2_factor = 1.0, 1.0
    if field_tesla == 1.5:
        t1_factor, t2_factor = uniform(generator, 0.75, 0.8), uniform(generator, 1.05, 1.1)
    typical = [AT_3_TESLA[material] for material in Material]
    t1_ms = tuple(
        values.t1_ms * uniform(generator, 0.85, 1.15) * (1.0 if material in FLUIDS else t1_factor)
        for material, values in zip(Material, typical, strict=True)
    )
    t2_ms = tuple(values.t2_ms * uniform(generator, 0.85, 1.15) * t2_factor for values in typical)
    density = tuple(min(1.0, values.proton_density * uniform(generator, 0.95, 1.05)) for values in typical)
    diffusivity = tuple(values.diffusivity * uniform(generator, 0.85, 1.15) for values in typical)
    t1_ms, density = (
        _watery(values, [getattr(one, name) for one in typical])
        for values, name in ((t1_ms, "t1_ms"), (density, "proton_density"))
    )
    t1_ms, t2_ms, density = (
        _alike(values, [getattr(one, name) for one in typical])
        for values, name in ((t1_ms, "t1_ms"), (t2_ms, "t2_ms"), (density, "proton_density"))
    )
    cleared = {
        Material.CHRONIC_INFARCT: uniform(generator, 0.3, 0.8),
        Material.NECROSIS: uniform(generator, 0.5, 1.0) if chance(generator, 0.35) else uniform(generator, 0.0, 0.4),
    }
    t1_ms, t2_ms, density, diffusivity = (_cleared(values, cleared) for values in (t1_ms, t2_ms, density, diffusivity))
    return {
        "field_tesla": field_tesla,
        "t1_ms": t1_ms,
        "t2_ms": t2_ms,
        "proton_density": density,
        "diffusivity": diffusivity,
    }


def _watery(values: tuple[float, ...], typical: list[float]) -> tuple[float, ...]:
    """Lesions of white matter share half of what made its values differ: they are that tissue and more water."""
    common = values[Material.WHITE_MATTER] / typical[Material.WHITE_MATTER]
    shared = list(values)
    for material in LESIONS:
        if material not in (Material.NECROSIS, Material.CHRONIC_INFARCT):
            shared[material] = (values[material] * typical[material] * common) ** 0.5
    return tuple(shared)


def _alike(values: tuple[float, ...], typical: list[float]) -> tuple[float, ...]:
    """What enhances is as far from its typical value as the same lesion where it does not; tracts are as white matter.

    Both share what made the values differ: the brain stem is made of the same fibres as the white matter it goes into,
    and no scan shows a border between the two.
    """
    alike = list(values)
    for enhancing, plain in NATIVE_TWINS.items():
        alike[enhancing] = values[plain] / typical[plain] * typical[enhancing]
    stem, white = Material.BRAIN_STEM, Material.WHITE_MATTER
    own, common = values[stem] / typical[stem], values[white] / typical[white]
    alike[stem] = typical[stem] * common ** (1 - STEM_ON_ITS_OWN) * own**STEM_ON_ITS_OWN
    return tuple(alike)


def _cleared(values: tuple[float, ...], shares: Mapping[Material, float]) -> tuple[float, ...]:
    """The same values of all materials, but what fills cavities is on its way to being plain fluid."""
    fluid = values[Material.CSF]
    cleared = list(values)
    for material, share in shares.items():
        cleared[material] = values[material] ** (1 - share) * fluid**share
    return tuple(cleared)


def signals(cases: Sequence[ContrastParameters], device: torch.device | str = "cpu") -> Tensor:
    """Brightness (B, 5, M) of each material, scaled so that white and cortical grey matter average 1 per sequence."""
    return torch.stack([_normalised(_table(case)) for case in cases]).to(device, torch.float32)


def physical_signals(case: ContrastParameters) -> Tensor:
    """Brightness (5, M) by physics alone, relative to fully relaxed water; float64."""
    t1_ms, t2_ms = torch.tensor(case.t1_ms, dtype=torch.float64), torch.tensor(case.t2_ms, dtype=torch.float64)
    density, diffusivity = t1_ms.new_tensor(case.proton_density), t1_ms.new_tensor(case.diffusivity)
    concentration = case.gadolinium_millimolar * t1_ms.new_tensor(case.uptake)
    before = Tissue(t1_ms, t2_ms, density, diffusivity)
    after = Tissue(*with_gadolinium(t1_ms, t2_ms, concentration), density, diffusivity)
    table = torch.stack(
        [
            case.t1.signal(before),
            case.t1ce.signal(after),
            case.t2.signal(before),
            case.flair.signal(before),
            case.dwi.signal(before),
        ]
    )
    table[:, Material.VESSEL] *= t1_ms.new_tensor(case.flowing)
    table[:, list(FATTY)] *= t1_ms.new_tensor(case.fat)[:, None]
    return table


def _table(case: ContrastParameters) -> Tensor:
    if case.means is not None:
        return torch.tensor(case.means, dtype=torch.float64)
    table = physical_signals(case)
    return table if case.gains is None else table * table.new_tensor(case.gains)


def _normalised(table: Tensor) -> Tensor:
    return table / table[:, [Material.WHITE_MATTER, Material.GREY_MATTER]].mean(dim=1, keepdim=True)


EXPONENTS: dict[str, dict[int, tuple[float, float]]] = {
    "healthy": {T1: (0.7, 1.2), T2: (0.2, 1.1), FLAIR: (0.0, 1.1), DWI: (0.1, 1.1)},
    "fluid": {T1: (0.7, 1.2), T2: (0.85, 1.35), FLAIR: (0.7, 1.2), DWI: (0.7, 1.2)},
    "lesion": {T1: (0.7, 1.2), T2: (0.4, 1.1), FLAIR: (0.35, 1.2), DWI: (0.6, 1.2)},
}
"""To what power a jittered case raises contrasts to white matter.

Scans show less than the equations give: in two patients with multiple sclerosis plaques were 1.3 times as bright as
white matter on FLAIR and 1.5 times on T2, where single echoes of nothing but plaque give 2.1 and 2.5. Grey and white
matter come closer still, down to equal on FLAIR, while fluid and lesions stay apart from both: so each of the three has
its own power.
"""


def _sample_gains(generator: torch.Generator, physical: ContrastParameters, jitter: float) -> Table:
    off = torch.randn((5, len(Material)), generator=generator, dtype=torch.float64) * jitter
    off[T1] *= 0.4
    off[:, Material.BRAIN_STEM] = torch.lerp(
        off[:, Material.WHITE_MATTER], off[:, Material.BRAIN_STEM], STEM_ON_ITS_OWN
    )
    off = off.exp()
    exponents = torch.empty_like(off)
    for kind, ranges in EXPONENTS.items():
        for row in (T1, T2, FLAIR, DWI):
            exponents[row, _of_kind(kind)] = uniform(generator, *ranges[row])
    # T1 and T1ce are off in the same way: what differs between them is the agent
    off[T1CE], exponents[T1CE] = off[T1], exponents[T1]
    real = physical_signals(physical)
    ratio = (real / real[:, [Material.WHITE_MATTER]]).clamp(min=0.02)
    return _as_table(off * ratio ** (exponents - 1))


def _of_kind(kind: str) -> list[int]:
    """Materials whose contrast is compressed together: lesions full of fluid go with fluid."""
    fluid = [*FLUIDS, Material.NECROSIS, Material.CHRONIC_INFARCT]
    if kind == "fluid":
        return fluid
    return [material for material in Material if material not in fluid and (material in LESIONS) == (kind == "lesion")]


MINIMAL_DIFFERENCE = 0.25
"""A random lesion differs from white and grey matter by this share of their common brightness in some sequence."""

BRIGHTEST = 4.0
"""No random lesion is brighter than this, relative to the average of white and grey matter."""


def _sample_means(generator: torch.Generator, physical: ContrastParameters, keep_signs: float) -> Table:
    """Means of a random case.

    Healthy materials are uniform in 0.2–1; in every second case fluid is brightest on T2 and darkest on FLAIR. A
    lesion is healthy matter times a factor: with signs kept, its real contrast raised to a random power; else
    anything between 0.3 and 3.
    """
    table = 0.2 + 0.8 * torch.rand((5, len(Material)), generator=generator, dtype=torch.float64)
    table[:, Material.AIR] = 0.0
    if chance(generator, 0.5):  # fluid is the one tissue whose place in the order of brightness hardly ever changes
        table[T2, list(FLUIDS)] = table[T2].max() * uniform(generator, 1.0, 2.5)
        table[FLAIR, list(FLUIDS)] = table[FLAIR, 1:].min() * uniform(generator, 0.1, 1.0)
    table[:, Material.BONE] *= 0.3  # a short T2 is dark whatever the sequence
    real = physical_signals(physical)
    white, grey = table[:, Material.WHITE_MATTER], table[:, Material.GREY_MATTER]
    signs_kept = chance(generator, keep_signs)
    for material in LESIONS:
        twin = NATIVE_TWINS.get(material)  # comes earlier in `LESIONS`
        native = None if twin is None else float(table[T1, twin])
        table[:, material] = _random_lesion(generator, white, grey, real, material, signs_kept, native)
    without_agent = physical_signals(replace(physical, gadolinium_millimolar=0.0))[T1CE]
    enhancement = real[T1CE] / without_agent.clamp(min=1e-6)
    # the tissue of T1 seen again, with every ratio of the agent kept and the rest a little off
    again = torch.randn(len(Material), generator=generator, dtype=torch.float64).mul(0.05).exp()
    table[T1CE] = torch.minimum(table[T1] * again * enhancement, BRIGHTEST * (white + grey)[T1] / 2)
    for material in ENHANCING:  # enhancement that matters is seen
        table[T1CE, material] = max(
            table[T1CE, material],
            1.05 * table[T1CE, [Material.WHITE_MATTER, Material.GREY_MATTER]].max(),
        )
    return _as_table(table)


def _random_lesion(
    generator: torch.Generator,
    white: Tensor,
    grey: Tensor,
    real: Tensor,
    material: Material,
    signs_kept: bool,
    native: float | None,
) -> Tensor:
    """One lesion material in the five sequences, (5,), distinguishable in T1, T2, FLAIR or DWI.

    `native` is its brightness on T1, if that is decided already.
    """
    around = torch.stack([white, grey])
    anchor, ratio = _anchored(white, grey, real, material)
    for _ in range(20):
        if signs_kept:
            power = torch.tensor([log_uniform(generator, 0.4, 1.6) for _ in range(5)], dtype=torch.float64)
            mean = anchor * ratio**power
        else:
            mean = white * torch.tensor([log_uniform(generator, 0.3, 3.0) for _ in range(5)], dtype=torch.float64)
        mean = torch.minimum(mean, BRIGHTEST * around.mean(dim=0))
        if native is not None:
            mean[T1] = native
        apart = ((mean - around).abs() / around.mean(dim=0)).amin(dim=0)
        if apart[[T1, T2, FLAIR, DWI]].max() >= MINIMAL_DIFFERENCE:
            return mean
    mean[FLAIR] = around[:, FLAIR].max() * (1 + MINIMAL_DIFFERENCE + abs(normal(generator, 0.3)))
    return mean


def _anchored(white: Tensor, grey: Tensor, real: Tensor, material: Material) -> tuple[Tensor, Tensor]:
    """Which random brightness a lesion is measured from, and its real ratio to that, each (5,).

    What is brighter (darker) than both kinds of matter in reality is compared with the brighter (darker) one, anything
    in between with white matter.
    """
    lesion, real_white = real[:, material], real[:, Material.WHITE_MATTER]
    real_pair = torch.stack([real_white, real[:, Material.GREY_MATTER]])
    above, below = lesion > real_pair.amax(dim=0), lesion < real_pair.amin(dim=0)
    anchor = torch.where(above, torch.maximum(white, grey), torch.where(below, torch.minimum(white, grey), white))
    real_anchor = torch.where(above, real_pair.amax(dim=0), torch.where(below, real_pair.amin(dim=0), real_white))
    return anchor, lesion / real_anchor


def _as_table(table: Tensor) -> Table:
    return tuple(tuple(row) for row in table.tolist())
