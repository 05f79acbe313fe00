"""Models that are ready to be asked: found, checked against their manifest, loaded, and kept for the next run."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ..bundles import Bundle, checksums, find, load, members, problems
from ..errors import BundleError, InputError
from .model import Model, load_model, load_synthesiser

KEPT = 3
"""Models that stay in memory between runs: one that segments, its synthesiser, one for the brain."""


@dataclass(frozen=True)
class Ready:
    """A loaded model, the bundle it is from, and the SHA-256 of all its files; none for a network that came without."""

    model: Model
    bundle: Bundle | None = None
    files: Mapping[str, str] = field(default_factory=dict)


_kept: OrderedDict[tuple, Model | None] = OrderedDict()


def ready_model(model: str | Path | Bundle | Model) -> Ready:
    """The model by its name, its folder or its bundle. Raises `BundleError` when a file is not what it was."""
    if isinstance(model, Model):
        return Ready(model)
    bundle = _bundle(model)
    return Ready(_remembered("model", bundle), bundle, checksums(bundle))


def ready_synthesiser(ready: Ready) -> Model:
    """What generates the sequences that are missing for a model. Raises `InputError` where nothing does."""
    if ready.bundle is None:
        raise _no_synthesiser(ready.model.name)
    section = ready.bundle.manifest.synthesiser
    if section is not None and section.bundle is not None:
        _check(find(section.bundle))
    found = _remembered("synthesiser", ready.bundle)
    if found is None:
        raise _no_synthesiser(ready.bundle.name)
    return found


def release_models() -> None:
    """Forget the models in memory; the next run loads what it needs."""
    _kept.clear()


def _bundle(model: str | Path | Bundle) -> Bundle:
    if isinstance(model, Bundle):
        return model
    return load(model) if isinstance(model, Path) else find(model)


def _remembered(what: str, bundle: Bundle) -> Model | None:
    """The model as long as its files are those that were loaded."""
    needed = [bundle, *members(bundle)] if what == "model" else [bundle]
    key = (what, *_stamps(needed))
    if key not in _kept:
        for one in needed:
            _check(one)
        _kept[key] = load_model(bundle) if what == "model" else load_synthesiser(bundle)
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    _kept.move_to_end(key)
    return _kept[key]


def _stamps(bundles: Sequence[Bundle]) -> tuple:
    """What changes when a file is replaced: of one of the bundles, or of what the first leaves missing sequences to."""
    bundles, synthesiser = list(bundles), bundles[0].manifest.synthesiser
    if synthesiser is not None and synthesiser.bundle is not None:
        with suppress(BundleError):  # told by whoever needs it
            bundles.append(find(synthesiser.bundle))
    stamps = []
    for one in bundles:
        for entry in one.manifest.files:
            try:
                status = os.stat(one.folder / entry.name)
            except OSError:
                continue
            stamps.append((str(one.folder), entry.name, entry.sha256, status.st_size, status.st_mtime_ns))
    return tuple(stamps)


def _check(bundle: Bundle) -> None:
    """Raise the first thing that is wrong with the files the manifest lists; what else lies there is never opened."""
    listed = [problem for problem in problems(bundle.folder) if problem.code != "bundle-foreign-file"]
    if listed:
        problem = listed[0]
        raise type(problem)(problem.code, f"The model “{bundle.name}” cannot be used: {problem.message}", problem.hint)


def _no_synthesiser(name: str) -> InputError:
    return InputError(
        "no-synthesiser",
        f"The model “{name}” cannot generate missing sequences.",
        "The model “synthesis” generates them (`missing-modality-seg synthesize`); or do without them.",
    )
