"""The page of two time points: what is new, enlarging, shrinking, gone, and when a difference counts as one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..labels import Colour
from .markup import Markup, element, text
from .page import page, when
from .pictures import Pictures
from .tables import cell, heading, number_cell, table
from .viewer import montage_section, viewer_data, viewer_section

COLOURS: dict[str, Colour] = {
    "new": (213, 94, 0),
    "enlarging": (230, 159, 0),
    "unchanged": (86, 180, 233),
    "shrinking": (0, 158, 115),
    "gone": (204, 121, 167),
}
"""By state; told apart by all kinds of colour vision (Okabe and Ito, 2008)."""

_SIGNS = {"new": "+", "enlarging": "▲", "unchanged": "=", "shrinking": "▼", "gone": "○"}
"""Beside the word, so that nobody needs the colour."""


_COLUMNS = ("First, ml", "Second, ml", "Difference, ml", "%", "Counts from, ml")


def changes_page(result: Mapping[str, Any], pictures: Pictures | None = None) -> str:
    """The whole file, of what `longitudinal.json` holds."""
    first, second = result["first"], result["second"]
    under = f"{_told(first)} → {_told(second)}"
    head = element(
        "header",
        element("div", element("h1", "Two time points"), element("p", under, class_="quiet")),
        element("button", "Light / dark", type="button", id="theme", class_="plain screen"),
        class_="top",
    )
    sections = [
        longitudinal_section(result),
        None if pictures is None else viewer_section(pictures),
        None if pictures is None else montage_section(pictures, "Largest differences"),
        _lesions(result, pictures is not None),
        _how(result),
    ]
    foot = element("footer", "For research only, not a medical device; look at every result.")
    data = {"report": result} | ({} if pictures is None else {"pictures": viewer_data(pictures)})
    scripts = () if pictures is None else ("viewer.js",)
    icon = None if pictures is None else pictures.thumbnail
    return page("Two time points", text([head, element("main", sections), foot]), scripts, data, icon)


def longitudinal_section(result: Mapping[str, Any], since: bool = False) -> Markup:
    """How many lesions are in each state, and what became of the volumes; `since`: in the report of the later visit."""
    numbers = [
        element("div", element("b", f"{_SIGNS[name]} {one['count']}"), element("span", name))
        for name, one in result["states"].items()
    ]
    rows = [
        [
            cell(name),
            number_cell(one["before"], 2),
            number_cell(one["after"], 2),
            number_cell(one["difference"], 2, sign=True),
            number_cell(one["percent"], 0, sign=True),
        ]
        for name, one in result["volumes_ml"].items()
    ]
    heads = [
        heading("Region"),
        *(heading(name, True) for name in ("First, ml", "Second, ml", "Difference, ml", "Difference, %")),
    ]
    caution = None
    if result["warnings"]:
        items = element("ul", [element("li", one["message"]) for one in result["warnings"]])
        caution = element("div", element("b", "Before you believe a change"), items, class_="caution")
    return element(
        "section",
        element("h2", "What has changed since the earlier visit" if since else "What has changed"),
        element("div", numbers, class_="numbers"),
        caution,
        table(heads, rows),
        _too_small(result),
    )


def _told(visit: Mapping[str, Any]) -> str:
    model = visit.get("model")
    name = f" by {model['name']} {model['version']}" if model else ""
    return f"{visit.get('code')}{name}"


def _too_small(result: Mapping[str, Any]) -> Markup | None:
    count = result["too_small"]
    if not count:
        return None
    lesions = "1 lesion was" if count == 1 else f"{count} lesions were"
    words = f"{lesions} smaller than {result['thresholds']['smallest_ml']} ml both times; nothing is said of them."
    return element("p", words, class_="quiet small")


def _lesions(result: Mapping[str, Any], pictured: bool) -> Markup:
    if not result["lesions"]:
        return element("section", element("h2", "Lesions"), element("p", "There is none at either time."))
    heads = [
        heading("Lesion", True, sort=True),
        heading("State", sort=True),
        *(heading(name, True, sort=True) for name in _COLUMNS),
        heading("Overlap", True, sort=True),
        heading("Numbers in the reports"),
        heading("Place R, A, S, mm"),
        heading("Remark"),
    ]
    rows = [[_number(one["id"], pictured), *_cells(one)] for one in result["lesions"]]
    return element("section", element("h2", "Lesions"), table(heads, rows, sortable=True))


def _cells(one: Mapping[str, Any]) -> list[Markup]:
    numbers = [", ".join(str(number) for number in one[side]) or "–" for side in ("before", "after")]
    return [
        cell(f"{_SIGNS[one['state']]} {one['state']}"),
        number_cell(one["before_ml"], 3),
        number_cell(one["after_ml"], 3),
        number_cell(one["difference_ml"], 3, sign=True),
        number_cell(one["difference_percent"], 0, sign=True),
        number_cell(one["least_change_ml"], 3),
        number_cell(one["overlap"], 2),
        cell(f"{numbers[0]} → {numbers[1]}"),
        cell(", ".join(f"{value:.0f}" for value in one["point_ras_mm"])),
        cell(one["note"]),
    ]


def _number(number: int, pictured: bool) -> Markup:
    if not pictured:
        return number_cell(number, 0)
    button = element("button", str(number), type="button", class_="link", data_lesion=number, title="Show it above")
    return element("td", button, class_="number", data_sort=number)


def _how(result: Mapping[str, Any]) -> Markup:
    registration, program = result["registration"], result["program"]
    if registration is None:
        how = "Both scans were taken to be in one space."
    else:
        how = (
            f"{registration['second']} of the second visit was aligned with {registration['first']} of the first: "
            f"moved {registration['shift_mm']:.1f} mm, turned {registration['angle_deg']:.1f}°; edges agree "
            f"{registration['agreement']:.2f} of 1."
        )
    return element(
        "section",
        element("h2", "How it was told"),
        element("p", how),
        element("ul", [element("li", rule) for rule in _rules(result["thresholds"])]),
        element("p", f"{program['name']} {program['version']}, {when(result['created'])}", class_="quiet small"),
    )


def _rules(limits: Mapping[str, float]) -> Iterator[str]:
    """The thresholds in words."""
    share, overlap = f"{limits['share']:.0%}", f"{limits['overlap']:.0%}"
    yield (
        f"A lesion is what hangs together. An earlier and a later lesion are one where at least {overlap} of the "
        f"smaller lies in the other; those without a partner, where their middles are within {limits['reach_mm']:g} mm."
    )
    yield (
        f"It is enlarging or shrinking where its volume differs by at least {share} of the earlier one, and by more "
        f"than a border drawn {limits['border_mm']:g} mm elsewhere would explain."
    )
    yield f"What is smaller than {limits['smallest_ml']:g} ml at both times is not judged."
    yield "Volumes are measured on each scan's own voxels; nothing is interpolated that is counted."
