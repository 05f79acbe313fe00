"""The volumes that went in, and what there is to say against each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .markup import Markup, element
from .tables import cell, heading, table

THICK_MM, SKEW = 4.0, 3.0
"""Slices that lesions hide between, and voxels this much longer one way than another."""


def inputs_section(report: Mapping[str, Any]) -> Markup:
    """A line per volume: its grid, how it came to lie on the reference, whether the model used it, what is odd."""
    inputs = report.get("inputs") or {}
    heads = [heading(name) for name in ("Sequence", "File", "Voxels", "Size, mm", "Axes", "Alignment", "Quality")]
    rows = []
    for name, one in inputs.items():
        geometry = one.get("geometry") or {}
        remarks = list(_remarks(name, one, report))
        quality = [element("div", words, class_=tone) for tone, words in remarks]
        rows.append(
            [
                element("th", name, scope="row"),
                cell(one.get("file") or "–", "name"),
                cell(" × ".join(str(value) for value in geometry.get("size") or ())),
                cell(" × ".join(f"{value:.3g}" for value in geometry.get("spacing_mm") or ())),
                cell(geometry.get("orientation")),
                cell(_alignment(name, one, report)),
                cell(quality or element("span", "nothing odd", class_="good")),
            ]
        )
    missing = (report.get("expected") or {}).get("missing") or ()
    absent = element("p", f"Not given: {', '.join(missing)}.", class_="quiet small") if missing else None
    brain = report.get("brain") or {}
    source = {"extracted-input": "taken over: the volumes show nothing else", "none": "not looked for"}.get(
        brain.get("source"), brain.get("source")
    )
    about_brain = element("p", f"Brain: {source}.", class_="quiet small") if source else None
    return element("section", element("h2", "What went in"), table(heads, rows), absent, about_brain)


def _remarks(name: str, one: Mapping[str, Any], report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if not one.get("used", True):
        yield "doubtful", "not used by the model"
    spacing = (one.get("geometry") or {}).get("spacing_mm") or (1, 1, 1)
    if max(spacing) > THICK_MM:
        yield "doubtful", f"slices {max(spacing):.3g} mm apart"
    elif max(spacing) >= SKEW * min(spacing):
        yield "quiet", f"voxels {max(spacing) / min(spacing):.1f} times as long as wide"
    word = re.compile(rf"\b{re.escape(name)}\b")
    for warning in report.get("warnings") or ():
        if word.search(str(warning.get("message"))):
            yield "doubtful", str(warning["message"])


def _alignment(name: str, one: Mapping[str, Any], report: Mapping[str, Any]) -> str:
    if name == report.get("reference"):
        return "the reference"
    alignment = one.get("alignment")
    if not alignment:
        return "–"
    if alignment["applied"]:
        words = f"moved {alignment['shift_mm']:.1f} mm, turned {alignment['angle_deg']:.1f}°"
    else:
        words = "left as it lies"
    if alignment.get("before") is not None and alignment["applied"]:
        words += f"; edges agree {alignment['before']:.2f} → {alignment['after']:.2f}"
    if alignment.get("overlap", 1) < 0.995:
        words += f"; {alignment['overlap']:.0%} of the field of view in common"
    return words
