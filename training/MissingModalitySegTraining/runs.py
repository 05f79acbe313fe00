"""A run: a configuration, carried out stage after stage in a folder, stopped and gone on with at will.

    <run>/config.yaml                    complete
          predecessors.json              where that came from which it began from, if from anything
          prompts.safetensors            embeddings of the prompts, where a text encoder makes them
          missing.json                   which subjects lack what, where modalities are missing in training
          cache/, validation-cases/      prepared cases
          <stage>/checkpoint.pt          from which the stage goes on
                  history.csv, scores.csv, tensorboard/, samples/*.png, sessions.jsonl
                  network.safetensors    averaged weights, float32
                  done.json              written last: the stage is finished
          validation.json                the final network, by case and code

Everything is whole or not there. A second `train` with the same configuration goes on where the first stopped.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import nn

from MissingModalitySegLib.disk import disk_errors
from MissingModalitySegLib.engine.model import Model
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.networks.weights import read_weights, write_weights

from . import provenance
from .configs.reading import GENERATED, as_document, read_config, setup_of, stages_of, write_config
from .configs.schema import TrainingConfig
from .data.source import Prepared, open_prepared, open_samples
from .evaluation.results import document_of, write_whole
from .evaluation.rows import Evaluation
from .loop import Curves, Watcher, fit
from .origins import PREDECESSORS, note_predecessors
from .regimes.stages import Method, Products, Stage, find_method
from .starting import begin_from, replace_experts, weights_for
from .validation import Held, evaluate_network, held_out, model_of, validator

CONFIG, DONE, WEIGHTS, VALIDATION = "config.yaml", "done.json", "network.safetensors", "validation.json"
PROMPTS, CASES = "prompts.safetensors", "validation-cases"

MAY_CHANGE = frozenset(
    {
        "loop.minutes",
        "loop.workers",
        "loop.device",
        "loop.compile",
        "loop.checkpoint_minutes",
        "loop.validate_every",
        "loop.most_bad_steps",
        "data.phantom.device",
        "validation.codes",
        "validation.pictures",
    }
)
"""Keys, also of stages, that may differ when a run is gone on with: they lead to no other network, or end it sooner."""

Watchers = Callable[[str, Path], Sequence[Watcher]]
"""Stage name and folder → who looks on."""


@dataclass(frozen=True)
class Run:
    """A run folder. `config` is what it was begun with."""

    folder: Path
    config: TrainingConfig

    @property
    def method(self) -> Method:
        return find_method(self.config.method)

    @property
    def stages(self) -> list[Stage]:
        return stages_of(self.config, self.folder / PROMPTS)

    @property
    def finished(self) -> bool:
        """Whether every stage is done."""
        return all(is_done(self.folder / stage.name) for stage in self.stages)

    def networks(self) -> dict[str, nn.Module]:
        """The networks of all finished stages, by name, on the CPU in evaluation mode."""
        networks: dict[str, nn.Module] = {}
        for stage in self.stages:
            if not is_done(self.folder / stage.name):
                break
            networks[stage.name] = load_stage(stage, networks, self.folder / stage.name)
        return networks

    def products(self) -> Products:
        """What the training leaves. Raises `InputError` when it is not finished."""
        for stage in self.stages:
            if not is_done(self.folder / stage.name):
                raise InputError(
                    "unfinished-run",
                    f"The stage {stage.name} of the run {self.folder} is not finished.",
                    "Give the command that began it again.",
                )
        return self.method.products(self.networks())

    def model(self, name: str | None = None) -> Model:
        """The final network as the engine uses it."""
        return model_of(self.config, self.products().network, name)

    def validation(self) -> dict[str, Any] | None:
        """What `validation.json` holds, None where nothing was held out."""
        path = self.folder / VALIDATION
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None

    def held_out(self) -> Held | None:
        """The cases that validation measures on, made again if need be. None where there are none."""
        prepared = open_prepared(self.config.data, self.config.validation.ids, self.folder)
        return held_out(self.config, prepared, self.folder / CASES, _simulation_device(self.config))

    def provenance(self) -> dict[str, Any]:
        """What was done, stage by stage, from `done.json`."""
        stages = {}
        for stage in self.stages:
            if is_done(self.folder / stage.name):
                stages[stage.name] = json.loads((self.folder / stage.name / DONE).read_text(encoding="utf-8"))
        return {
            "method": self.config.method,
            "seed": self.config.seed,
            "data": self.config.data.source,
            "steps": sum(stage["steps"] for stage in stages.values()),
            "samples": sum(stage["samples"] for stage in stages.values()),
            "seconds": round(sum(stage["seconds"] for stage in stages.values()), 2),
            "cpu_seconds": round(sum(stage["cpu_seconds"] for stage in stages.values()), 2),
            "stages": stages,
        }


def open_run(folder: str | os.PathLike[str]) -> Run:
    """The run in `folder`. Raises `InputError` when there is none."""
    folder = Path(folder)
    if not (folder / CONFIG).is_file():
        raise InputError("no-run", f"There is no run in {folder}.", "Name the folder that `train` wrote.")
    return Run(folder, read_config(folder / CONFIG))


def is_run(folder: str | os.PathLike[str]) -> bool:
    """Whether `folder` looks like a run's."""
    return (Path(folder) / CONFIG).is_file()


