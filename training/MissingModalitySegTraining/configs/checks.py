"""What is wrong with a configuration, in plain words that begin with the key as it was written."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from MissingModalitySegLib.errors import InputError

from .documents import suggestion

Model = TypeVar("Model", bound=BaseModel)

SHOWN = 20
"""Problems that an error message spells out before it only counts the rest."""

_WANTED = {
    "int_type": "it must be a whole number",
    "int_from_float": "it must be a whole number",
    "int_parsing": "it must be a whole number",
    "float_type": "it must be a number",
    "float_parsing": "it must be a number",
    "finite_number": "it must be a finite number",
    "bool_type": "it must be true or false",
    "string_type": "it must be a text",
    "literal_error": "it must be one of {expected}",
    "enum": "it must be one of {expected}",
    "greater_than": "it must be more than {gt:g}",
    "greater_than_equal": "it must be at least {ge:g}",
    "less_than": "it must be less than {lt:g}",
    "less_than_equal": "it must be at most {le:g}",
    "too_short": "it must have at least {min_length} entries",
    "too_long": "it must have at most {max_length} entries",
    "string_too_short": "it must not be empty",
    "tuple_type": "it must be a list",
    "list_type": "it must be a list",
    "dict_type": "it must be a table of keys and values",
    "model_type": "it must be a table of keys and values",
    "dataclass_type": "it must be a table of keys and values",
}


class Problems:
    """Collects sentences; `refuse` raises all of them as one `InputError`."""

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self.places: list[tuple[str | int, ...]] = []  # of what pydantic refused

    def add(self, key: str, sentence: str) -> None:
        self.sentences.append(f"{key}: {sentence}")

    def caught(self, key: str, error: InputError) -> None:
        """Note an error that a room raised about one of its values."""
        self.sentences.append(f"{key}: {error}" if key else str(error))

    def without_bad_keys(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """The document without the keys that were refused, or without the list they are in."""
        pruned = _plain(document)
        for place in self.places:
            table = pruned
            for part, after in zip(place, (*place[1:], 0), strict=False):
                if not isinstance(table, dict) or part not in table:
                    break
                if not isinstance(after, str) or not isinstance(table[part], dict) or after not in table[part]:
                    del table[part]
                    break
                table = table[part]
        return pruned

    def refuse(self, where: str = "The configuration") -> None:
        if not self.sentences:
            return
        lines = self.sentences[:SHOWN]
        if len(self.sentences) > SHOWN:
            lines.append(f"… and {len(self.sentences) - SHOWN} more problems.")
        if len(lines) == 1:
            raise InputError("bad-config", lines[0], "Mend this key; nothing was started.")
        raise InputError(
            "bad-config",
            f"{where} has {len(self.sentences)} problems:\n" + "\n".join(lines),
            "Mend these keys; nothing was started.",
        )


def validate(model: type[Model], values: Any, problems: Problems, prefix: str = "") -> Model | None:
    """An instance of `model` from plain data; None, and sentences among `problems`, where that is not possible.

    Numbers must be numbers and texts texts: nothing is guessed from “1”.
    """
    text = json.dumps(_plain(values), default=str, ensure_ascii=False)
    # Names of files that are no UTF-8 stand for bytes that no JSON can hold: told as far as they are letters.
    text = text.encode("utf-8", "replace").decode("utf-8")
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        problems.sentences += _sentences(error, model, prefix)
        problems.places += [one["loc"] for one in error.errors(include_url=False)]
        return None


def validated(model: type[Model], values: Any) -> Model:
    """An instance of `model` from plain data that was checked before; `InputError` if it was not."""
    problems = Problems()
    made = validate(model, values, problems)
    problems.refuse()
    return made


def known_keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Every dotted key of a model."""
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from known_keys(field.annotation, f"{prefix}{name}.")


def _sentences(error: ValidationError, model: type[BaseModel], prefix: str) -> list[str]:
    sentences = []
    for one in error.errors(include_url=False):
        key = prefix + _dotted(one["loc"])
        if one["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
            sentences.append(f"{key}: there is no such key. {_near(one['loc'], model, prefix)}".rstrip())
        elif one["type"] == "missing":
            sentences.append(f"{key}: it is missing.")
        else:
            wanted = _WANTED.get(one["type"], one["msg"][:1].lower() + one["msg"][1:])
            sentences.append(f"{key}: {_shown(one['input'])} is given; {wanted.format(**one.get('ctx', {}))}.")
    return list(dict.fromkeys(sentences))


def _near(place: Sequence[str | int], model: type[BaseModel], prefix: str) -> str:
    """What was meant by an unknown key: one beside it, else one of that name elsewhere."""
    keys = list(known_keys(model))
    parent, name = _dotted(place[:-1]), str(place[-1])
    beside = [key.rpartition(".")[2] for key in keys if key.rpartition(".")[0] == parent]
    if difflib.get_close_matches(name, beside, 1, 0.6):
        return suggestion(name, beside)
    elsewhere = [key for key in keys if key.rpartition(".")[2] == name]
    return f"Did you mean {prefix}{elsewhere[0]}?" if elsewhere else suggestion(name, beside)


def _dotted(place: Sequence[str | int]) -> str:
    text = ""
    for part in place:
        if part == "[key]" or (isinstance(part, str) and part.startswith(("tuple[", "literal["))):
            continue  # pydantic's own words for the branch of a union
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "…"


def _plain(value: Any) -> Any:
    """JSON data: keys as texts, tuples as lists."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value
