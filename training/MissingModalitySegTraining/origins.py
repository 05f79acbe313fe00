"""Where a network came from: its own training, and the trainings of all that it began from.

A model may be replaced after others began from it, so a run notes in its folder what it began from when it begins.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from MissingModalitySegLib.bundles import find, load
from MissingModalitySegLib.bundles.names import MANIFEST

from . import provenance
from .configs.reading import as_document
from .configs.schema import TrainingConfig
from .evaluation.results import write_whole
from .loop import HISTORY
from .model_card import NOTES, PICTURES
from .training_curves import thinned

if TYPE_CHECKING:
    from .runs import Run

PREDECESSORS = "predecessors.json"


def note_predecessors(config: TrainingConfig, folder: Path) -> None:
    """Write into a run that begins what it begins from, if from anything. Raises `InputError` where that is missing."""
    began: dict[str, Any] = {}
    if config.start is not None:
        began["start"] = _origin(config.start)
    if config.experts:
        began["experts"] = {str(modality): _origin(name) for modality, name in config.experts.items()}
    if began:
        write_whole(folder / PREDECESSORS, json.dumps(began, indent=1) + "\n")


def origin_of(run: Run) -> dict[str, Any]:
    """What was done, with what it began from, and how to do it again; without the folders of this machine."""
    facts = run.provenance()
    stages = {}
    for name, stage in facts["stages"].items():
        stages[name] = {key: value for key, value in stage.items() if key != "sessions"}
        if curve := thinned(run.folder / name / HISTORY):
            stages[name]["curve"] = curve
    last = list(stages.values())[-1] if stages else {}
    facts |= {
        "stages": stages,
        "command": last.get("command"),
        "commit": last.get("commit"),
        "date": last.get("ended") or provenance.now(),
        "config": as_document(run.config),
    }
    noted = run.folder / PREDECESSORS
    if noted.is_file():
        facts["began_from"] = json.loads(noted.read_text(encoding="utf-8"))
    return without_folders(facts)


def _origin(name: str) -> dict[str, Any]:
    """Where the network came from that `name` stands for, as `find_model` reads it."""
    from .runs import is_run, open_run

    folder = Path(name)
    if is_run(folder) and not (folder / MANIFEST).exists():
        return {"run": folder.resolve().name, **origin_of(open_run(folder))}
    manifest = (load(folder) if folder.is_dir() else find(name)).manifest
    known = {key: value for key, value in manifest.provenance.items() if key not in (NOTES, PICTURES)}
    return {"bundle": manifest.name, "version": manifest.version, **known}


def without_folders(value: Any) -> Any:
    """`value` with the names of files and folders in place of their absolute paths."""
    if isinstance(value, Mapping):
        return {key: without_folders(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_folders(item) for item in value]
    return _ABSOLUTE.sub("", value) if isinstance(value, str) else value


_ABSOLUTE = re.compile(r"(?<![^\s='\"])(?:[A-Za-z]:)?[\\/](?:[^\s\\/'\"]+[\\/])*")
"""Everything of an absolute path but its last part."""
