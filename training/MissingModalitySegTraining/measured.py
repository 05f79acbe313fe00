"""A model that says more about itself: figures of evaluations, and failures seen, into its manifest and card."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from MissingModalitySegLib.bundles import Bundle, load, save
from MissingModalitySegLib.engine.model import load_model
from MissingModalitySegLib.errors import InputError

from .evaluation.journal import model_checksum
from .evaluation.results import read_results
from .expected_performance import expected_performance
from .model_card import NAME as CARD
from .model_card import NOTES, model_card


def add_measured(folder: Path, results: Sequence[Path] = (), notes: str | None = None) -> Bundle:
    """Add what `evaluate` measured of the model in `folder`; earlier figures of the same data sets make way.

    `notes` are Markdown for the card: failures seen, limits. Raises `InputError` when results are of another model,
    `BundleError` when the bundle cannot be written.
    """
    bundle = load(folder)
    description = bundle.manifest.to_dict()
    if results:
        checksum = model_checksum(load_model(bundle))
        figures = list(description.get("performance", []))
        for path in results:
            if read_results(path).checksum != checksum:
                raise InputError(
                    "results-of-another-model",
                    f"{path} was not measured with the model in {folder}.",
                    f"Measure this one: missing-modality-seg evaluate --model {folder} --datalist …",
                )
            measured = expected_performance(json.loads(path.read_text(encoding="utf-8")), bundle.manifest.modalities)
            again = {(figure["dataset"], figure["data"]) for figure in measured}
            figures = [figure for figure in figures if (figure["dataset"], figure["data"]) not in again] + measured
        description["performance"] = figures
    if notes is not None:
        description["provenance"] = {**description["provenance"], NOTES: notes}
    return rewrite(bundle, description)


def rewrite(bundle: Bundle, description: dict[str, Any], files: Mapping[str, bytes] | None = None) -> Bundle:
    """Write `bundle` again with another `description`, the card that follows from it, and what changed in `files`."""
    sources: dict[str, Path | bytes] = {
        entry.name: bundle.path(entry.name).read_bytes() for entry in bundle.manifest.files if entry.name != CARD
    }
    sources |= files or {}
    sources[CARD] = model_card(description).encode()
    return save(bundle.folder, description, sources, replace=True)
