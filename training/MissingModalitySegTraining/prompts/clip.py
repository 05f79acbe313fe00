"""The text half of CLIP ViT-B/32, the paper's encoder; D = 512."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from MissingModalitySegLib.modalities import Code
from MissingModalitySegLib.prompts import prompt

from .pretrained import load_pretrained

DEFAULT_MODEL = "openai/clip-vit-base-patch32"


class ClipEncoder:
    """Projected text features of unit length, as CLIP compares them."""

    name = "clip"

    def __init__(self, source: str | Path = DEFAULT_MODEL) -> None:
        """`source` is a model in the hub's cache or a folder in the format of transformers."""
        self._tokenizer, self._model, self.version = load_pretrained(
            source,
            "CLIPTextModelWithProjection",
            f"Fetch it once with `hf download {DEFAULT_MODEL}`, or give a folder that holds it; "
            "the encoders “minilm” and “binary” need no download.",
        )

    @torch.inference_mode()
    def encode(self, codes: Sequence[Code]) -> Tensor:
        """Embeddings (n, D); one sentence at a time, so that none depends on the padding others need."""
        rows = [self._model(**self._tokenizer(prompt(code), return_tensors="pt")).text_embeds[0] for code in codes]
        return F.normalize(torch.stack(rows), dim=1).clone()
