"""Parameters as JSON and back, exactly: Python writes the shortest decimals that read back as the same number."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

Parameters = TypeVar("Parameters")


def to_record(parameters: Any) -> dict[str, Any]:
    """A frozen dataclass of numbers, strings, tuples and such dataclasses, as what `json.dumps` takes."""
    return _adapter(type(parameters)).dump_python(parameters, mode="json")


def from_record(kind: type[Parameters], record: dict[str, Any]) -> Parameters:
    """The inverse of `to_record`, also after a trip through JSON.

    Raises:
        pydantic.ValidationError: the record does not describe a `kind`.
    """
    return _adapter(kind).validate_python(record)


@lru_cache
def _adapter(kind: type) -> TypeAdapter:
    return TypeAdapter(kind)
