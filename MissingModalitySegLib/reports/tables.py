"""Tables as all pages have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .markup import Markup, element


def heading(name: str, number: bool = False, sort: bool = False) -> Markup:
    """The head of a column; a button where the column can be sorted by."""
    inside = element("button", name, type="button", title="Sort by this") if sort else name
    return element("th", inside, scope="col", class_="number" if number else None)


def cell(value: Any, class_: str | None = None) -> Markup:
    return element("td", value, class_=class_)


def number_cell(value: Any, digits: int, *, sign: bool = False, significant: bool = False) -> Markup:
    """A number with so many digits after the point, or in all; a dash where there is none."""
    if not is_number(value):
        return element("td", "–", class_="number", data_sort="")
    form = f"{'+' if sign else ''}.{digits}{'g' if significant else 'f'}"
    return element("td", format(value, form), class_="number", data_sort=value)


def table(heads: Sequence[Markup], rows: Sequence[Sequence[Markup]], *, sortable: bool = False) -> Markup:
    """A table that may be wider than the page."""
    made = element(
        "table",
        element("thead", element("tr", heads)),
        element("tbody", [element("tr", row) for row in rows]),
        class_="sortable" if sortable else None,
    )
    return element("div", made, class_="wide")


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value
