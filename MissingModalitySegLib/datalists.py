"""Datalists: the JSON file that names the cases of a batch, an evaluation or a training.

    {"name": "…", "cases": [{"id": "…", "modalities": {"T1": "path", "FLAIR": "path"}, "label": "path",
      "scheme": "lesion", "subject": "…", "dataset": "…", "brain_mask": "path", "brain_masks": {"T1": "path"},
      "brain_extracted": true, "aligned": true, "fold": 0, "…": "free metadata"}]}

In the file paths are relative to the file; in memory (`Case`) they are absolute. Keys not named above are free metadata
and kept as they are. A file with problems is refused with all of them at once, each with its place in the file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .datalist_structure import Problem, check_structure
from .errors import InputError
from .labels import SCHEMES
from .modalities import MODALITIES, Code, Modality

SHOWN_PROBLEMS = 20
"""How many problems an error message spells out before it only counts the rest."""

CASE_KEYS = frozenset(
    {"id", "modalities", "label", "scheme", "subject", "dataset"}
    | {"brain_mask", "brain_masks", "brain_extracted", "aligned", "fold"}
)
"""The keys of a case that mean something; every other key is free metadata."""


@dataclass(frozen=True)
class Case:
    """One case: its sequences and what is known about it. All paths are absolute."""

    id: str
    modalities: Mapping[Modality, Path]
    label: Path | None = None
    scheme: str | None = None
    subject: str | None = None
    dataset: str | None = None
    brain_mask: Path | None = None
    """A mask on the grid that all sequences share; where > 0.5 is brain."""
    brain_masks: Mapping[Modality, Path] = field(default_factory=dict)
    """A mask per sequence, each on that sequence's own grid."""
    brain_extracted: bool | None = None
    """None: not said; the program looks for itself."""
    aligned: bool | None = None
    fold: int | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> Code:
        """The modalities this case has."""
        return Code(tuple(self.modalities))

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file the case names."""
        optional = [path for path in (self.label, self.brain_mask) if path is not None]
        return (*self.modalities.values(), *optional, *self.brain_masks.values())


@dataclass(frozen=True)
class Datalist:
    """Named cases with unique ids."""

    name: str
    cases: tuple[Case, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def case(self, case_id: str) -> Case:
        """The case with this id; `InputError` when there is none."""
        for case in self.cases:
            if case.id == case_id:
                return case
        raise InputError("unknown-case", f"The data list “{self.name}” has no case “{case_id}”.")

    @property
    def labelled(self) -> tuple[Case, ...]:
        """The cases that can be scored."""
        return tuple(case for case in self.cases if case.label is not None)


def read_datalist(path: str | os.PathLike[str], schemes: Collection[str] = tuple(SCHEMES)) -> Datalist:
    """Read a data list file. Whether the images it names are there is another question: `missing_files`.

    Raises `InputError` with all problems, each with its key, when the file is absent, no JSON or no data list.
    """
    path = Path(path).absolute()
    document = load_document(path)
    problems = check_structure(document, schemes)
    if problems:
        lines = [str(problem) for problem in problems[:SHOWN_PROBLEMS]]
        if len(problems) > SHOWN_PROBLEMS:
            lines.append(f"… and {len(problems) - SHOWN_PROBLEMS} more problems.")
        count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise InputError(
            "bad-datalist",
            f"The data list {path} has {count}:\n" + "\n".join(lines),
            "Mend the file and try again; nothing was computed.",
        )
    return datalist_from_dict(document, path.parent)


def write_datalist(datalist: Datalist, path: str | os.PathLike[str]) -> None:
    """Write a data list file, whole or not at all; paths become relative to it where that is possible.

    Raises `InputError` when the folder cannot be written to, or the data list could not be read again: duplicate ids,
    metadata that are no JSON or are called like a key that means something, ….
    """
    path = Path(path).absolute()
    document = datalist_to_dict(datalist, path.parent)
    problems = check_structure(document, {case.scheme for case in datalist.cases if case.scheme is not None})
    if problems:
        raise InputError("bad-datalist", "The data list cannot be written:\n" + "\n".join(map(str, problems)))
    try:
        text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise InputError("bad-datalist", f"The metadata of the data list are no JSON: {error}.") from None
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            # What is no UTF-8 in the name of a file stands as an escape of JSON, and comes back as it was.
            unfinished.write_text(text, encoding="utf-8", errors="backslashreplace")
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise InputError("unwritable-file", f"The data list {path} cannot be written: {error.strerror}.") from None


def missing_files(datalist: Datalist) -> list[Problem]:
    """The files the data list names that are not there."""
    return [
        Problem(f"cases[{i}] ({case.id})", f"there is no file {file}.")
        for i, case in enumerate(datalist.cases)
        for file in case.files
        if not os.path.isfile(file)  # `Path.is_file` raises over a name that no system takes
    ]


def datalist_from_dict(document: Mapping[str, Any], folder: Path) -> Datalist:
    """Turn a document without problems (see `check_structure`) into a `Datalist`; paths start from `folder`."""

    def located(text: str | None) -> Path | None:
        return None if text is None else folder / text

    def per_modality(paths: Mapping[str, str] | None) -> dict[Modality, Path]:
        paths = paths or {}
        return {modality: located(paths[modality.value]) for modality in MODALITIES if modality.value in paths}

    cases = tuple(
        Case(
            id=entry["id"],
            modalities=per_modality(entry["modalities"]),
            label=located(entry.get("label")),
            scheme=entry.get("scheme"),
            subject=entry.get("subject"),
            dataset=entry.get("dataset"),
            brain_mask=located(entry.get("brain_mask")),
            brain_masks=per_modality(entry.get("brain_masks")),
            brain_extracted=entry.get("brain_extracted"),
            aligned=entry.get("aligned"),
            fold=entry.get("fold"),
            metadata={key: value for key, value in entry.items() if key not in CASE_KEYS},
        )
        for entry in document["cases"]
    )
    metadata = {key: value for key, value in document.items() if key not in ("name", "cases")}
    return Datalist(document["name"], cases, metadata)


def datalist_to_dict(datalist: Datalist, folder: Path) -> dict[str, Any]:
    """The document of a data list file that lies in `folder`: plain JSON data, keys not known left out."""

    def relative(path: Path | None) -> str | None:
        if path is None:
            return None
        try:
            return Path(os.path.relpath(path, folder)).as_posix()
        except ValueError:  # on Windows there is no way from one drive to another
            return Path(path).as_posix()

    def entry(case: Case) -> dict[str, Any]:
        if taken := sorted(CASE_KEYS & set(case.metadata)):
            raise InputError("bad-datalist", f"The case “{case.id}” has metadata called {', '.join(taken)}.")
        known = {
            "id": case.id,
            "modalities": {modality.value: relative(path) for modality, path in case.modalities.items()},
            "label": relative(case.label),
            "scheme": case.scheme,
            "subject": case.subject,
            "dataset": case.dataset,
            "brain_mask": relative(case.brain_mask),
            "brain_masks": {modality.value: relative(path) for modality, path in case.brain_masks.items()} or None,
            "brain_extracted": case.brain_extracted,
            "aligned": case.aligned,
            "fold": case.fold,
        }
        return {key: value for key, value in known.items() if value is not None} | dict(case.metadata)

    return {"name": datalist.name, **datalist.metadata, "cases": [entry(case) for case in datalist.cases]}


class _RepeatedKeyError(ValueError):
    pass


def load_document(path: Path) -> Any:
    """The JSON of a data list file, its structure not looked at. Raises `InputError` when it is absent or no JSON."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        table: dict[str, Any] = {}
        for key, value in pairs:
            if key in table:  # json would silently keep the last
                raise _RepeatedKeyError(f"the key “{key}” is given twice in one place")
            table[key] = value
        return table

    try:
        return json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=unique)
    except FileNotFoundError:
        raise InputError(
            "no-such-file",
            f"There is no data list {path}.",
            "Mend the path, or make one with `datalist import` or `phantom`.",
        ) from None
    except OSError as error:
        raise InputError("unreadable-file", f"The data list {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InputError("bad-datalist", f"The data list {path} is not text in UTF-8.") from None
    except json.JSONDecodeError as error:
        raise InputError(
            "bad-datalist",
            f"The data list {path} is no JSON: {error.msg} in line {error.lineno}, column {error.colno}.",
        ) from None
    except RecursionError:
        raise InputError("bad-datalist", f"The data list {path} is nested too deeply.") from None
    except _RepeatedKeyError as error:
        raise InputError("bad-datalist", f"The data list {path}: {error}.") from None
    except ValueError as error:  # a number of more digits than Python reads
        raise InputError("bad-datalist", f"The data list {path} is no JSON: {error}.") from None
