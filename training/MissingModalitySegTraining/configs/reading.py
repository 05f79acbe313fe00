"""From a method's name or a file to a checked, complete `TrainingConfig`, and back to a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import MODALITIES, Code
from MissingModalitySegLib.networks import registry
from MissingModalitySegLib.networks.configs import write_config as write_network_config

from ..phantom.stream import PRODUCT_KINDS
from ..regimes.stages import METHODS, Method, Setup, Stage, find_method
from .checks import Problems, validate
from .documents import compose, suggestion
from .schema import DataSection, LoopSection, StageSection, TrainingConfig, section_of

GENERATED = ("phantom", "heads")
"""Sources that are no data set."""

_FROM_RUN = {"channels", "regions"}
"""Keys of a network that follow from the run's modalities and labels."""


def read_config(
    source: str | Path,
    preset: str | None = None,
    variant: str | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> TrainingConfig:
    """The configuration that `source` (a method or a YAML file) means, complete: nothing depends on defaults any more.

    `preset` and `variant` are those of the method, `overrides` values by dotted key. Raises `InputError` with every
    problem, each named by its key.
    """
    document = compose(source, preset, variant, overrides or {})
    problems = Problems()
    config = validate(TrainingConfig, document, problems)
    if config is None:  # look at what is right about it too, to say everything at once
        config = validate(TrainingConfig, problems.without_bad_keys(document), Problems())
    if config is None:
        problems.refuse()
    method = _method(config.method, problems)
    options = None
    if method is not None:
        options = validate(section_of("Options", method.options), config.options, problems, "options.")
    network = _network(config, problems)
    _check_modalities(config, problems)
    _check_data(config.data, config, "data.", problems)
    _check_validation(config, problems)
    _check_stages(config, problems)
    if options is None or problems.sentences:
        problems.refuse()
    values = {name: getattr(options, name) for name in type(options).model_fields}
    config = config.model_copy(update={"options": values, "network": network})
    return _with_stages(config, method, document, problems)


def _with_stages(
    config: TrainingConfig, method: Method, document: Mapping[str, Any], problems: Problems
) -> TrainingConfig:
    """The configuration with a complete section for each stage that the method has under these options."""
    stages = _stages(setup_of(config), method, problems)
    usual = _stages(replace(setup_of(config), options=method.options()), method, problems)
    known = [stage.name for stage in (*stages, *usual)]
    for name in config.stages:
        if name not in known:  # a preset may speak of stages that a variant leaves out
            problems.add(f"stages.{name}", f"{config.method} has no such stage. {suggestion(name, known)}")
    problems.refuse()
    resolved = {stage.name: _stage(config, stage, document) for stage in stages}
    config = config.model_copy(update={"stages": resolved})
    for stage in stages:
        try:
            config.loop_of(stage.name, stage.share)
        except InputError as error:
            problems.caught("loop", error)
            break
    problems.refuse()
    return config


def as_document(config: TrainingConfig) -> dict[str, Any]:
    """Plain data from which the same configuration is read again."""
    return config.model_dump(mode="json")


def write_config(config: TrainingConfig, path: Path, comment: str = "") -> None:
    """Write the configuration as YAML, whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    lines = "".join(f"# {line}\n" for line in comment.splitlines())
    try:
        unfinished.write_text(lines + as_yaml(config), encoding="utf-8")
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def as_yaml(config: TrainingConfig) -> str:
    """The text of a configuration file, keys in the order of the schema, lists on one line."""
    return yaml.dump(as_document(config), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


class _Dumper(yaml.SafeDumper):
    """Lists of plain values on one line; nothing by reference."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(
    list, lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True)
)


def setup_of(config: TrainingConfig, prompts: Path | None = None) -> Setup:
    """What the method needs to know of the run, which keeps its `prompts` in that file."""
    options = find_method(config.method).options(**config.options)
    network = config.network.model_dump(exclude_none=True)
    return Setup(network, options, config.modalities, config.regions, config.seed, prompts)


def stages_of(config: TrainingConfig, prompts: Path | None = None) -> list[Stage]:
    """What is trained, in order."""
    return find_method(config.method).stages(setup_of(config, prompts))


def _method(name: str, problems: Problems) -> Method | None:
    if name not in METHODS:
        problems.add("method", f"“{name}” is no training method. {suggestion(name, METHODS)}")
        return None
    return find_method(name)


def _network(config: TrainingConfig, problems: Problems) -> Any:
    """The network section without its preset: a preset may change, what was trained does not."""
    section = config.network
    if section.architecture not in registry.ARCHITECTURES:
        known = suggestion(section.architecture, registry.ARCHITECTURES)
        problems.add("network.architecture", f"“{section.architecture}” is no network this program knows. {known}")
        return section
    kind = registry.architecture(section.architecture)
    if section.preset is not None and section.preset not in kind.PRESETS:
        problems.add("network.preset", f"there is no “{section.preset}”. {suggestion(section.preset, kind.PRESETS)}")
        return section
    own = Problems()
    validate(section_of("Network", kind.Config), section.config, own, "network.config.")
    problems.sentences += own.sentences
    try:
        _, complete = registry.resolve(section.model_dump() | {"config": own.without_bad_keys(section.config)})
    except InputError as error:
        problems.caught("network.config", error)
        return section
    _check_size(config, complete, problems)
    if getattr(complete, "activation", "sigmoid") == "softmax" and config.labels != "lesion":
        problems.add("network.config.activation", "softmax tells lesion from background; it needs labels: lesion.")
    kept = {name: value for name, value in write_network_config(complete).items() if name in section.config}
    from_preset = write_network_config(kind.PRESETS[section.preset]) if section.preset else {}
    values = {name: value for name, value in from_preset.items() if name not in _FROM_RUN and _own(section, name)}
    return section.model_copy(update={"preset": None, "config": values | kept})


