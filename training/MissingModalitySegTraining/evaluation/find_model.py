"""The model that a name, a folder or a training run stands for."""

from __future__ import annotations

from pathlib import Path

from MissingModalitySegLib.bundles import find, load
from MissingModalitySegLib.bundles.names import MANIFEST
from MissingModalitySegLib.engine.model import Model, load_model


def find_model(text: str) -> Model:
    """The bundle called `text`, the bundle in that folder, or the final network of the training run in it.

    Raises `InputError` (`BundleError` for bundles) when there is none, it is damaged or the run is not finished.
    """
    folder = Path(text)
    if not folder.is_dir():
        return load_model(find(text))
    from ..runs import is_run, open_run  # pulls in the configurations, which need pydantic and YAML

    if is_run(folder) and not (folder / MANIFEST).exists():
        return open_run(folder).model(folder.resolve().name)
    return load_model(load(folder))
