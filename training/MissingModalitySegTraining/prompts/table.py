"""The table of prompt embeddings: one row per code, in the order of the codes' bit masks."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import MODALITIES, Code, Modality
from MissingModalitySegLib.prompts import prompt
from MissingModalitySegLib.resources import resources

from .encoders import BinaryEncoder, Encoder, encoder

KEY = "prompt_table"


@dataclass(frozen=True)
class PromptTable:
    """Embeddings (2^K - 1, D), float32, and where they come from."""

    encoder: str
    version: str
    modalities: tuple[Modality, ...]
    prompts: tuple[str, ...]
    embeddings: Tensor


def make_prompt_table(text_encoder: Encoder, modalities: Sequence[Modality | str] = MODALITIES) -> PromptTable:
    """Ask `text_encoder` for every code over `modalities`."""
    codes = Code.all(modalities)
    return PromptTable(
        text_encoder.name,
        text_encoder.version,
        codes[-1].modalities,
        tuple(prompt(code) for code in codes),
        text_encoder.encode(codes).float(),
    )


def prompt_table(
    text_encoder: Encoder | str, modalities: Sequence[Modality | str] = MODALITIES, kept: Path | None = None
) -> Tensor:
    """The embeddings alone (2^K - 1, D): what `UniversalSegmenter.set_prompt_table` takes.

    A name instead of an encoder means the table in the file `kept` where it is there and of that encoder, else the
    shipped one where there is one, else the encoder of that name.
    """
    if not isinstance(text_encoder, str):
        return make_prompt_table(text_encoder, modalities).embeddings
    if kept is not None and kept.is_file() and (table := load_prompt_table(kept)).encoder == text_encoder:
        return narrow_prompt_table(table, modalities).embeddings
    if (shipped := resources() / "prompts" / f"{text_encoder}.safetensors").is_file():
        return narrow_prompt_table(load_prompt_table(shipped), modalities).embeddings
    return make_prompt_table(encoder(text_encoder), modalities).embeddings


def keep_prompt_table(text_encoder: str, modalities: Sequence[Modality | str], path: Path) -> None:
    """Write the table of an encoder, the shipped one where there is one, for `prompt_table` to find; whole or not."""
    if path.is_file():
        return
    if (shipped := resources() / "prompts" / f"{text_encoder}.safetensors").is_file():
        table = narrow_prompt_table(load_prompt_table(shipped), modalities)
    else:
        table = make_prompt_table(encoder(text_encoder), modalities)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    save_prompt_table(table, unfinished)
    os.replace(unfinished, path)


def narrow_prompt_table(table: PromptTable, modalities: Sequence[Modality | str]) -> PromptTable:
    """The table for other modalities, from the rows of the same sentences; no encoder is needed.

    Raises InputError if a sentence is not in `table`.
    """
    if table.encoder == BinaryEncoder.name:
        return make_prompt_table(BinaryEncoder(), modalities)
    codes = Code.all(modalities)
    row = {sentence: number for number, sentence in enumerate(table.prompts)}
    wanted = tuple(prompt(code) for code in codes)
    if unknown := [sentence for sentence in wanted if sentence not in row]:
        raise InputError(
            "prompt-not-in-table",
            f"The prompt table has no row for “{unknown[0]}”.",
            "Make a table for these modalities with `python -m MissingModalitySegTraining.prompts`.",
        )
    rows = table.embeddings[[row[sentence] for sentence in wanted]]
    return PromptTable(table.encoder, table.version, codes[-1].modalities, wanted, rows)


def save_prompt_table(table: PromptTable, path: str | Path) -> None:
    """Write a safetensors file (float16: a prompt is told from another by far more than its rounding)."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    facts = {
        "encoder": table.encoder,
        "version": table.version,
        "modalities": json.dumps([modality.value for modality in table.modalities]),
        "prompts": json.dumps(table.prompts),
    }
    save_file({KEY: table.embeddings.to(torch.float16).contiguous()}, path, metadata=facts)


def load_prompt_table(path: str | Path) -> PromptTable:
    """Read what `save_prompt_table` wrote. Raises InputError if the file is missing or no prompt table."""
    try:
        with safe_open(path, "pt") as file:
            facts = file.metadata() or {}
            embeddings = file.get_tensor(KEY).float()
        table = PromptTable(
            facts["encoder"],
            facts["version"],
            tuple(Modality.parse(name) for name in json.loads(facts["modalities"])),
            tuple(json.loads(facts["prompts"])),
            embeddings,
        )
    except (OSError, SafetensorError, KeyError, ValueError, TypeError, RecursionError) as error:
        raise InputError(
            "bad-prompt-table",
            f"{path} is no prompt table.",
            "Make one with `python -m MissingModalitySegTraining.prompts`.",
        ) from error
    rows = 2 ** len(table.modalities) - 1
    if embeddings.ndim != 2 or not len(table.prompts) == len(embeddings) == rows:
        raise InputError(
            "bad-prompt-table",
            f"{path} holds embeddings of shape {tuple(embeddings.shape)} for {len(table.modalities)} modalities.",
        )
    return table
