"""Arrays as images inside a page: PNG written here, JPEG by SimpleITK."""

from __future__ import annotations

import base64
import struct
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813

QUALITY = 78
"""Of JPEG: noise goes, lesions stay."""


def jpeg(pixels: np.ndarray, quality: int = QUALITY) -> str:
    """A data URI of uint8 pixels, (Y, X) for grey or (Y, X, 3) for colour."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(pixels), isVector=pixels.ndim == 3)
    with tempfile.TemporaryDirectory(prefix="page-") as folder:
        path = Path(folder) / "picture.jpg"
        sitk.WriteImage(image, str(path), useCompression=True, compressionLevel=quality)
        return _data_uri("jpeg", path.read_bytes())


def png(indices: np.ndarray, palette: Sequence[tuple[int, int, int, int]]) -> str:
    """A data URI of an image of indices (Y, X) into a palette of red, green, blue and opacity, 0 to 255 each."""
    height, width = indices.shape
    rows = np.zeros((height, width + 1), np.uint8)  # each row begins with its filter, of which 0 is none
    rows[:, 1:] = indices
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)  # 8 bits, by palette, not interlaced
    parts = (
        (b"IHDR", header),
        (b"PLTE", bytes(value for colour in palette for value in colour[:3])),
        (b"tRNS", bytes(colour[3] for colour in palette)),
        (b"IDAT", zlib.compress(rows.tobytes())),
        (b"IEND", b""),
    )
    return _data_uri("png", b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in parts))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _data_uri(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
