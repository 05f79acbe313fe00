"""Coded names for what a segment shows, so that Slicer and DICOM SEG know it as more than a colour.

Codes that the DICOM master list of Slicer lacks (lesion, enhancing lesion, infarct, demyelination) live in a context of
our own, which the extension loads from a `.term.json` file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

MASTER_LIST = "Segmentation category and type - DICOM master list"
OWN_LIST = "Segmentation category and type - MissingModalitySeg"
ANATOMY_LIST = "Anatomic codes - DICOM master list"


@dataclass(frozen=True)
class Coded:
    """One code of a coding scheme: SCT (SNOMED CT) or NCIt (NCI Thesaurus), value and meaning."""

    scheme: str
    value: str
    meaning: str

    def __post_init__(self) -> None:
        for field, text in asdict(self).items():
            if not isinstance(text, str) or not text or "~" in text or "^" in text:
                raise ValueError(f"the {field} of a code is {text!r}; it must be a text without “~” and “^”")

    def __str__(self) -> str:
        return f"{self.scheme}^{self.value}^{self.meaning}"


ABNORMAL_STRUCTURE = Coded("SCT", "49755003", "Morphologically Altered Structure")
BRAIN = Coded("SCT", "12738006", "Brain")


@dataclass(frozen=True)
class Terminology:
    """What a segment is (`category`, `type`), where it lies (`region`), which list knows the type (`context`)."""

    context: str
    type: Coded
    category: Coded = ABNORMAL_STRUCTURE
    region: Coded = BRAIN

    def entry(self) -> str:
        """The serialised entry of a Slicer segment: context~category~type~modifier~anatomy~region~modifier."""
        return f"{self.context}~{self.category}~{self.type}~^^~{ANATOMY_LIST}~{self.region}~^^"


EDEMA_TERM = Terminology(MASTER_LIST, Coded("SCT", "79654002", "Edema"))
NECROSIS_TERM = Terminology(MASTER_LIST, Coded("SCT", "6574001", "Necrosis"))
MASS_TERM = Terminology(MASTER_LIST, Coded("SCT", "4147007", "Mass"))
NEOPLASM_TERM = Terminology(MASTER_LIST, Coded("SCT", "108369006", "Neoplasm"))
LESION_TERM = Terminology(OWN_LIST, Coded("SCT", "52988006", "Lesion"))
INFARCT_TERM = Terminology(OWN_LIST, Coded("SCT", "55641003", "Infarct"))
DEMYELINATION_TERM = Terminology(OWN_LIST, Coded("SCT", "32693004", "Demyelination"))
ENHANCING_TERM = Terminology(OWN_LIST, Coded("NCIt", "C113842", "Enhancing Lesion"))

TERMS: tuple[Terminology, ...] = (
    EDEMA_TERM,
    NECROSIS_TERM,
    MASS_TERM,
    NEOPLASM_TERM,
    LESION_TERM,
    INFARCT_TERM,
    DEMYELINATION_TERM,
    ENHANCING_TERM,
)
"""Every term the product uses or offers."""


def terminology_to_dict(term: Terminology) -> dict[str, Any]:
    """Plain JSON data of a term."""
    return asdict(term)


def terminology_from_dict(data: Mapping[str, Any]) -> Terminology:
    """The inverse of `terminology_to_dict`; category and region may be left out. Raises `KeyError` or `ValueError`."""
    optional = {key: Coded(**data[key]) for key in ("category", "region") if data.get(key) is not None}
    context = data["context"]
    if not isinstance(context, str) or not context or "~" in context:
        raise ValueError(f"the terminology context {context!r} is not a text without “~”")
    return Terminology(context, Coded(**data["type"]), **optional)
