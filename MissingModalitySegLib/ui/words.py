"""Words of the domain in the user's language: what the advice says, regions, columns of tables.

What a worker or a model's maker says (errors, warnings, intended use) is shown as it was said.
"""

from __future__ import annotations

from slicer.i18n import tr as _


def advice_words() -> dict[str, str]:
    """In place of `advice.WORDS`."""
    return {
        "unused": _("{modalities} is not used by this model."),
        "several unused": _("{modalities} are not used by this model."),
        "expected": _("Expected from {modalities}: {figures}."),
        "unmeasured": _("How well this model does from {modalities} has not been measured."),
        "helpful": _("{modality} would help most: {metric} of the {region} {before} → {after}{data}."),
        "figure": _("{metric} of the {region} {mean} ({cases}{data})"),
        "one case": _("1 case"),
        "cases": _("{n} cases"),
        "few": _(", few"),
        "simulated": _(", simulated scans only"),
        "real": _(", real scans of {dataset}"),
        "and": _("{first} and {last}"),
        "dice": _("Dice"),
        "hd95": _("HD95 in mm"),
        "cscore": _("CScore"),
        "lesion_f1": _("lesion F1"),
    } | _regions()


def region_word(name: str) -> str:
    """What a region is called inside a sentence."""
    return _regions().get(name, name)


def column_word(title: str) -> str:
    """What heads a column of the lesion table; units stay."""
    for name, word in _columns().items():
        if title == name or title.startswith(f"{name} "):
            return word + title[len(name) :]
    return title


def side_word(side: str) -> str:
    """Where a lesion lies."""
    return {"left": _("left"), "right": _("right"), "midline": _("midline")}.get(side, side)


def _regions() -> dict[str, str]:
    return {"lesion": _("lesion"), "core": _("core"), "enhancing": _("enhancing")}


def _columns() -> dict[str, str]:
    return {
        "Lesion": _("Lesion"),
        "Volume": _("Volume"),
        "Core": _("Core"),
        "Enhancing": _("Enhancing"),
        "Diameter": _("Diameter"),
        "Axial": _("Axial"),
        "Across": _("Across"),
        "Side": _("Side"),
        "Mean": _("Mean"),
    }
