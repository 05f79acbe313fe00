"""Damage on purpose: of tables (JSON, YAML) by meaning, of all else by bytes."""

from __future__ import annotations

import json
import random
from typing import Any

NASTY: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**40, 0.5, -0.0, 1e308, float("inf"), float("nan"),
    "", " ", ".", "..", "../..", "/", "\\", "C:", "con", "\0", "a\0b", "\n", "\u202egnp", "\ud800", "\udc80", "é",
    "e\u0301", "a" * 300, "a" * 5000, "T1", "t1ce", "FLAIR", "=1+1", "<script>", "{}", "%s%n", "1e999", "nan",
    [], {}, [[]], [None], {"": None}, {"a": {"b": {"c": []}}}, ["T1", "T1"], [1, 2, 3], [1.0, float("nan"), 3],
)  # fmt: skip
"""Values where none or another was expected."""

LITERALS = (
    b"1" * 5000, b"-", b"NaN", b"Infinity", b"1e999", b"[" * 3000, b'{"a":' * 3000, b"\xff", b"\xed\xa0\x80", b"\0",
    b'"\\ud800"', b"\xef\xbb\xbf", b"PK\x03\x04", b"PK\x05\x06", b"\xff" * 8, b"!!python/object/apply:os.system [true]",
    b"&a [*a]", b"inf", b"1_0",
)  # fmt: skip
"""Pieces that break readers."""


def mutated(data: bytes, chance: random.Random) -> bytes:
    """`data` after one to five changes."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 5))):
        table = _table(data) if chance.random() < 0.8 else None
        data = _bytes(data, chance) if table is None else _written(_changed(table, chance), chance)
    return data


def _table(data: bytes) -> Any:
    """JSON data that hold something, else None."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) and value else None


def _written(value: Any, chance: random.Random) -> bytes:
    try:
        text = json.dumps(value, ensure_ascii=chance.random() < 0.7)
    except (ValueError, RecursionError):
        return b"{}"
    return text.encode("utf-8", "surrogatepass")


def _changed(value: Any, chance: random.Random) -> Any:
    """One place of a table, any of them equally likely, is changed."""
    places = list(_places(value))
    holder, key = chance.choice(places)
    kind = chance.randrange(6)
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder, dict):
        holder[str(chance.choice(NASTY))] = holder[key] if chance.random() < 0.5 else chance.choice(NASTY)
    elif kind == 2:
        other, theirs = chance.choice(places)
        holder[key] = json.loads(json.dumps(other[theirs])) if key in _keys(holder) and theirs in _keys(other) else 0
    elif kind == 3:
        holder[key] = [holder[key]] * chance.choice((0, 1, 2, 70))
    else:
        holder[key] = chance.choice(NASTY)
    return value


def _places(value: Any):
    for key in _keys(value):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


def _keys(value: Any) -> list[Any]:
    return list(value) if isinstance(value, dict) else list(range(len(value)))


def _bytes(data: bytes, chance: random.Random) -> bytes:
    if not data:
        return chance.choice(LITERALS)
    at, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    match chance.randrange(8):
        case 0:
            return data[:at]
        case 1:
            return data[:at] + data[end:]
        case 2:
            return data[:end] + data[at:]
        case 3:
            return data[:at] + chance.choice(LITERALS) + data[at:]
        case 4:
            return data[:at] + chance.randbytes(chance.choice((1, 2, 4, 8))) + data[min(end, at + 8) :]
        case 5:
            return data + chance.choice(LITERALS)
        case _:
            changed = bytearray(data)
            for _ in range(chance.choice((1, 1, 2, 8))):
                changed[chance.randrange(len(data))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
            return bytes(changed)
