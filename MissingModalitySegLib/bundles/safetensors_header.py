"""Is a `.safetensors` file what its header says? Checked with the standard library, before any reader maps it.

The format: 8 bytes with the header's length N (little-endian), N bytes of JSON that give each tensor a dtype, a shape
and a range of bytes, then the bytes. A header that lies about the ranges is what this refuses: they must cover the rest
of the file exactly, without gap or overlap.
"""

from __future__ import annotations

import math
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import BundleError
from . import fields

DTYPE_BYTES = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1,
    "U16": 2, "I16": 2, "F16": 2, "BF16": 2,
    "U32": 4, "I32": 4, "F32": 4,
    "U64": 8, "I64": 8, "F64": 8,
}  # fmt: skip
LARGEST_HEADER = 16 * 2**20  # bytes; a network of thousands of tensors needs about 1 MiB
_MOST_AXES = 8


@dataclass(frozen=True)
class TensorEntry:
    """A tensor in the file; `begin` and `end` count bytes after the header."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def read_header(path: Path) -> dict[str, TensorEntry]:
    """Every tensor of the file by name. Raises `BundleError` (`weights-header`) if the header is not true."""
    with open(path, "rb") as stream:
        total = os.fstat(stream.fileno()).st_size
        prefix = stream.read(8)
        if len(prefix) < 8:
            raise _lie(path, "the file ends before its header")
        (length,) = struct.unpack("<Q", prefix)
        if length > min(LARGEST_HEADER, total - 8):
            raise _lie(path, f"the header claims {length} bytes, in a file of {total}")
        header = stream.read(length)
    if len(header) != length or not header.startswith(b"{"):
        raise _lie(path, "the header is not a JSON table")
    try:
        table = fields.parse_json(header, "the header")
        entries = {name: _read_entry(name, value) for name, value in table.items() if name != "__metadata__"}
        _check_metadata(table.get("__metadata__", {}))
    except BundleError as error:
        raise _lie(path, error.message.removesuffix(".")) from None
    _check_cover(path, entries, total - 8 - length)
    return entries


def _read_entry(name: str, value: Any) -> TensorEntry:
    name = fields.text(name, "a tensor's name")
    entry = fields.table(value, name, ("dtype", "shape", "data_offsets"))
    dtype = fields.choice(entry["dtype"], f"{name}.dtype", DTYPE_BYTES)
    axes = fields.items(entry["shape"], f"{name}.shape", most=_MOST_AXES)
    shape = tuple(fields.whole(size, place) for place, size in axes)
    offsets = fields.items(entry["data_offsets"], f"{name}.data_offsets", most=2, least=2)
    begin, end = (fields.whole(offset, place) for place, offset in offsets)
    needed = math.prod(shape) * DTYPE_BYTES[dtype]
    if end - begin != needed:
        raise fields.wrong_value(name, f"takes {needed} bytes by its shape and {end - begin} by its offsets")
    return TensorEntry(dtype, shape, begin, end)


def _check_metadata(value: Any) -> None:
    for key, text in fields.free_table(value, "__metadata__").items():
        fields.text(text, f"__metadata__.{key}", longest=20_000, several_lines=True, empty=True)


def _check_cover(path: Path, entries: dict[str, TensorEntry], length: int) -> None:
    reached = 0
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].begin, item[1].end)):
        if entry.begin != reached:
            what = "overlaps the tensor before it" if entry.begin < reached else "leaves a gap before it"
            raise _lie(path, f"{name} {what}")
        reached = entry.end
    if reached != length:
        raise _lie(path, f"its tensors take {reached} bytes and the file holds {length}")


def _lie(path: Path, reason: str) -> BundleError:
    return BundleError(
        "weights-header", f"The weights “{Path(path).name}” are damaged: {reason}.", "Get the file again."
    )
