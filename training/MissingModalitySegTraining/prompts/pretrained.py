"""Loading a frozen text model with transformers: from a folder or the hub's cache, never from the network."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from MissingModalitySegLib.errors import InputError


def load_pretrained(source: str | Path, model_class: str, hint: str) -> tuple[Any, Any, str]:
    """Tokenizer, model (float32, evaluating) and the version to be recorded.

    `model_class` is a class of transformers. Raises InputError with `hint` if the package or the files are missing or
    damaged, or if weights of the model are not among them (transformers would draw those at random, with a warning
    only).
    """
    try:
        transformers = import_module("transformers")
    except ImportError:
        raise InputError(
            "package-missing",
            "The text encoders need the package transformers.",
            "Install it, in a clone of the repository: pip install '.[prompts]'.",
        ) from None
    source = str(source)
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, local_files_only=True)
        model, found = getattr(transformers, model_class).from_pretrained(
            source, local_files_only=True, output_loading_info=True
        )
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise InputError("text-encoder-missing", f"No text encoder could be loaded from “{source}”.", hint) from error
    if found["missing_keys"]:
        raise InputError(
            "text-encoder-incomplete",
            f"“{source}” lacks weights of the text encoder: {', '.join(sorted(found['missing_keys'])[:3])} ….",
            hint,
        )
    name = Path(source).name if Path(source).is_dir() else source
    return tokenizer, model.float().eval(), f"{name}, transformers {transformers.__version__}"
