"""What a phantom is made of, and the physical values that decide how each sequence shows it.

A voxel holds a mixture of materials; an image is the mixture of their signals. Values are typical of 3 T; a case draws
its own around them (`physics`).
"""

from __future__ import annotations

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
