"""What a data list file must look like, checked whole: every problem at once, each with its place in the file."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .errors import InputError
from .labels import SCHEMES
from .modalities import MODALITIES, Modality

_UNSAFE_IN_FOLDER_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f]|^\.|[. ]$|^\s')
_HALF_LETTERS = re.compile("[\ud800-\udc7f\udd00-\udfff]")
"""Surrogates, but for those by which Python tells bytes of a file's name that are no UTF-8."""
_MODALITY_NAMES = frozenset(modality.value for modality in MODALITIES)


@dataclass(frozen=True)
class Problem:
    """What is wrong (`sentence`) at which place of the file (`where`, as in `cases[3].modalities.T1x`)."""

    where: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.where}: {self.sentence}"


def check_structure(document: Any, schemes: Collection[str] = tuple(SCHEMES)) -> list[Problem]:
    """Every problem of a parsed datalist file, in the order of the file; no file on disk is looked at.

    `schemes` are the names of the label schemes that cases may use.
    """
    return list(_problems(document, schemes))


def _problems(document: Any, schemes: Collection[str]) -> Iterator[Problem]:
    if not isinstance(document, Mapping):
        yield Problem("(file)", f"must be an object with “name” and “cases”, not {_kind(document)}.")
        return
    yield from _text_problems(document, "name", "name", required=True)
    cases = document.get("cases")
    if not isinstance(cases, list):
        yield Problem(
            "cases", f"must be a list of cases, not {_kind(cases)}." if "cases" in document else "is missing."
        )
        return
    first_with_id: dict[str, tuple[str, str]] = {}
    for i, case in enumerate(cases):
        where = f"cases[{i}]"
        if not isinstance(case, Mapping):
            yield Problem(where, f"must be an object, not {_kind(case)}.")
            continue
        yield from _id_problems(case, where, first_with_id)
        yield from _path_table_problems(case, "modalities", where)
        yield from _path_table_problems(case, "brain_masks", where)
        yield from _label_problems(case, where, schemes)
        for key in ("subject", "dataset", "brain_mask"):
            yield from _text_problems(case, key, f"{where}.{key}")
        for key in ("brain_extracted", "aligned"):
            if not isinstance(case.get(key), bool | None):
                yield Problem(f"{where}.{key}", f"must be true or false, not {_kind(case[key])}.")
        fold = case.get("fold")
        if fold is not None and (not isinstance(fold, int) or isinstance(fold, bool) or fold < 0):
            yield Problem(f"{where}.fold", f"must be a whole number from 0 up, not {_kind(fold)}.")


def _id_problems(case: Mapping[str, Any], where: str, first_with_id: dict[str, tuple[str, str]]) -> Iterator[Problem]:
    text_problems = list(_text_problems(case, "id", f"{where}.id", required=True))
    yield from text_problems
    if text_problems:
        return
    case_id = case["id"]
    if _UNSAFE_IN_FOLDER_NAMES.search(case_id):
        yield Problem(
            f"{where}.id",
            f'“{case_id}” cannot name a folder; leave out / \\ : * ? " < > | and a dot or blank at either end.',
        )
    # Results lie in a folder per case, and some file systems do not tell upper from lower case.
    other_where, other_id = first_with_id.setdefault(case_id.casefold(), (where, case_id))
    if other_where != where:
        how = f"“{case_id}” is the id of {other_where} already"
        yield Problem(f"{where}.id", how + ("." if other_id == case_id else f" (“{other_id}”, in another case)."))


def _path_table_problems(case: Mapping[str, Any], key: str, where: str) -> Iterator[Problem]:
    table = case.get(key)
    place = f"{where}.{key}"
    if key == "modalities" and key not in case:
        yield Problem(place, "is missing.")
    elif key == "brain_masks" and table is None:
        return
    elif not isinstance(table, Mapping):
        yield Problem(place, f"must be an object of modality and path, not {_kind(table)}.")
    elif key == "modalities" and not table:
        yield Problem(place, "is empty; a case needs at least one modality.")
    else:
        for name in table:
            if name not in _MODALITY_NAMES:
                yield Problem(f"{place}.{name}", _unknown_modality(name))
                continue
            yield from _text_problems(table, name, f"{place}.{name}", required=True)
            given = case.get("modalities")
            if key == "brain_masks" and isinstance(given, Mapping) and name not in given:
                yield Problem(f"{place}.{name}", "is a mask for a modality that the case does not have.")


def _label_problems(case: Mapping[str, Any], where: str, schemes: Collection[str]) -> Iterator[Problem]:
    yield from _text_problems(case, "label", f"{where}.label")
    scheme_problems = list(_text_problems(case, "scheme", f"{where}.scheme"))
    yield from scheme_problems
    known = ", ".join(sorted(schemes))
    scheme = case.get("scheme")
    if scheme is None:
        if case.get("label") is not None:
            yield Problem(f"{where}.scheme", f"is missing; a label needs one of {known}.")
    elif not scheme_problems and scheme not in schemes:
        yield Problem(f"{where}.scheme", f"“{scheme}” is not a label scheme; use one of {known}.")


def _text_problems(table: Mapping[str, Any], key: str, where: str, required: bool = False) -> Iterator[Problem]:
    value = table.get(key)
    if value is None and not required:
        return
    if key not in table:
        yield Problem(where, "is missing.")
    elif not isinstance(value, str):
        yield Problem(where, f"must be a text, not {_kind(value)}.")
    elif not value.strip():
        yield Problem(where, "is empty.")
    elif "\x00" in value:
        yield Problem(where, "holds a zero character.")
    elif _HALF_LETTERS.search(value):
        yield Problem(where, "holds half of a letter (a lone surrogate of UTF-16), which no file can be called.")


def _unknown_modality(name: str) -> str:
    try:
        return f"write it as {Modality.parse(name).value}."
    except InputError:
        return f"is not a modality; use {', '.join(modality.value for modality in MODALITIES)}."


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"
