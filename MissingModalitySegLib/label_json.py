"""Label schemes from and to JSON, for schemes that a bundle or a user brings along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import InputError
from .labels import Colour, Label, LabelScheme, Region
from .terminology import Terminology, terminology_from_dict, terminology_to_dict


def scheme_from_dict(data: Mapping[str, Any]) -> LabelScheme:
    """Read a scheme from JSON data, the inverse of `scheme_to_dict`. Raises `InputError` naming what is wrong."""
    try:
        regions = tuple(
            Region(
                name=_text(entry["name"]),
                title=_text(entry.get("title", entry["name"])),
                values=frozenset(_whole(value) for value in entry["values"]),
                colour=_colour(entry["colour"]),
                terminology=_terminology(entry.get("terminology")),
            )
            for entry in data["regions"]
        )
        labels = tuple(
            Label(
                value=_whole(entry["value"]),
                title=_text(entry["title"]),
                colour=_colour(entry["colour"]),
                terminology=_terminology(entry.get("terminology")),
            )
            for entry in data["labels"]
        )
        name = _text(data["name"])
        scored = tuple(_text(entry) for entry in data.get("scored", [region.name for region in regions]))
        return LabelScheme(name, _text(data.get("title", name)), regions, labels, scored)
    except KeyError as error:
        raise InputError("bad-label-scheme", f"The label scheme lacks the key “{error.args[0]}”.") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise InputError("bad-label-scheme", f"The label scheme cannot be read: {error}.") from None


def scheme_to_dict(scheme: LabelScheme) -> dict[str, Any]:
    """Plain JSON data that `scheme_from_dict` turns back into an equal scheme."""
    return {
        "name": scheme.name,
        "title": scheme.title,
        "regions": [
            {
                "name": region.name,
                "title": region.title,
                "values": sorted(region.values),
                "colour": list(region.colour),
                "terminology": region.terminology and terminology_to_dict(region.terminology),
            }
            for region in scheme.regions
        ],
        "labels": [
            {
                "value": label.value,
                "title": label.title,
                "colour": list(label.colour),
                "terminology": label.terminology and terminology_to_dict(label.terminology),
            }
            for label in scheme.labels
        ],
        "scored": list(scheme.scored),
    }


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{value!r} is not a text")
    return value


def _terminology(data: Any) -> Terminology | None:
    return None if data is None else terminology_from_dict(data)


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{value!r} is not a whole number")
    return value


def _colour(value: Any) -> Colour:
    colour = tuple(_whole(part) for part in value)
    if len(colour) != 3 or not all(0 <= part <= 255 for part in colour):
        raise ValueError(f"the colour {list(value)} is not three numbers from 0 to 255")
    return colour
