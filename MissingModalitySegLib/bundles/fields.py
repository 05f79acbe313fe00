"""Reading checked values out of JSON data, with errors that name the place (`performance[3].mean`)."""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import BundleError

_DEEPEST = 16
_LARGEST = 2**53  # beyond it not every JSON reader keeps a whole number exact
_DIRECTION = {chr(point) for point in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}


def parse_json(text: str | bytes, where: str) -> Any:
    """Read strict JSON: UTF-8, no NaN, no key twice. Raises `BundleError` (`manifest-not-json`)."""
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except RecursionError:
        reason = "it is nested too deeply"
    except ValueError as error:  # JSONDecodeError, UnicodeDecodeError and numbers of absurd length are among them
        reason = str(error)
    raise BundleError("manifest-not-json", f"{where} is not valid JSON: {reason}.", "The file may be damaged.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for key, value in pairs:
        if key in table:
            raise ValueError(f"the key {_show(key)} stands there twice")
        table[key] = value
    return table


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number in JSON")


def table(value: Any, where: str, required: Iterable[str], optional: Iterable[str] = ()) -> Mapping[str, Any]:
    """A mapping that has all `required` keys and none but those and the `optional` ones."""
    if not isinstance(value, Mapping):
        raise wrong_type(value, where, "a table of keys and values")
    required, optional = tuple(required), tuple(optional)
    missing = [key for key in required if key not in value]
    if missing:
        raise BundleError("manifest-missing-field", f"{where} lacks {_quote(missing)}.", "Add it to the manifest.")
    unknown = sorted(str(key) for key in value if key not in required + optional)
    if unknown:
        raise BundleError(
            "manifest-unknown-field",
            f"{where} has fields that this program does not know: {_quote(unknown)}.",
            f"Known are {', '.join(required + optional)}.",
        )
    return value


def text(value: Any, where: str, longest: int = 200, several_lines: bool = False, empty: bool = False) -> str:
    """A text that can be shown as it is: no control characters, nothing that reverses the reading direction."""
    if not isinstance(value, str):
        raise wrong_type(value, where, "a text")
    if not value.strip() and not empty:
        raise wrong_value(where, "is empty")
    if len(value) > longest:
        raise wrong_value(where, f"has {len(value)} characters; {longest} are allowed")
    allowed = "\n\t" if several_lines else ""
    if any(_unshowable(character) and character not in allowed for character in value):
        raise wrong_value(where, "holds control or direction characters")
    return value


def whole(value: Any, where: str, smallest: int = 0, largest: int = _LARGEST) -> int:
    """A whole number from `smallest` to `largest`."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong_type(value, where, "a whole number")
    if not smallest <= value <= largest:
        raise wrong_value(where, f"is {_show(value)}; it must be from {smallest} to {largest}")
    return value


def flag(value: Any, where: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise wrong_type(value, where, "true or false")
    return value


def number(value: Any, where: str, smallest: float = -math.inf, largest: float = math.inf) -> float:
    """A finite number from `smallest` to `largest`, as float."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise wrong_type(value, where, "a number")
    if not (abs(value) <= 1e300 and smallest <= value <= largest):
        limits = [f"at least {smallest:g}"] * (smallest > -math.inf) + [f"at most {largest:g}"] * (largest < math.inf)
        raise wrong_value(where, f"is {_show(value)}; it must be {' and '.join(limits) or 'finite'}")
    return float(value)


def positive(value: Any, where: str, largest: float) -> float:
    """A number above zero."""
    value = number(value, where, largest=largest)
    if value <= 0:
        raise wrong_value(where, f"is {value:g}; it must be above 0")
    return value


def choice(value: Any, where: str, options: Iterable[str]) -> str:
    """One of `options`."""
    options = tuple(options)
    if not isinstance(value, str):
        raise wrong_type(value, where, "a text")
    if value not in options:
        raise wrong_value(where, f"is {_show(value)}", f"Use one of {', '.join(options)}.")
    return value


def items(value: Any, where: str, most: int, least: int = 0) -> list[tuple[str, Any]]:
    """The items of a list, each with its place."""
    if not isinstance(value, list | tuple):
        raise wrong_type(value, where, "a list")
    if not least <= len(value) <= most:
        amount = f"exactly {most}" if least == most else f"{least} to {most}"
        raise wrong_value(where, f"has {len(value)} entries; it must have {amount}")
    return [(f"{where}[{i}]", item) for i, item in enumerate(value)]


def free(value: Any, where: str, depth: int = 0) -> Any:
    """A copy of any JSON value that can be written and read again without loss."""
    if depth > _DEEPEST:
        raise wrong_value(where, f"is nested more than {_DEEPEST} levels deep")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return text(value, where, longest=20_000, several_lines=True, empty=True)
    if isinstance(value, int):
        return whole(value, where, -_LARGEST, _LARGEST)
    if isinstance(value, float):
        return number(value, where)
    if isinstance(value, list | tuple):
        return [free(item, f"{where}[{i}]", depth + 1) for i, item in enumerate(value)]
    if isinstance(value, Mapping):
        return {text(key, f"a key of {where}"): free(item, f"{where}.{key}", depth + 1) for key, item in value.items()}
    raise wrong_type(value, where, "JSON data")


def free_table(value: Any, where: str) -> dict[str, Any]:
    """A copy of a mapping of texts to any JSON values."""
    if not isinstance(value, Mapping):
        raise wrong_type(value, where, "a table of keys and values")
    return free(value, where)


def wrong_type(value: Any, where: str, wanted: str) -> BundleError:
    return BundleError("manifest-wrong-type", f"{where} is {_show(value)}, not {wanted}.")


def wrong_value(where: str, problem: str, hint: str = "") -> BundleError:
    return BundleError("manifest-wrong-value", f"{where} {problem}.", hint)


def contradiction(sentence: str, hint: str = "") -> BundleError:
    return BundleError("manifest-contradiction", sentence, hint)


def _unshowable(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in _DIRECTION


def _quote(keys: Iterable[str]) -> str:
    return ", ".join(f"“{_show(key)[1:-1]}”" for key in keys)


def _show(value: Any) -> str:
    """A short, printable form of any value."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**30:
        return "a number of more than 30 digits"
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list | tuple):
        return "a list"
    shown = ascii(value) if not isinstance(value, str) or any(map(_unshowable, value)) else f"'{value}'"
    return shown if len(shown) <= 60 else f"{shown[:57]}…"
