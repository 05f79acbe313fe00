"""What a prompt encoder is, the one that needs no text, and how each is found by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Code


class Encoder(Protocol):
    """Maps codes to embeddings (n, D), float32, the same values whenever it is asked."""

    name: str
    version: str

    def encode(self, codes: Sequence[Code]) -> Tensor: ...


class BinaryEncoder:
    """The code itself as its embedding (paper “all-stage missing modality”, figure 5); D = K."""

    name = "binary"
    version = "1"

    def encode(self, codes: Sequence[Code]) -> Tensor:
        return torch.tensor([code.vector for code in codes], dtype=torch.float32)


ENCODERS = ("clip", "minilm", "binary")


def encoder(name: str, source: str | Path | None = None) -> Encoder:
    """The encoder called `name`; `source` names other weights (a folder, or for `clip` a model of the hub's cache).

    Raises InputError for an unknown name, and where a package or the weights are missing.
    """
    if name == "binary" and source is None:
        return BinaryEncoder()
    if name == "clip":
        from .clip import DEFAULT_MODEL, ClipEncoder

        return ClipEncoder(source or DEFAULT_MODEL)
    if name == "minilm":
        from .minilm import MiniLMEncoder

        return MiniLMEncoder(source)
    if name == "binary":
        raise InputError("bad-prompt-encoder", "The encoder “binary” has no weights.", "Leave the source out.")
    raise InputError("bad-prompt-encoder", f"“{name}” is no prompt encoder.", f"Use one of {', '.join(ENCODERS)}.")
