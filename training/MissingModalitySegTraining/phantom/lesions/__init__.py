"""Lesions of a phantom: drawn as numbers (`sample_lesions`), shown on any grid (`displace`, `lesion_fractions`).

>>> lesions = sample_lesions("glioma", generator, atlas)
>>> moved = displace(places, lesions)                                      # places of the atlas, (X, Y, Z, 3)
>>> shares = lesion_fractions(places, atlas.sample(moved[None]), 0, lesions)  # of each lesion material
>>> labels = label_map(shares)
"""

from .cases import ADULTS, AGES, KINDS, Lesions, displace, lesion_fractions, sample_lesions
from .confounders import ConfounderFields, Confounders, blend, confounders, sample_confounders
from .masks import MaskFolder, open_mask_folder
from .regions import label_map, regions

__all__ = [
    "ADULTS",
    "AGES",
    "KINDS",
    "ConfounderFields",
    "Confounders",
    "Lesions",
    "MaskFolder",
    "blend",
    "confounders",
    "displace",
    "label_map",
    "lesion_fractions",
    "open_mask_folder",
    "regions",
    "sample_confounders",
    "sample_lesions",
]
