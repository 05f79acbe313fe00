"""The coded terms that Slicer's own lists lack, as a file that its terminology browser reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import slicer

from ..errors import InputError
from ..resources import resources
from ..terminology import OWN_LIST, TERMS

_SCHEMA = "https://raw.githubusercontent.com/qiicr/dcmqi/master/doc/segment-context-schema.json#"
_COLOURS = {
    "Lesion": (111, 184, 210),
    "Infarct": (181, 111, 196),
    "Demyelination": (126, 196, 141),
    "Enhancing Lesion": (241, 214, 69),
}


def term_file() -> Path:
    """The shipped file."""
    return resources() / "terminology" / "MissingModalitySeg.term.json"


def load_terms(logic: Any = None) -> None:
    """Tell Slicer's terminology logic our terms, once at start-up; `logic` is found where it is not given."""
    logic = logic or slicer.modules.terminologies.logic()
    if logic.LoadTerminologyFromFile(str(term_file())) != OWN_LIST:
        raise InputError(
            "terminology-unreadable",
            f"“{term_file()}” cannot be read by Slicer.",
            "Segments keep their terms, but the terminology browser does not know them. Install the program again.",
        )


def term_text() -> str:
    """What the file holds, made from `terminology.TERMS`: dcmqi's schema of category, type and colour."""
    categories: dict[str, dict[str, Any]] = {}
    for term in TERMS:
        if term.context == OWN_LIST:
            category = categories.setdefault(term.category.value, _code(term.category) | {"Type": []})
            colour = list(_COLOURS[term.type.meaning])
            category["Type"].append(_code(term.type) | {"recommendedDisplayRGBValue": colour})
    content = {
        "SegmentationCategoryTypeContextName": OWN_LIST,
        "@schema": _SCHEMA,
        "SegmentationCodes": {"Category": [entry | {"showAnatomy": True} for entry in categories.values()]},
    }
    return json.dumps(content, indent=2) + "\n"


def _code(coded: Any) -> dict[str, str]:
    return {"CodeMeaning": coded.meaning, "CodingSchemeDesignator": coded.scheme, "CodeValue": coded.value}
