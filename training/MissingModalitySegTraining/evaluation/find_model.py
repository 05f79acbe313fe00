"""The model that a name, a folder or a training run stands for."""

from __future__ import annotations

from pathlib import Path

from MissingModalitySegLib.bundles import find, load
from MissingModalitySegLib.bundles.names import MANIFEST
from MissingModalitySegLib.engine.model import Model, load_model

RUN_CONFIG = "config.yaml"
"""What tells the folder of a training run."""


def find_model(text: str) -> Model:
    """The bundle called `text`, the bundle in that folder, or the final network of the training run in it.

    Raises `InputError` (`BundleError` for bundles) when there is none, it is damaged or the run is not finished.
    """
    folder = Path(text)
    if not folder.is_dir():
        return load_model(find(text))
    if (folder / RUN_CONFIG).is_file() and not (folder / MANIFEST).exists():
        from ..runs import open_run
        from ..validation import model_of

        run = open_run(folder)
        return model_of(run.config, run.products().network.eval(), folder.resolve().name)
    return load_model(load(folder))
