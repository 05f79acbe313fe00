"""Reading a network's configuration from plain data, with errors that name the key."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from ..errors import InputError

Config = TypeVar("Config")


def read_config(config_class: type[Config], values: Mapping[str, Any], where: str = "network.config") -> Config:
    """Make a frozen dataclass from a mapping; fields not given keep their defaults.

    Unknown keys, wrong types and whatever the dataclass' own `__post_init__` refuses raise `InputError`.
    """
    hints = get_type_hints(config_class)
    fields = {field.name for field in dataclasses.fields(config_class)}
    if not isinstance(values, Mapping):
        raise InputError("bad-config", f"{where} is {_describe(values)}, not a table of keys and values.")
    unknown = sorted(str(key) for key in values if key not in fields)
    if unknown:
        raise InputError(
            "unknown-config-key",
            f"{where} has unknown keys: {', '.join(unknown)}.",
            f"Known are {', '.join(sorted(fields))}.",
        )
    return config_class(**{key: _convert(value, hints[key], f"{where}.{key}") for key, value in values.items()})


def write_config(config: Any) -> dict[str, Any]:
    """The inverse of `read_config`: plain JSON data."""
    return {
        field.name: list(value) if isinstance(value := getattr(config, field.name), tuple) else value
        for field in dataclasses.fields(config)
    }


def require(condition: bool, key: str, sentence: str) -> None:
    """Raise `InputError` about `key` unless `condition` holds."""
    if not condition:
        raise InputError("bad-config-value", f"{key}: {sentence}")


def _convert(value: Any, hint: Any, where: str) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        return _convert(value, next(a for a in arguments if a is not type(None)), where)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise InputError("bad-config-value", f"{where} is {_describe(value)}, not a list.")
        return tuple(_convert(item, arguments[0], f"{where}[{i}]") for i, item in enumerate(value))
    if origin is typing.Literal:
        if value not in arguments:
            raise InputError(
                "bad-config-value", f"{where} is {value!r}.", f"Use one of {', '.join(map(str, arguments))}."
            )
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise InputError("bad-config-value", f"{where} is {_describe(value)}, not {_TYPE_NAMES.get(hint, hint)}.")
    return value


_TYPE_NAMES = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}


def _describe(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
