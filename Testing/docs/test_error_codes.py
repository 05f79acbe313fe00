"""The page on error codes has every code that the source can raise or warn of, and none that it cannot."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "error-codes.md"
SOURCES = [ROOT / "MissingModalitySegLib", ROOT / "MissingModalitySeg", ROOT / "training"]

FAMILY = {"InputError", "BundleError", "CancelledError", "ResourceError", "MissingModalitySegError", "Error"}
WARNINGS = {"warn", "Finding"}
HANDED_ON = {"_fail_first"}
"""Functions whose first argument becomes the code of an error."""

PASSED = {
    "dicom/sources.py: error.code",  # an error said again in other words
    "jobs/runner.py: code",  # what `_fail_first` was given
    "jobs/runner.py: event.code",
    "jobs/runner.py: why.code",
    "scene/checks.py: code",  # what `unfit` gave
    "scene/sending.py: code",
    "data/case_volumes.py: found.code",
    "engine/checks.py: code",  # what `doubts` gave
    "engine/checks.py: finding.code",
    "data/check.py: why.code",
    "engine/running.py: error.code",
    "jobs/service.py: code",
    "watch.py: code",
}
"""Places where the code is no literal; what can come there is collected elsewhere."""

CODE = re.compile(r"[a-z]+(-[a-z]+)*")


@cache
def calls() -> tuple[tuple[str, str, ast.expr], ...]:
    """File, function, and the argument that is a code, of every call that makes an error or a warning."""
    return tuple(_calls())


def _calls() -> Iterator[tuple[str, str, ast.expr]]:
    for path, node in nodes():
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        severity = path.parts[-2:] == ("data", "check.py") and name == "Finding"  # of a check of data lists
        if name in FAMILY | WARNINGS | HANDED_ON and node.args and not severity:
            yield f"{path.parent.name}/{path.name}", name, node.args[0]


def nodes() -> Iterator[tuple[Path, ast.AST]]:
    """Everything in the source, with its file."""
    for folder in SOURCES:
        for path in sorted(folder.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                yield path, node


def keywords() -> set[str]:
    """What is handed on as `code="…"`."""
    given = (node.value for _, node in nodes() if isinstance(node, ast.keyword) and node.arg == "code")
    texts = (str(value.value) for value in given if isinstance(value, ast.Constant))
    return {text for text in texts if CODE.fullmatch(text)}


def tuples_of(file: str, function: str, place: int = 0) -> set[str]:
    """The codes in the tuples that a function gives."""
    tree = ast.parse((ROOT / "MissingModalitySegLib" / file).read_text(encoding="utf-8"))
    (found,) = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == function)
    given = [node.value for node in ast.walk(found) if isinstance(node, ast.Return | ast.Yield)]
    return {one.elts[place].value for one in given if isinstance(one, ast.Tuple)}


def in_source() -> set[str]:
    from MissingModalitySegLib.errors import OUT_OF_MEMORY

    codes = tuples_of("scene/checks.py", "unfit") | tuples_of("reports/visits.py", "_warnings") | keywords()
    for _, _, argument in calls():
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and CODE.fullmatch(argument.value):
            codes.add(argument.value)
        elif isinstance(argument, ast.Name) and argument.id == "OUT_OF_MEMORY":
            codes.add(OUT_OF_MEMORY)
    return codes | {"perhaps-swapped", "unusual-contrast"}  # of `engine.contrast.doubts`, checked below


def on_page() -> dict[str, str]:
    """Every code of the page with the line that has it."""
    found: dict[str, str] = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = line.split("|")
        if len(cells) == 5:
            found |= dict.fromkeys(re.findall(r"`([a-z-]+)`", cells[1]), line)
    return found


def test_every_code_is_explained() -> None:
    assert len(in_source()) > 250
    assert sorted(in_source() - set(on_page())) == []


def test_no_code_is_explained_that_does_not_exist() -> None:
    assert sorted(set(on_page()) - in_source()) == []


def test_every_line_says_what_to_do() -> None:
    for code, line in on_page().items():
        _, _, meaning, remedy, _ = (cell.strip() for cell in line.split("|"))
        assert len(meaning) > 5, code
        assert len(remedy) > 5, code


def test_nothing_escapes_the_collection() -> None:
    """A code that is no literal would not be found: whoever adds one says here where it comes from."""
    unknown = set()
    for file, _, argument in calls():
        if isinstance(argument, ast.Constant) or (isinstance(argument, ast.Name) and argument.id == "OUT_OF_MEMORY"):
            continue
        place = f"{file.removeprefix('MissingModalitySegLib/')}: {ast.unparse(argument)}"
        if place not in PASSED:
            unknown.add(place)
    assert unknown == set()


@pytest.mark.parametrize("code", ["perhaps-swapped", "unusual-contrast"])
def test_doubts_about_contrast_have_these_codes(code: str) -> None:
    assert f'"{code}"' in (ROOT / "MissingModalitySegLib" / "engine" / "contrast.py").read_text(encoding="utf-8")
