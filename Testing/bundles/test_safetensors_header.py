"""Headers that lie, and the real reader's opinion of those that do not."""

from __future__ import annotations

import json
import struct
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save

from MissingModalitySegLib.bundles import read_header
from MissingModalitySegLib.errors import BundleError
from Testing.bundles.samples import WEIGHTS, safetensors, with_header


def entry(shape: list, offsets: list, dtype: str = "F32") -> dict:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def read(tmp_path: Path, content: bytes):
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    return read_header(path)


def test_agrees_with_the_library(tmp_path: Path) -> None:
    tensors = {
        "a.weight": torch.zeros(3, 4, dtype=torch.float16),
        "b": torch.zeros((), dtype=torch.int64),
        "empty": torch.zeros(0, 5),
        "flag": torch.zeros(3, dtype=torch.bool),
        "half": torch.zeros(7, dtype=torch.bfloat16),
    }
    entries = read(tmp_path, save(tensors, metadata={"format": "pt"}))
    assert {name: found.shape for name, found in entries.items()} == {n: tuple(t.shape) for n, t in tensors.items()}
    for name, found in entries.items():
        assert found.end - found.begin == tensors[name].numel() * tensors[name].element_size()


def test_no_tensors_and_padded_header(tmp_path: Path) -> None:
    assert read(tmp_path, with_header(b"{}      ")) == {}


LIES = {
    "empty file": b"",
    "seven bytes": b"\0" * 7,
    "no header": struct.pack("<Q", 0),
    "header longer than the file": struct.pack("<Q", 100) + b"{}",
    "absurd header length": struct.pack("<Q", 2**63) + b"{}",
    "not json": with_header(b"{nonsense"),
    "list": with_header([]),
    "blank first": with_header(b" {}"),
    "latin-1": with_header(b'{"\xe9": 1}'),
    "key twice": with_header(
        b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
        b"x",
    ),
    "metadata twice": with_header(b'{"__metadata__":{"a":"b"},"__metadata__":{"a":"c"}}'),
    "metadata not text": with_header({"__metadata__": {"a": 1}}),
    "entry not a table": with_header({"a": 1}),
    "unknown dtype": with_header({"a": entry([1], [0, 4], "F31")}, b"1234"),
    "unknown field": with_header({"a": entry([1], [0, 4]) | {"stride": 1}}, b"1234"),
    "missing field": with_header({"a": {"dtype": "U8", "shape": [1]}}, b"1"),
    "negative axis": with_header({"a": entry([-1, -1], [0, 4])}, b"1234"),
    "fractional axis": with_header({"a": entry([1.0], [0, 4])}, b"1234"),
    "axis true": with_header({"a": entry([True], [0, 4])}, b"1234"),
    "too many axes": with_header({"a": entry([1] * 9, [0, 4])}, b"1234"),
    "shape too large for range": with_header({"a": entry([2], [0, 4])}, b"1234"),
    "shape overflows 64 bits": with_header({"a": entry([2**32, 2**32, 2**2], [0, 0])}),
    "range backwards": with_header({"a": entry([0], [4, 0])}, b"1234"),
    "range past the end": with_header({"a": entry([2], [0, 8])}, b"1234"),
    "negative offset": with_header({"a": entry([1], [-4, 0])}, b"1234"),
    "three offsets": with_header({"a": entry([1], [0, 2, 4])}, b"1234"),
    "overlap": with_header({"a": entry([1], [0, 4]), "b": entry([1], [2, 6])}, b"123456"),
    "the same bytes twice": with_header({"a": entry([1], [0, 4]), "b": entry([1], [0, 4])}, b"1234"),
    "gap": with_header({"a": entry([1], [0, 4]), "b": entry([1], [8, 12])}, b"123456789012"),
    "gap at the start": with_header({"a": entry([1], [4, 8])}, b"12345678"),
    "bytes after the last tensor": WEIGHTS + b"PK\3\4",
    "cut": WEIGHTS[:-1],
    "a pickle": b"\x80\x04\x95" + b"." * 50,
}


@pytest.mark.parametrize("content", LIES.values(), ids=LIES.keys())
def test_lies_are_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(BundleError) as caught:
        read(tmp_path, content)
    assert caught.value.code == "weights-header"
    assert "w.safetensors" in caught.value.message


def test_tensors_may_stand_in_any_order(tmp_path: Path) -> None:
    content = with_header({"b": entry([1], [4, 8]), "none": entry([0], [4, 4]), "a": entry([1], [0, 4])}, b"12345678")
    assert set(read(tmp_path, content)) == {"a", "b", "none"}


@settings(max_examples=300, deadline=None)
@given(position=st.integers(0, len(WEIGHTS) - 1), byte=st.integers(0, 255))
def test_one_changed_byte_gives_a_header_or_a_bundle_error(tmp_path_factory, position: int, byte: int) -> None:
    content = bytearray(WEIGHTS)
    content[position] = byte
    path = tmp_path_factory.mktemp("w") / "w.safetensors"
    path.write_bytes(bytes(content))
    with suppress(BundleError):
        assert sum(found.end - found.begin for found in read_header(path).values()) == 20


@settings(max_examples=100, deadline=None)
@given(
    header=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["dtype", "shape", "data_offsets", "x"]), inner)
        ),
    )
)
def test_any_json_header_gives_a_header_or_a_bundle_error(tmp_path_factory, header) -> None:
    path = tmp_path_factory.mktemp("w") / "w.safetensors"
    path.write_bytes(with_header(json.dumps(header).encode(), b"1234"))
    with pytest.raises(BundleError):
        read_header(path)


def test_helper_writes_what_the_library_reads(tmp_path: Path) -> None:
    from safetensors.torch import load

    loaded = load(safetensors({"x": ("F32", [2], struct.pack("<2f", 1.5, -2))}))
    assert loaded["x"].tolist() == [1.5, -2]
