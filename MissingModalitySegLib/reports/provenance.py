"""How a result came about: what was computed by what, with which choices, from which files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .markup import Markup, element
from .page import when


def provenance(report: Mapping[str, Any]) -> Markup:
    """A section with all that is needed to do it again."""
    entries = [[element("dt", name), element("dd", value)] for name, value in _entries(report) if value]
    sums = [
        [element("dt", name), element("dd", element("span", value, class_="mono"))]
        for name, value in _checksums(report)
    ]
    return element(
        "section",
        element("h2", "How it came about"),
        element("dl", entries),
        [element("h3", "SHA-256 of what was used"), element("dl", sums)] if sums else None,
    )


def _entries(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    program, model = report.get("program") or {}, report.get("model") or {}
    yield "Written", when(report.get("created"))
    yield (
        "Program",
        f"{program.get('name')} {program.get('version')}, Python {program.get('python')}, {program.get('system')}",
    )
    yield "Libraries", ", ".join(f"{name} {version}" for name, version in (program.get("libraries") or {}).items())
    if model:
        yield (
            "Model",
            f"{model.get('title')} ({model.get('name')} {model.get('version')}, {model.get('family')})",
        )
        yield "Licence", str(model.get("licence") or "")
        yield "Intended use", str(model.get("intended_use") or "")
        yield "Warning of its makers", str(model.get("warning") or "")
    yield "Reference grid", str(report.get("reference") or "")
    execution = report.get("execution") or {}
    yield (
        "Computed on",
        ", ".join(str(execution[name]) for name in ("device", "precision", "rung") if execution.get(name)),
    )
    timings = report.get("timings_s") or {}
    yield "Seconds", ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in timings.items())
    options = report.get("options") or {}
    yield (
        "Options",
        ", ".join(f"{name} {_told(value)}" for name, value in options.items() if value not in (None, False)),
    )
    yield "Files written", ", ".join(str(name) for name in (report.get("files") or {}).values())


def _checksums(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, one in (report.get("inputs") or {}).items():
        if one.get("sha256"):
            yield f"{name}, {one.get('file')}", one["sha256"]
    for name, checksum in ((report.get("model") or {}).get("files") or {}).items():
        yield f"model, {name}", checksum


def _told(value: Any) -> str:
    return "on" if value is True else str(value)
