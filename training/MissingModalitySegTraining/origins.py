"""Where a network came from: its own training, and the trainings of all that it began from.

A model may be replaced after others began from it, so a run notes in its folder what it began from when it begins.
Ancestors are told in one flat table, each once, however many of its descendants meet in a model:

    began_from  {"start": KEY, "experts": {MODALITY: KEY}}, with `averaged_with`: [KEY, …] where weights are a mean;
                of an ensemble {"members": [KEY, …]}
    ancestors   KEY → what its manifest or its run told, `began_from` included
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from MissingModalitySegLib.bundles import Manifest, find, load
from MissingModalitySegLib.bundles.names import MANIFEST
from MissingModalitySegLib.datalists import read_datalist

from . import provenance
from .configs.reading import as_document
from .configs.schema import TrainingConfig
from .data.cache import Cache
from .data.source import says_simulated
from .evaluation.results import write_whole
from .loop import HISTORY
from .model_card import NOTES, PICTURES
from .provenance import ANCESTORS, AVERAGED_WITH, BEGAN_FROM
from .training_curves import thinned

if TYPE_CHECKING:
    from .runs import Run

PREDECESSORS = "predecessors.json"
Facts = dict[str, Any]


def note_predecessors(config: TrainingConfig, folder: Path) -> None:
    """Write into a run that begins what it begins from, if from anything. Raises `InputError` where that is missing."""
    began: Facts = {}
    table: dict[str, Facts] = {}
    if config.start is not None:
        began["start"] = _enter(_origin(config.start), table)
    if config.experts:
        began["experts"] = {str(one): _enter(_origin(name), table) for one, name in config.experts.items()}
    if began:
        write_whole(folder / PREDECESSORS, json.dumps({BEGAN_FROM: began, ANCESTORS: table}, indent=1) + "\n")
    else:  # of an attempt whose data could not be opened
        (folder / PREDECESSORS).unlink(missing_ok=True)


def origin_of(run: Run) -> Facts:
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
        "simulated": only_simulated(run.config.data.source),
        "command": last.get("command"),
        "commit": last.get("commit"),
        "date": last.get("ended") or provenance.now(),
        "config": as_document(run.config),
    }
    noted = run.folder / PREDECESSORS
    if noted.is_file():
        facts |= json.loads(noted.read_text(encoding="utf-8"))
    return without_folders(facts)


def averaged_with(origin: Facts, others: Sequence[str]) -> Facts:
    """`origin` of a network whose weights are the mean of its own and those of `others`, as `find_model` reads them."""
    table = dict(origin.get(ANCESTORS, {}))
    began = {**origin.get(BEGAN_FROM, {}), AVERAGED_WITH: [_enter(_origin(name), table) for name in others]}
    return {**origin, BEGAN_FROM: began, ANCESTORS: table}


def origin_of_members(manifests: list[Manifest]) -> Facts:
    """`began_from` and `ancestors` of an ensemble."""
    table: dict[str, Facts] = {}
    members = [_enter(_origin_of_bundle(manifest), table) for manifest in manifests]
    return {BEGAN_FROM: {"members": members}, ANCESTORS: table}


def saw_only_simulated(origin: Mapping[str, Any]) -> bool:
    """Whether the data of a training, and of all that it began from, are known to be simulated."""
    return all(map(_is_simulated, provenance.lineage(origin).values()))


def _is_simulated(facts: Mapping[str, Any]) -> bool:
    if "simulated" in facts:
        return bool(facts["simulated"])
    return all(only_simulated(source) for source in str(facts.get("data")).split(", "))  # of an older model


def only_simulated(source: str) -> bool:
    """Whether the training data, not just what was held out of them, are known to be simulated."""
    if source in ("phantom", "heads"):
        return True
    path = Path(source)
    if path.suffix == ".json":
        return path.is_file() and says_simulated(read_datalist(path))
    if not (path / "cache.json").is_file():
        return False
    cache = Cache(path)
    return all(str(cache[name].metadata.get("dataset") or "").startswith("phantom") for name in cache.ids)


def _origin(name: str) -> Facts:
    """Where the network came from that `name` stands for, as `find_model` reads it."""
    from .runs import is_run, open_run

    folder = Path(name)
    if is_run(folder) and not (folder / MANIFEST).exists():
        return {"run": folder.resolve().name, **origin_of(open_run(folder))}
    return _origin_of_bundle((load(folder) if folder.is_dir() else find(name)).manifest)


def _origin_of_bundle(manifest: Manifest) -> Facts:
    known = {key: value for key, value in manifest.provenance.items() if key not in (NOTES, PICTURES)}
    return {"bundle": manifest.name, "version": manifest.version, **known}


def _enter(origin: Facts, table: dict[str, Facts]) -> str:
    """Put `origin` after its own ancestors into `table`; its key there."""
    renamed: dict[str, str] = {}
    own = {key: value for key, value in origin.items() if key != ANCESTORS}
    name = f"{own['bundle']} {own['version']}" if "bundle" in own else f"run {own['run']}"
    for key, given in [*origin.get(ANCESTORS, {}).items(), (name, own)]:
        facts = {**given, BEGAN_FROM: _renamed(given[BEGAN_FROM], renamed)} if BEGAN_FROM in given else given
        renamed[key] = _key(key, facts, table)
        table[renamed[key]] = facts
    return renamed[name]


def _key(wanted: str, facts: Facts, table: Mapping[str, Facts]) -> str:
    """`wanted`, with a number where something else has that name."""
    key, number = wanted, 1
    while key in table and table[key] != facts:
        number += 1
        key = f"{wanted} ({number})"
    return key


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return names.get(value, value)


def without_folders(value: Any) -> Any:
    """`value` with the names of files and folders in place of their absolute paths."""
    if isinstance(value, Mapping):
        return {key: without_folders(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_folders(item) for item in value]
    return _ABSOLUTE.sub("", value) if isinstance(value, str) else value


_ABSOLUTE = re.compile(r"(?<![^\s='\"])(?:[A-Za-z]:)?[\\/](?:[^\s\\/'\"]+[\\/])*")
"""Everything of an absolute path but its last part."""