def train(
    config: TrainingConfig,
    folder: str | os.PathLike[str],
    watchers: Watchers = lambda stage, folder: (),
    report: Callable[[str], None] = lambda line: None,
    command: Sequence[str] | None = None,
) -> Run:
    """Carry out `config` in `folder`, or go on there.

    `report` hears in words what is being done, `command` is what provenance says began it (by default this process's
    own). SIGTERM and Ctrl-C during a stage end it with a checkpoint and `SystemExit`.

    Raises `InputError` when the folder holds a run with another configuration, or the data cannot be used;
    `ResourceError` when it cannot be written, or a stage's losses stay not-finite.
    """
    folder = Path(folder)
    first = int(os.environ.get("RANK", "0")) == 0
    config = _begun(config, folder, first)
    run = Run(folder, config)
    done = {stage.name for stage in run.stages if is_done(folder / stage.name)}  # before any process finishes one

    def prepare(case: str, what: str) -> None:
        if first and what != "kept":
            report(f"preparing {case}: {what}")

    prepared = open_prepared(config.data, config.validation.ids, folder, prepare)
    if first:
        _keep_prompts(run)
    cases = None
    if first and (len(done) < len(run.stages) or not (folder / VALIDATION).exists()):
        if prepared is None and config.validation.cases:
            report("phantoms for validation")
        cases = held_out(config, prepared, folder / CASES, _simulation_device(config))
    about = provenance.facts(config.loop.device, command)
    networks: dict[str, nn.Module] = {}
    for number, stage in enumerate(run.stages):
        place = folder / stage.name
        if stage.name in done:
            networks[stage.name] = load_stage(stage, networks, place)
            continue
        report(f"stage {number + 1} of {len(run.stages)}: {stage.name}")
        samples = _stage_samples(config, stage, number, prepared, folder)
        with provenance.session(place, about, first):
            network = _fit(config, stage, networks, samples, place, cases, watchers)
        networks[stage.name] = network
        if first:
            _finish(config, stage, network, place, about)
    if first and cases is not None and not (folder / VALIDATION).exists():
        report("validation of the final network")
        _write_validation(config, run.method.products(networks).network, cases, folder)
    return run


def is_done(stage_folder: Path) -> bool:
    """Whether a stage is finished."""
    return (stage_folder / DONE).is_file() and (stage_folder / WEIGHTS).is_file()


def load_stage(stage: Stage, networks: Mapping[str, nn.Module], folder: Path) -> nn.Module:
    """The network that a finished stage left, given those of the stages before."""
    network = stage.regime(networks).network
    read_weights(folder / WEIGHTS, network)
    return network.eval()


def _fit(
    config: TrainingConfig,
    stage: Stage,
    networks: Mapping[str, nn.Module],
    samples: Any,
    folder: Path,
    cases: Held | None,
    watchers: Watchers,
) -> nn.Module:
    regime = stage.regime(networks)
    if config.start is not None:
        stages = [each.name for each in stages_of(config)]
        weights = weights_for(config.start, stage.name, stages, config.modalities)
        if weights is not None:
            begin_from(regime.network, weights)
    if stage.name == stages_of(config)[0].name:
        replace_experts(regime.network, config.experts, config.modalities)
    settings = config.loop_of(stage.name, stage.share)
    segments = stage.segmenter(regime.network) is not None
    # every process must come to the same points: the others only wait while the first validates
    expected = config.validation.cases > 0 and segments and (config.data.source in GENERATED or _holds_out(config))
    validate = None
    if expected:
        validate = validator(config, cases, stage.segmenter, folder / "samples") if cases is not None else _nothing
    curves = [Curves(folder / "tensorboard")] if find_spec("tensorboard") else []
    network = fit(regime, samples, settings, folder, validate, [*curves, *watchers(stage.name, folder)])
    return network.to("cpu").to(memory_format=torch.contiguous_format).eval()


