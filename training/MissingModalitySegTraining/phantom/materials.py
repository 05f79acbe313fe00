"""What a phantom is made of, and the physical values that decide how each sequence shows it.

A voxel holds a mixture of materials; an image is the mixture of their signals. Values are typical of 3 T; a case draws
its own around them (`physics`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Material(IntEnum):
    """Channel order of every fraction tensor (…, M, X, Y, Z): healthy tissue, the head around it, then lesions."""

    AIR = 0
    WHITE_MATTER = 1
    GREY_MATTER = 2
    DEEP_GREY_MATTER = 3
    CSF = 4
    BRAIN_STEM = 5
    VESSEL = 6
    CHOROID_PLEXUS = 7
    DURA = 8
    BONE = 9
    MARROW = 10
    FAT = 11
    MUSCLE = 12
    EYE = 13
    OEDEMA = 14
    NON_ENHANCING_TUMOUR = 15
    ENHANCING_TUMOUR = 16
    NECROSIS = 17
    PLAQUE = 18
    ENHANCING_PLAQUE = 19
    BLACK_HOLE = 20
    HYPERINTENSITY = 21
    ACUTE_INFARCT = 22
    CHRONIC_INFARCT = 23


TISSUES: tuple[Material, ...] = tuple(Material)[: Material.OEDEMA]
"""Healthy materials: what the anatomy is made of."""

LESIONS: tuple[Material, ...] = tuple(Material)[Material.OEDEMA :]
"""Materials that only lesions bring."""

BRAIN: tuple[Material, ...] = (
    Material.WHITE_MATTER,
    Material.GREY_MATTER,
    Material.DEEP_GREY_MATTER,
    Material.CSF,
    Material.BRAIN_STEM,
    Material.VESSEL,
    Material.CHOROID_PLEXUS,
    *LESIONS,
)
"""What brain extraction keeps (CSF outside the brain's envelope is anatomy's affair)."""

ENHANCING: tuple[Material, ...] = (Material.ENHANCING_TUMOUR, Material.ENHANCING_PLAQUE)
"""Lesions whose barrier to blood is broken."""

FLUIDS: tuple[Material, ...] = (Material.CSF, Material.EYE)
"""Nearly free water: its T1 does not depend on the field."""

FATTY: tuple[Material, ...] = (Material.FAT, Material.MARROW)
"""What fat suppression takes away."""


@dataclass(frozen=True)
class TissueValues:
    """Relaxation times in ms, proton density relative to water, apparent diffusion coefficient in 1e-3 mm²/s."""

    t1_ms: float
    t2_ms: float
    proton_density: float
    diffusivity: float


AT_3_TESLA: dict[Material, TissueValues] = {
    Material.AIR: TissueValues(1000, 10, 0.0, 0.0),  # no protons; the times only have to be finite
    Material.WHITE_MATTER: TissueValues(850, 70, 0.70, 0.75),
    Material.GREY_MATTER: TissueValues(1350, 90, 0.82, 0.83),
    Material.DEEP_GREY_MATTER: TissueValues(1100, 72, 0.78, 0.78),
    Material.CSF: TissueValues(4200, 1800, 1.00, 3.00),
    Material.BRAIN_STEM: TissueValues(950, 74, 0.73, 0.76),  # white matter with nuclei in between
    Material.VESSEL: TissueValues(1650, 110, 0.85, 2.50),
    Material.CHOROID_PLEXUS: TissueValues(2000, 120, 0.90, 1.60),
    Material.DURA: TissueValues(1000, 35, 0.55, 0.80),
    Material.BONE: TissueValues(250, 0.5, 0.20, 0.30),
    Material.MARROW: TissueValues(550, 55, 0.75, 0.40),
    Material.FAT: TissueValues(380, 70, 0.95, 0.02),
    Material.MUSCLE: TissueValues(1400, 45, 0.85, 1.20),
    Material.EYE: TissueValues(3900, 1200, 0.98, 2.80),
    Material.OEDEMA: TissueValues(1500, 150, 0.88, 1.35),
    Material.NON_ENHANCING_TUMOUR: TissueValues(1750, 150, 0.90, 1.20),
    Material.ENHANCING_TUMOUR: TissueValues(1500, 115, 0.87, 1.05),
    Material.NECROSIS: TissueValues(2400, 350, 0.95, 1.90),
    Material.PLAQUE: TissueValues(1350, 150, 0.85, 1.15),
    Material.ENHANCING_PLAQUE: TissueValues(1350, 150, 0.85, 1.10),  # as the plaque, until Gd comes
    Material.BLACK_HOLE: TissueValues(1900, 240, 0.92, 1.40),
    Material.HYPERINTENSITY: TissueValues(1200, 115, 0.80, 1.05),
    Material.ACUTE_INFARCT: TissueValues(1250, 100, 0.85, 0.45),
    Material.CHRONIC_INFARCT: TissueValues(3000, 600, 0.97, 2.20),
}
"""Typical values. Muscle: Stanisz et al., MRM 54:507, 2005; fat and marrow: de Bazelaire et al., Radiology 230:652,
2004; blood: T1 from Lu et al., MRM 52:679, 2004, T2 between arterial and venous from Zhao et al., MRM 58:592, 2007;
cortical bone: Du and Bydder, NMR Biomed 26:489, 2013. Choroid plexus, dura and vitreous are estimates between
neighbouring tissues of known water content.
"""
