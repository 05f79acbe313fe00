"""Stages that several trainings of a table have in common are trained once.

A stage is a function of what it starts from: the weights that it trains, the networks that it keeps frozen, its
regime's numbers, its samples, the settings of the loop and the seed. Where all of these are equal to those of a stage
that was finished before, its weights are taken from there. Parameters that a stage does not train take no part in it
(the gate of a mixture while its experts specialise) and stay the network's own.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from MissingModalitySegLib.networks.weights import write_weights

from ..configs.reading import write_config
from ..configs.schema import TrainingConfig
from ..evaluation.results import write_whole
from ..loop import HISTORY
from ..regimes.stages import Stage
from ..runs import CONFIG, DONE, MAY_CHANGE, WEIGHTS, Run, is_done, load_stage

POOL = "stages.json"


def adopt(config: TrainingConfig, folder: Path, pool: Path) -> list[str]:
    """Begin a run in `folder` with the stages that `pool` (a folder of runs) holds already; their names."""
    run, networks, adopted = Run(folder, config), {}, []
    known = _read(pool)
    for number, stage in enumerate(run.stages):
        place = folder / stage.name
        if not is_done(place):
            source = known.get(fingerprint(config, stage, number, networks))
            if source is None or not is_done(pool / source) or (place.exists() and any(place.iterdir())):
                break
            if not (folder / CONFIG).exists():
                folder.mkdir(parents=True, exist_ok=True)
                write_config(config, folder / CONFIG, "Some stages were taken from another run: see their done.json.")
            _take(pool / source, place, stage.regime(networks).network)
            adopted.append(stage.name)
        networks[stage.name] = load_stage(stage, networks, place)
    return adopted


def publish(run: Run, pool: Path) -> None:
    """Let later runs take the finished stages of `run`."""
    known, networks = _read(pool), {}
    for number, stage in enumerate(run.stages):
        key = fingerprint(run.config, stage, number, networks)
        known.setdefault(key, (run.folder / stage.name).relative_to(pool).as_posix())
        networks[stage.name] = load_stage(stage, networks, run.folder / stage.name)
    write_whole(pool / POOL, json.dumps(known, indent=1) + "\n")


def fingerprint(config: TrainingConfig, stage: Stage, number: int, networks: Mapping[str, nn.Module]) -> str:
    """SHA-256 over all that the outcome of stage `number` depends on, given the networks of the stages before."""
    regime = stage.regime(networks)
    loop = asdict(config.loop_of(stage.name, stage.share))
    facts: dict[str, Any] = {
        "stage": stage.name,
        "number": number,
        "seed": config.seed,
        "modalities": list(config.modalities),
        "regions": config.regions,
        "loop": {key: value for key, value in loop.items() if f"loop.{key}" not in MAY_CHANGE},
        "data": config.data_of(stage.name).model_dump(mode="json"),
        "regime": type(regime).__qualname__,
    }
    for name, part in sorted(vars(regime).items()):
        facts[name] = _digest(name, part) if isinstance(part, nn.Module) else repr(part)
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def trained_part(network: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """The parameters that take gradients, and all buffers."""
    yield from ((name, parameter) for name, parameter in network.named_parameters() if parameter.requires_grad)
    yield from network.named_buffers()


def _digest(name: str, network: nn.Module) -> str:
    """Of the network that is trained its trained part; of networks that only teach, everything."""
    tensors = trained_part(network) if name == "network" else network.state_dict().items()
    return f"{type(network).__qualname__} {_hash(tensors)}"


def _hash(tensors: Iterable[tuple[str, Tensor]]) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _take(source: Path, place: Path, network: nn.Module) -> None:
    """Make the finished stage in `place` from the one in `source`; `done.json` comes last and says where from."""
    stored = load_file(source / WEIGHTS)
    with torch.no_grad():
        for name, tensor in trained_part(network):
            if name in stored:  # buffers that are not saved are made anew
                tensor.copy_(stored[name])
    place.mkdir(parents=True, exist_ok=True)
    write_weights(place / WEIGHTS, network, torch.float32)
    if (source / HISTORY).exists():
        shutil.copyfile(source / HISTORY, place / HISTORY)
    record = json.loads((source / DONE).read_text(encoding="utf-8"))
    record["taken_from"] = source.relative_to(source.parents[1]).as_posix()
    write_whole(place / DONE, json.dumps(record, indent=1) + "\n")


def _read(pool: Path) -> dict[str, str]:
    path = pool / POOL
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