def _own(section: Any, name: str) -> bool:
    """Whether a key of a preset is the network's own; a mixture of modality experts has one expert per modality."""
    return not (section.architecture == "mome" and name == "experts")


def _check_size(config: TrainingConfig, network: Any, problems: Problems) -> None:
    multiple = network.multiple
    crops = {"data.crop": config.data.crop} | {
        f"stages.{name}.data.crop": stage.data["crop"] for name, stage in config.stages.items() if "crop" in stage.data
    }
    for key, crop in crops.items():
        if isinstance(crop, list | tuple) and any(isinstance(edge, int) and edge % multiple for edge in crop):
            problems.add(key, f"{list(crop)} is given; this network needs multiples of {multiple}.")


def _check_modalities(config: TrainingConfig, problems: Problems) -> None:
    ordered = tuple(modality for modality in MODALITIES if modality in config.modalities)
    if ordered != config.modalities:
        names = ", ".join(ordered)
        problems.add("modalities", f"each must be there once, in the order of channels: [{names}].")


def _check_data(data: DataSection, config: TrainingConfig, prefix: str, problems: Problems) -> None:
    if data.source in GENERATED:
        for key, value in (("fold", data.fold), ("ids", data.ids), ("cache", data.cache)):
            if value is not None:
                problems.add(f"{prefix}{key}", f"it says something of a data set, but the source is “{data.source}”.")
    if (data.source == "heads") != (config.method == "brain"):
        problems.add(f"{prefix}source", "the method brain learns from whole heads (“heads”), and no other does.")
    if data.source == "heads" and data.missing.full_ratio < 1:
        said = f"{data.missing.full_ratio:g} is given, but nothing can be missing from whole heads (data.source: heads)"
        problems.add(f"{prefix}missing.full_ratio", f"{said}: each is shown by one sequence at a time.")
    if data.normalisation.method == "minmax" and data.normalisation.scope == "brain":
        problems.add(f"{prefix}normalisation", "the brightest voxel is looked for in each crop: set scope: tile.")
    kinds = data.phantom.kinds
    for name in kinds:
        if name not in PRODUCT_KINDS:
            problems.add(f"{prefix}phantom.kinds.{name}", f"there is no such kind. {suggestion(name, PRODUCT_KINDS)}")
    for key, shares in (("kinds", kinds), ("spacings", data.phantom.spacings)):
        if not shares or any(share < 0 for share in shares.values()) or not sum(shares.values()) > 0:
            problems.add(f"{prefix}phantom.{key}", "shares of 0 or more are meant, and one above 0.")
    if any(not 0.3 <= spacing <= 8 for spacing in data.phantom.spacings):
        problems.add(f"{prefix}phantom.spacings", "voxels of 0.3 to 8 mm can be made.")


def _check_validation(config: TrainingConfig, problems: Problems) -> None:
    for key in ("codes", "final_codes"):
        codes = getattr(config.validation, key)
        for code in () if isinstance(codes, str) else codes:
            try:
                Code.parse(code, config.modalities)
            except InputError as error:
                problems.caught(f"validation.{key}", error)
    if config.data.source in GENERATED and config.validation.ids is not None:
        problems.add("validation.ids", f"it says something of a data set, but data.source is “{config.data.source}”.")


def _stages(setup: Setup, method: Method, problems: Problems) -> list[Stage]:
    try:
        return method.stages(setup)
    except InputError as error:
        problems.caught("", error)
        return []


def _stage(config: TrainingConfig, stage: Stage, document: Mapping[str, Any]) -> StageSection:
    """The stage's section: the paper's numbers for it where nobody said otherwise, then what was said."""
    said = config.stages.get(stage.name, StageSection())
    everywhere = document.get("loop") or {}
    defaults = {key: value for key, value in stage.defaults.items() if key not in everywhere}
    return StageSection(loop=defaults | dict(said.loop), data=said.data)


def _check_stages(config: TrainingConfig, problems: Problems) -> None:
    """The keys of every stage's `loop` and `data`, each with those of the run below it."""
    for name, said in config.stages.items():
        prefix = f"stages.{name}."
        validate(LoopSection, config.loop.model_dump(mode="json") | dict(said.loop), problems, f"{prefix}loop.")
        data = validate(DataSection, config.merged_data(said.data), problems, f"{prefix}data.")
        if data is not None and said.data:
            _check_data(data, config, f"{prefix}data.", problems)
