"""HTML out of plain values: everything that is not markup already is escaped."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from typing import Any

_EMPTY_ELEMENTS = frozenset({"br", "img", "input", "link", "meta"})
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Letters that no HTML may hold: control characters, and halves of surrogate pairs from file names."""


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(value: Any) -> Markup:
    """`value` as HTML: markup as it is, None as nothing, a list piece by piece, all else escaped."""
    if isinstance(value, Markup):
        return value
    if value is None:
        return Markup()
    if isinstance(value, str):
        return Markup(html.escape(_CONTROLS.sub("\N{REPLACEMENT CHARACTER}", value)))
    if isinstance(value, Iterable):
        return Markup("".join(text(one) for one in value))
    return Markup(html.escape(str(value)))


def element(tag: str, *children: Any, **attributes: Any) -> Markup:
    """One element. `class_` and `for_` lose their last letter, `data_sort` is `data-sort`; True is a bare attribute,
    None and False are none."""
    told = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in _EMPTY_ELEMENTS:
        return Markup(f"<{tag}{told}>")
    return Markup(f"<{tag}{told}>{text(children)}</{tag}>")


def data_block(name: str, value: Any) -> Markup:
    """JSON for the page's own script, which nothing in it can end early."""
    written = json.dumps(value, allow_nan=False, separators=(",", ":"))
    for letter in "<>&":
        written = written.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(f'<script type="application/json" id="{name}">{written}</script>')


def _attribute(name: str, value: Any) -> str:
    if value is None or value is False:
        return ""
    name = name.removesuffix("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{text(str(value))}"'