def _keep_prompts(run: Run) -> None:
    """Ask the text encoder now rather than after hours, and never again."""
    encoder = run.method.prompt_encoder(setup_of(run.config))
    if encoder is not None:
        from .prompts.table import keep_prompt_table

        with disk_errors(run.folder):
            keep_prompt_table(encoder, run.config.modalities, run.folder / PROMPTS)


def _nothing(network: nn.Module, step: int) -> Mapping[str, float]:
    return {}


def _holds_out(config: TrainingConfig) -> bool:
    return config.data.fold is not None or config.validation.ids is not None


def _stage_samples(config: TrainingConfig, stage: Stage, number: int, prepared: Prepared | None, folder: Path) -> Any:
    data = config.data_of(stage.name)
    device = _simulation_device(config) if data.phantom.device == "accelerator" else "cpu"
    if device == "cuda":
        device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
    return open_samples(data, config.modalities, config.regions, config.seed * 97 + number, folder, prepared, device)


def _simulation_device(config: TrainingConfig) -> str:
    wanted = config.loop.device
    return "cuda" if wanted in ("auto", "cuda") and torch.cuda.is_available() else "cpu"


def _finish(config: TrainingConfig, stage: Stage, network: nn.Module, folder: Path, about: Mapping[str, Any]) -> None:
    with disk_errors(folder):
        write_weights(folder / WEIGHTS, network, torch.float32)
    record = {"stage": stage.name, "seed": config.seed, **provenance.summary(folder), **about}
    record["sessions"] = provenance.sessions(folder)
    write_whole(folder / DONE, json.dumps(record, indent=1) + "\n")


def _write_validation(config: TrainingConfig, network: nn.Module, cases: Held, folder: Path) -> Evaluation:
    device = _simulation_device(config)
    evaluation = evaluate_network(config, network.to(device).eval(), cases, config.validation.final_codes)
    network.to("cpu")
    write_whole(folder / VALIDATION, json.dumps(document_of(evaluation), indent=1) + "\n")
    return evaluation


def _begun(config: TrainingConfig, folder: Path, first: bool) -> TrainingConfig:
    """Write the configuration into a new run; in one that is there, hold it against the one that it was begun with."""
    path = folder / CONFIG
    # asked before the configuration is read: another process may be the one that begins anew
    claimed_only = folder.is_dir() and {entry.name for entry in folder.iterdir()} <= {CONFIG, PREDECESSORS}
    if path.is_file() and not claimed_only:  # where the data could not be opened, nothing else is there yet
        before = read_config(path)
        different = sorted(_differences(as_document(before), as_document(config)))
        if refused := [
            f"{key} is {was}, not {now}" for key, was, now in different if _plain_key(key) not in MAY_CHANGE
        ]:
            raise InputError(
                "another-run",
                f"{folder} holds a run with another configuration: {'; '.join(refused)}.",
                "Choose another folder, or the configuration that this run was begun with.",
            )
        return config
    if left := [stage.name for stage in stages_of(config) if (folder / stage.name).exists()]:
        raise InputError(
            "no-run",
            f"{folder} holds {left[0]}, but no {CONFIG} that says how it was trained.",
            "Choose an empty folder.",
        )
    if first:
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            note_predecessors(config, folder)
            write_config(config, path, "Complete: nothing here depends on defaults of the program any more.")
    return config


def _differences(one: Any, other: Any, place: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Dotted keys at which two documents differ, with both values."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in sorted({*one, *other}):
            inside = f"{place}.{key}" if place else str(key)
            yield from _differences(one.get(key), other.get(key), inside)
    elif one != other:
        yield place, one, other


def _plain_key(key: str) -> str:
    """`stages.mae.loop.minutes` is a `loop.minutes`."""
    parts = key.split(".")
    return ".".join(parts[2:]) if parts[0] == "stages" and len(parts) > 2 else key
