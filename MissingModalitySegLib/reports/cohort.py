"""One page for many cases: a table to sort and search, volumes, thumbnails, what failed and why.

Made from what runs left in a folder, with the standard library alone: any process may write it, as often as it likes.
"""

from __future__ import annotations

import csv
import json
import math
import os
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..case_results import SUMMARY, read_summary
from ..disk import disk_errors
from ..output_folder import PAGE, REPORT
from .markup import Markup, element, text
from .page import page

DONE = ("done", "done earlier")
"""States of cases that have a result; all others need a word."""

MOST_THUMBNAILS = 1000
"""With more cases the page would take too long to open."""

_HEAD_BYTES = 2**16
_ICON = re.compile(rb'<link rel="icon" href="(data:image/(?:jpeg|png);base64,[A-Za-z0-9+/=]+)">')
_OWN = ("case", "state", "sequences", "lesions", "seconds", "problem")


@dataclass(frozen=True)
class CohortCase:
    """A case: how it ended, and where its results lie; `folder` is None where there are none."""

    id: str
    state: str
    folder: Path | None = None
    problem: str = ""
    """Why there is no result, or what to keep in mind of it."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """More columns, the same for all cases."""


def write_cohort_report(
    folder: Path | str, cases: Iterable[CohortCase] | None = None, *, title: str = "Cohort", name: str = PAGE
) -> Path:
    """Write the page of all cases into `folder`; links lead to the cases' own pages. Raises as `disk_errors`.

    Without `cases` they are those of `summary.csv` and of every `report.json` below the folder.
    """
    folder = Path(folder)
    found = list(cases_in(folder) if cases is None else cases)
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f".{name}.{os.getpid()}.part"
        unfinished.write_text(cohort_page(found, folder, title), encoding="utf-8", newline="\n")
        os.replace(unfinished, folder / name)
    return folder / name


def cases_of_rows(rows: Iterable[tuple[Mapping[str, Any], Path | None]]) -> list[CohortCase]:
    """The cases of a batch that has just ended: rows as `case_results.summary_row` makes them, each with the folder of
    its case. How many volumes were left out is told where it is not none at all."""
    rows = list(rows)
    left_out = any(row["skipped"] for row, _ in rows)
    return [
        CohortCase(
            row["case"],
            str(row["state"]),
            place if row["state"] in DONE else None,
            row["problem"],
            {"Left out": len(row["skipped"])} if left_out else {},
        )
        for row, place in rows
    ]


def cohort_title(model: str, version: str) -> str:
    """What heads the page of a batch."""
    return f"Cohort, by {model} {version}"


def cases_in(folder: Path) -> list[CohortCase]:
    """What runs left below `folder`: the rows of `summary.csv` first, then folders that it does not name."""
    cases = []
    for row in _summary(folder / SUMMARY):
        place = folder / row["case"]
        there = _is_below(place, folder) and (place / REPORT).is_file()
        facts = {name: value for name, value in row.items() if name not in _OWN and not name.endswith("_ml") and name}
        cases.append(
            CohortCase(row["case"], row.get("state") or "", place if there else None, row.get("problem") or "", facts)
        )
    known = {case.folder for case in cases}
    for place in sorted(one.parent for one in folder.rglob(REPORT)):
        if place not in known and place != folder and not any(part.startswith(".") for part in place.parts):
            cases.append(CohortCase(place.relative_to(folder).as_posix(), "done", place))
    return cases


def cohort_page(cases: Sequence[CohortCase], folder: Path, title: str) -> str:
    """The page, whose links lead from `folder`."""
    rows = [_Row.of(case) for case in cases]
    regions = list(dict.fromkeys(name for row in rows for name in row.volumes))
    pictured = len(rows) <= MOST_THUMBNAILS
    head = element(
        "header",
        element("div", element("h1", title), element("p", _counts(rows), class_="quiet")),
        element("button", "Light / dark", type="button", id="theme", class_="plain screen"),
        class_="top broad",
    )
    sections = [
        _overview(rows, regions),
        _failures(rows),
        _table(rows, regions, folder, pictured),
    ]
    foot = element("footer", "For research only; look at every result. Made by MissingModalitySeg.", class_="broad")
    return page(title, text([head, element("main", sections, class_="broad"), foot]))


@dataclass(frozen=True)
class _Row:
    case: CohortCase
    report: Mapping[str, Any]

    @classmethod
    def of(cls, case: CohortCase) -> _Row:
        return cls(case, {} if case.folder is None else _json(case.folder / REPORT))

    @property
    def is_done(self) -> bool:
        return self.case.state in DONE

    @property
    def volumes(self) -> Mapping[str, float]:
        found = self.report.get("volumes_ml")
        return {name: value for name, value in found.items() if _is_number(value)} if isinstance(found, dict) else {}

    @property
    def warnings(self) -> list[str]:
        found = self.report.get("warnings")
        return (
            [str(one.get("message", "")) for one in found if isinstance(one, dict)] if isinstance(found, list) else []
        )


def _counts(rows: Sequence[_Row]) -> str:
    states = Counter(row.case.state for row in rows)
    told = ", ".join(f"{count} {state}" for state, count in states.most_common() if state)
    cases = "1 case" if len(rows) == 1 else f"{len(rows)} cases"
    return f"{cases}: {told}" if told else cases


def _overview(rows: Sequence[_Row], regions: Sequence[str]) -> Markup:
    done = [row for row in rows if row.volumes]
    lines = []
    for region in regions:
        values = sorted(row.volumes[region] for row in done if region in row.volumes)
        low, middle, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
        cells = [element("td", f"{value:.2f}", class_="number") for value in (middle, low, high, values[0], values[-1])]
        count = element("td", len(values), class_="number")
        lines.append(element("tr", element("th", region, scope="row"), count, cells, element("td", _dots(values))))
    names = ("n", "median", "25 %", "75 %", "smallest", "largest")
    head = [element("th", "Region", scope="col"), [element("th", name, scope="col", class_="number") for name in names]]
    table = element(
        "table",
        element("thead", element("tr", head, element("th", "each case, logarithmic", scope="col"))),
        element("tbody", lines),
    )
    models = Counter(_model(row) for row in rows if row.report)
    codes = Counter(str(row.report.get("code") or "") for row in rows if row.report.get("code"))
    told = [
        element("p", f"{word}: ", "; ".join(f"{name} ({count})" for name, count in found.most_common()), class_="small")
        for word, found in (("Models", models), ("Sequences used", codes))
        if found
    ]
    shown = element("div", table, class_="wide") if lines else element("p", "No case has volumes.")
    return element("section", element("h2", "Volumes, ml"), shown, told)


def _dots(values: Sequence[float]) -> Markup:
    """One dot per case between 0.01 and 1000 ml; what is smaller lies at the left end."""
    width, height, decades = 240, 22, 5

    def place(value: float) -> float:
        return 6 + (width - 12) * min(max((math.log10(max(value, 0.01)) + 2) / decades, 0), 1)

    marks = [
        element("line", x1=round(place(10**k), 1), x2=round(place(10**k), 1), y1=0, y2=height) for k in range(-2, 4)
    ]
    dots = [element("circle", cx=round(place(value), 1), cy=height / 2, r=3) for value in values]
    label = f"{len(values)} cases from {values[0]:.2f} to {values[-1]:.2f} ml"
    return element("svg", marks, dots, width=width, height=height, role="img", aria_label=label)


def _failures(rows: Sequence[_Row]) -> Markup:
    failed = [row for row in rows if not row.is_done]
    if not failed:
        return Markup()
    items = [
        element(
            "li", element("b", row.case.id), " – ", row.case.state, f": {row.case.problem}" if row.case.problem else ""
        )
        for row in failed
    ]
    title = f"Without a result: {len(failed)}"
    return element("section", element("h2", title), element("div", element("ul", items), class_="caution"))


def _table(rows: Sequence[_Row], regions: Sequence[str], folder: Path, pictured: bool) -> Markup:
    facts = list(dict.fromkeys(name for row in rows for name in row.case.facts))
    numbers = [*(f"{name.capitalize()}, ml" for name in regions), "Lesions", "Warnings", "Seconds"]
    heads = [
        element("th", "Picture", scope="col") if pictured else None,
        [_sortable(name) for name in ("Case", "State", "Sequences", *facts)],
        [_sortable(name, number=True) for name in numbers],
        _sortable("Remarks"),
    ]
    lines = [_line(row, regions, facts, folder, pictured) for row in rows]
    states = dict.fromkeys(row.case.state for row in rows)
    controls = element(
        "div",
        element("label", "Search ", element("input", type="search", id="filter", autocomplete="off")),
        element(
            "label",
            "State ",
            element(
                "select",
                element("option", "all", value=""),
                [element("option", state, value=state) for state in states if state],
                id="state",
            ),
        ),
        element("span", id="count", class_="quiet", role="status"),
        class_="controls screen",
    )
    table = element(
        "table",
        element("thead", element("tr", heads)),
        element("tbody", lines),
        class_="sortable filtered",
    )
    return element("section", element("h2", "Cases"), controls, element("div", table, class_="wide"))


def _sortable(name: str, number: bool = False) -> Markup:
    return element("th", element("button", name, type="button"), scope="col", class_="number" if number else None)


def _line(row: _Row, regions: Sequence[str], facts: Sequence[str], folder: Path, pictured: bool) -> Markup:
    case, report = row.case, row.report
    own = None if case.folder is None or not (case.folder / PAGE).is_file() else case.folder / PAGE
    name = case.id if own is None else element("a", case.id, href=_link(own, folder))
    timings = report.get("timings_s")
    seconds = [value for value in timings.values() if _is_number(value)] if isinstance(timings, dict) else []
    tone = "good" if row.is_done else "bad"
    picture = None if own is None or not pictured else _thumbnail(own)
    image = None if picture is None else element("img", src=picture, alt="")
    cells = [
        element("td", image) if pictured else None,
        element("td", name, class_="name"),
        element("td", element("span", case.state, class_=tone)),
        element("td", report.get("code") or ""),
        [element("td", case.facts.get(name, "")) for name in facts],
        [_number(row.volumes.get(region), 2) for region in regions],
        _number(report.get("lesion_count"), 0),
        _number(len(row.warnings) if report else None, 0),
        _number(sum(seconds) if seconds else None, 1),
        element("td", "; ".join([*([case.problem] if case.problem else []), *row.warnings]), class_="remark small"),
    ]
    return element("tr", cells, data_state=case.state)


def _number(value: Any, digits: int) -> Markup:
    if not _is_number(value):
        return element("td", class_="number", data_sort="")
    return element("td", f"{value:.{digits}f}", class_="number", data_sort=value)


def _model(row: _Row) -> str:
    model = row.report.get("model")
    return f"{model.get('name')} {model.get('version')}" if isinstance(model, dict) else "without a bundle"


def _link(target: Path, folder: Path) -> str:
    """Relative, so that the folder may be moved. Never begins with the name of a scheme."""
    return "./" + quote(Path(os.path.relpath(target, folder)).as_posix())


def _thumbnail(path: Path) -> str | None:
    """The icon of a case's page, which is a picture of it."""
    try:
        with path.open("rb") as stream:
            found = _ICON.search(stream.read(_HEAD_BYTES))
    except OSError:
        return None
    return None if found is None else found[1].decode("ascii")


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _summary(path: Path) -> list[dict[str, str]]:
    try:
        return [row for row in read_summary(path) if row.get("case")]
    except (OSError, ValueError, csv.Error):
        return []


def _is_below(place: Path, folder: Path) -> bool:
    return place.resolve().is_relative_to(folder.resolve())


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 1e300
