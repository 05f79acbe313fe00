"""The page of one case: what went in, what to expect, what was found, and how all of it came about.

What is told is what `report.json` holds, and nothing else: no folders, nothing of the patient.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .changes import longitudinal_section
from .markup import Markup, element, text
from .page import page, when
from .pictures import Pictures
from .provenance import provenance
from .quality import inputs_section
from .tables import cell, heading, number_cell, table
from .viewer import montage_section, viewer_data, viewer_section

_WORTH_TELLING = 0.005
"""A smaller gain would be shown as 0.00."""

_REGION_ORDER = ("lesion", "core", "enhancing")


def case_page(
    report: Mapping[str, Any],
    pictures: Pictures | None = None,
    case: str = "",
    changes: Mapping[str, Any] | None = None,
) -> str:
    """The whole file. `case` is what the reader calls the case; only who gives it knows whether it may be told.
    `changes` is what `longitudinal.json` holds of an earlier visit and this one."""
    title = f"{case}: lesion report" if case else "Lesion report"
    code, model = report.get("code"), _model(report)
    under = " · ".join(part for part in (code, model, when(report.get("created"))) if part)
    patient = report.get("patient")  # there only where somebody asked for it
    told = ", ".join(f"{name}: {value}" for name, value in patient.items()) if isinstance(patient, dict) else None
    head = element(
        "header",
        element("div", element("h1", title), element("p", under, class_="quiet"), element("p", told) if told else None),
        element("button", "Light / dark", type="button", id="theme", class_="plain screen"),
        class_="top",
    )
    sections = [
        _found(report),
        None if changes is None else longitudinal_section(changes, since=True),
        inputs_section(report),
        _expected(report),
        None if pictures is None else viewer_section(pictures),
        None if pictures is None else montage_section(pictures),
        _lesions(report, pictures is not None),
        _synthetic(report),
        provenance(report),
    ]
    foot = element(
        "footer",
        "For research only, not a medical device; look at every result. Figures are measurements of what a model "
        "marked, not a diagnosis.",
    )
    data = {"report": report} | ({} if pictures is None else {"pictures": viewer_data(pictures)})
    scripts = () if pictures is None else ("viewer.js",)
    icon = None if pictures is None else pictures.thumbnail
    return page(title, text([head, element("main", sections), foot]), scripts, data, icon)


def _model(report: Mapping[str, Any]) -> str:
    model = report.get("model") or (report.get("synthetic") or {}).get("model")
    return "" if not model else f"{model.get('name')} {model.get('version')}"


def _found(report: Mapping[str, Any]) -> Markup:
    volumes = report.get("volumes_ml")
    warnings = [one.get("message") for one in report.get("warnings") or ()]
    if volumes is None:
        told = element("p", "Missing sequences were generated; no lesions were looked for.")
    else:
        count = report.get("lesion_count") or 0
        brain = (report.get("brain") or {}).get("volume_ml")
        numbers = [_big(f"{value:.2f} ml", name) for name, value in volumes.items()]
        numbers.append(_big(str(count), "lesion" if count == 1 else "lesions"))
        if brain:
            numbers.append(_big(f"{brain:.0f} ml", "brain"))
        told = element("div", numbers, class_="numbers")
    removed = report.get("removed") or {}
    left_out = None
    if removed.get("count"):
        smallest = (report.get("options") or {}).get("minimum_lesion_ml")
        words = f"{removed['count']} lesions smaller than {smallest} ml ({removed['volume_ml']:.2f} ml) were left out."
        left_out = element("p", words, class_="quiet small")
    nested = None
    if volumes and len(volumes) > 1:
        nested = element("p", "Regions lie in one another: ", " ⊃ ".join(volumes), ".", class_="quiet small")
    caution = None
    if warnings:
        items = element("ul", [element("li", one) for one in warnings])
        caution = element("div", element("b", "Warnings"), items, class_="caution")
    return element("section", element("h2", "What was found"), told, left_out, nested, caution)


def _big(value: str, name: str) -> Markup:
    return element("div", element("b", value), element("span", name))


def _expected(report: Mapping[str, Any]) -> Markup:
    expected = report.get("expected")
    if not expected:
        return Markup()
    figures = expected.get("expected") or ()
    rows = [
        [
            cell(one["region"]),
            cell(_metric(one["metric"])),
            number_cell(one["mean"], 2),
            number_cell(one.get("standard_error"), 2),
            number_cell(one["n"], 0),
            cell(one.get("dataset")),
            cell(
                element("span", "simulated scans only", class_="tag doubtful")
                if one["data"] == "simulated"
                else "real scans"
            ),
        ]
        for one in figures
    ]
    heads = [
        heading("Region"), heading("Metric"), heading("Mean", True), heading("± SE", True), heading("Cases", True),
        heading("Data set"), heading("Data"),
    ]  # fmt: skip
    additions = [
        [
            cell(one["modality"]),
            number_cell(one["gain"], 2, sign=True),
            number_cell(one["after"]["mean"], 2),
            cell(f"{_metric(one['after']['metric'])} of the {one['after']['region']}"),
        ]
        for one in expected.get("additions") or ()
        if one["gain"] >= _WORTH_TELLING
    ]
    sentences = dict(expected.get("sentences") or {})
    if rows:
        sentences.pop("expected", None)  # which the table tells
    more = [heading("Sequence"), heading("Gain", True), heading("Then", True), heading("Of")]
    return element(
        "section",
        element("h2", "What to expect of these sequences"),
        [element("p", one) for one in sentences.values()],
        table(heads, rows) if rows else None,
        [element("h3", "What a further sequence should bring"), table(more, additions)] if additions else None,
        element("div", expected["warning"], class_="caution") if expected.get("warning") else None,
    )


def _metric(name: str) -> str:
    return {"dice": "Dice", "hd95": "HD95, mm", "cscore": "CScore", "lesion_f1": "lesion F1"}.get(name, name)


def _lesions(report: Mapping[str, Any], pictured: bool) -> Markup:
    lesions = report.get("lesions")
    if lesions is None:
        return Markup()
    if not lesions:
        return element("section", element("h2", "Lesions"), element("p", "No lesion was found."))
    parts = [name for name in _REGION_ORDER if any(name in one.get("parts_ml", {}) for one in lesions)]
    sequences = list(dict.fromkeys(name for one in lesions for name in one.get("mean_intensity") or {}))
    heads = [
        heading("Lesion", True, sort=True),
        heading("Volume, ml", True, sort=True),
        *(heading(f"{name.capitalize()}, ml", True, sort=True) for name in parts),
        heading("Longest, mm", True, sort=True),
        heading("Axial, mm", True, sort=True),
        heading("Across, mm", True, sort=True),
        heading("Side", sort=True),
        heading("Centre R, A, S, mm"),
        *(heading(f"Mean {name}", True, sort=True) for name in sequences),
    ]
    rows = [
        [
            _lesion_cell(one["id"], pictured),
            number_cell(one["volume_ml"], 3),
            *(number_cell(one.get("parts_ml", {}).get(name), 3) for name in parts),
            number_cell(one["diameter_mm"], 1),
            number_cell(one["axial_diameter_mm"], 1),
            number_cell(one["axial_across_mm"], 1),
            cell(one.get("side") or "–"),
            cell(", ".join(f"{value:.0f}" for value in one["centroid_ras_mm"])),
            *(number_cell((one.get("mean_intensity") or {}).get(name), 4, significant=True) for name in sequences),
        ]
        for one in lesions
    ]
    count = report.get("lesion_count") or len(lesions)
    more = None
    if count > len(lesions):
        more = element(
            "p", f"The largest {len(lesions)} of {count}; all of them count for the volumes.", class_="quiet"
        )
    words = "One line per connected lesion; a click on its number shows it above." if pictured else None
    return element(
        "section",
        element("h2", "Lesions"),
        None if words is None else element("p", words, class_="quiet small screen"),
        more,
        table(heads, rows, sortable=True),
    )


def _lesion_cell(number: int, pictured: bool) -> Markup:
    if not pictured:
        return number_cell(number, 0)
    button = element("button", str(number), type="button", class_="link", data_lesion=number, title="Show it above")
    return element("td", button, class_="number", data_sort=number)


def _synthetic(report: Mapping[str, Any]) -> Markup:
    synthetic = report.get("synthetic")
    if not synthetic:
        return Markup()
    made = list(synthetic.get("sequences") or {})
    model = synthetic.get("model") or {}
    warning = element(
        "div",
        element("b", f"Generated, not acquired: {', '.join(made) or 'nothing, as no sequence is missing'}. "),
        "A network made them from the other sequences. They show no findings of their own; measure nothing in them.",
        class_="made",
    )
    rows = [
        [cell(name), cell(one["from"]), number_cell(one["psnr"], 1), number_cell(one["ssim"], 3)]
        for name, one in (synthetic.get("confidence") or {}).items()
    ]
    heads = [heading("Sequence"), heading("Rebuilt from"), heading("PSNR, dB", True), heading("SSIM", True)]
    check = None
    if rows:
        check = [
            element("h3", "As a check: sequences that are there, hidden and rebuilt from the others"),
            table(heads, rows),
        ]
    by = element("p", f"Generated by {model.get('name')} {model.get('version')}.", class_="quiet small")
    return element("section", element("h2", "Generated sequences"), warning, check, by)
