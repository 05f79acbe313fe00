"""Looking at a network while it is trained, and once when it is done: Dice by code on cases it never sees, pictures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import nn

from MissingModalitySegLib.bundles import Normalisation, Tile
from MissingModalitySegLib.engine.model import DEFAULT_TILE, HEAD, Model
from MissingModalitySegLib.labels import find_scheme
from MissingModalitySegLib.modalities import Code

from .configs.schema import TrainingConfig
from .data.cache import REGIONS, Cache
from .data.phantom_cases import phantom_cases
from .data.source import Prepared
from .data.spread import spread
from .drawn_cases import segmented_case
from .evaluation.cached import evaluate_cached
from .evaluation.rows import Evaluation
from .head_validation import HeldOutHead, evaluate_heads, held_out_heads, pictured
from .pictures import Pictured, mosaic


@dataclass(frozen=True)
class HeldOut:
    """The cases that are measured on."""

    cache: Cache
    ids: tuple[str, ...]
    simulated: bool  # all of them; else the cases' data sets tell


Held = HeldOut | tuple[HeldOutHead, ...]
"""Prepared cases, or whole heads where the brain is looked for."""


def held_out(config: TrainingConfig, prepared: Prepared | None, folder: Path, device: str = "cpu") -> Held | None:
    """The cases that `config` keeps for validation; phantoms are made in `folder`. None where there are none."""
    wanted = config.validation
    if wanted.cases == 0:
        return None
    if _of_heads(config):
        return held_out_heads(config, device)
    if prepared is not None:
        scored = [prepared.cache[name] for name in prepared.validation if prepared.cache[name].scored]
        ids = spread(scored, wanted.cases, wanted.seed)
        return HeldOut(prepared.cache, ids, prepared.simulated) if ids else None
    phantom = config.data.phantom
    kinds = [kind for kind, share in phantom.kinds.items() if share > 0]
    cache, ids = phantom_cases(
        folder,
        wanted.cases,
        kinds,
        wanted.seed,
        config.data.spacing,
        phantom.lesion_masks,
        device,
        config.data.normalisation.bias_correction,
    )
    return HeldOut(cache, ids, True)


def model_of(config: TrainingConfig, network: nn.Module, name: str | None = None) -> Model:
    """`network` as the engine uses it, with the grid and the scale of the run."""
    data, heads = config.data, _of_heads(config)
    scale = HEAD if heads else Normalisation(**data.normalisation.model_dump())
    size = data.crop if heads or scale.scope == "tile" else DEFAULT_TILE.size
    multiple = network.multiple
    return Model(
        network,
        config.modalities,
        data.spacing,
        scale,
        None if heads else find_scheme(config.labels),
        Tile(tuple(-(-edge // multiple) * multiple for edge in size), multiple, DEFAULT_TILE.overlap),
        name or config.method,
    )


def _of_heads(config: TrainingConfig) -> bool:
    """Whether the brain in whole heads is looked for, and no lesion."""
    return config.data.source == "heads"


def codes_of(choice: str | Sequence[str], config: TrainingConfig) -> tuple[Code, ...]:
    """The codes that `few` (each modality alone, and all), `all` or a list of names mean."""
    modalities = config.modalities
    if choice == "all":
        return Code.all(modalities)
    if choice == "few":
        chosen = [Code((modality,), modalities) for modality in modalities]
        return tuple(dict.fromkeys([*chosen, Code.full(modalities)]))
    return tuple(Code.parse(name, modalities) for name in choice)


def evaluate_network(
    config: TrainingConfig, network: nn.Module, cases: Held, choice: str | Sequence[str]
) -> Evaluation:
    """Rows by case and code of `network` on the cases held out."""
    model, codes = model_of(config, network), codes_of(choice, config)
    if not isinstance(cases, HeldOut):
        return evaluate_heads(model, cases, codes)
    kind = "simulated" if cases.simulated else None
    return evaluate_cached(model, cases.cache, cases.ids, codes, "validation", kind)


def scores_of(evaluation: Evaluation) -> dict[str, float]:
    """Mean Dice over all rows and regions (`mean`), by region, and by how many modalities there were (`with_1` …)."""
    groups: dict[str, list[float]] = defaultdict(list)
    for row in evaluation.rows:
        values = [value for value in row["dice"].values() if value is not None]
        groups["mean"] += values
        for region, value in row["dice"].items():
            if value is not None:
                groups[region].append(value)
        groups[f"with_{len(Code.parse(row['code']))}"] += values
    return {name: float(np.mean(values)) for name, values in sorted(groups.items(), key=_order) if values}


def _order(group: tuple[str, list[float]]) -> tuple[int, str]:
    names = ("mean", *REGIONS)
    return (names.index(group[0]), "") if group[0] in names else (len(names), group[0])


def validator(
    config: TrainingConfig,
    cases: Held,
    segmenter: Callable[[nn.Module], nn.Module | None],
    folder: Path,
) -> Callable[[nn.Module, int], Mapping[str, float]]:
    """What the loop calls at intervals: scores of the part of a network that segments; pictures go to `folder`."""

    def validate(network: nn.Module, step: int) -> Mapping[str, float]:
        part = segmenter(network)
        evaluation = evaluate_network(config, part, cases, config.validation.codes)
        if config.validation.pictures:
            draw(config, part, cases, folder / f"step-{step:07d}.png")
        return scores_of(evaluation)

    return validate


def draw(config: TrainingConfig, network: nn.Module, cases: Held, path: Path) -> None:
    """Write the mosaic of the first cases: answers from all that a case has, and from one modality alone.

    Of whole heads, from every modality alone.
    """
    model, count = model_of(config, network), config.validation.pictures
    if isinstance(cases, HeldOut):
        drawn = _pictured(config, model, cases, count)
    else:
        drawn = [pictured(model, head) for head in cases[:count]]
    path.parent.mkdir(parents=True, exist_ok=True)
    mosaic(drawn, find_scheme(config.labels)).save(path, optimize=True)


def _pictured(config: TrainingConfig, model: Model, cases: HeldOut, count: int) -> list[Pictured]:
    drawn = []
    for name in cases.ids[:count]:
        case = cases.cache[name]
        there = tuple(modality for modality in config.modalities if modality in case.code)
        codes = [Code(there, config.modalities), Code(there[-1:], config.modalities)]
        drawn.append(segmented_case(model, case, codes))
    return drawn
