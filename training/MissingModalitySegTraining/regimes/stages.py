"""What a method is to the rest of the training: stages that follow one another, and what is left at the end.

`find_method(name)` gives a `Method`. Its stages are trained in order; each makes its regime from the networks that the
stages before it ended with, so a pipeline can stop and go on anywhere: build the regimes again, load each finished
stage's weights into `regime.network`, and continue with the first stage that is not finished.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Modality
from MissingModalitySegLib.networks.registry import build, resolve

if TYPE_CHECKING:
    from ..loop import Regime

METHODS: dict[str, str] = {
    "modality_dropout": "modality_dropout",
    "dedicated": "dedicated",
    "dynamic_stem": "dynamic_stem",
    "moe": "moe",
    "universal": "universal",
    "mae_baseline": "mae_baseline",
    "mome": "mome",
    "single_unet": "single_unet",
    "modality_prior": "modality_prior",
    "brain": "brain",
    "synthesis": "synthesis",
}
"""Name of a method → module of this package, whose `METHOD` is the `Method`. Imported when it is asked for."""

Networks = Mapping[str, nn.Module]
"""Stage name → the network that `fit` returned for that stage (its regime's `network`)."""


def itself(network: nn.Module) -> nn.Module:
    """The usual `Stage.segmenter`: what is trained is what segments."""
    return network


def nothing(network: nn.Module) -> None:
    """The `Stage.segmenter` of a stage after which nothing segments yet."""


@dataclass(frozen=True)
class Stage:
    """One training. `regime(networks)` says what is trained now, given the networks of all stages before.

    `regime` copies what it goes on with; the networks handed in stay as they are. It builds the same parameters on
    every call with the same `networks`.
    """

    name: str
    regime: Callable[[Networks], Regime]
    share: float = 1.0
    """Steps of this stage over the steps of the training as a whole. The shares of the complete method sum to 1; a
    variant that leaves a stage out is that much shorter, so that its other stages compare with the same ones of the
    complete method."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """The paper's numbers for the loop, by the names of `LoopSettings`; a configuration overrides them."""
    segmenter: Callable[[nn.Module], nn.Module | None] = itself
    """From the stage's network to the part that can be validated as a segmentation network, `None` where none can."""


@dataclass(frozen=True)
class Setup:
    """All that a method needs to know of a run."""

    network: Mapping[str, Any]
    """Section for `networks.registry.build`; channels and regions follow from the two fields below."""
    options: Any
    """An instance of `Method.options`."""
    modalities: tuple[Modality, ...]
    regions: int
    seed: int = 0
    prompts: Path | None = None
    """The table of prompt embeddings that a run keeps, so that it can be opened where there is no text encoder."""


@dataclass(frozen=True)
class Products:
    """What a finished training leaves: a registered network, and for some methods one that synthesises modalities."""

    network: nn.Module
    synthesiser: nn.Module | None = None


@dataclass(frozen=True)
class Method:
    """A way of training. `options` is a frozen dataclass of the method's own numbers, by default those of its paper."""

    name: str
    options: type
    stages: Callable[[Setup], list[Stage]]
    products: Callable[[Networks], Products]
    prompt_encoder: Callable[[Setup], str | None] = lambda setup: None
    """Which text encoder's embeddings the stages need; None where they need none."""


def find_method(name: str) -> Method:
    """The method called `name`. Raises `InputError` for another name."""
    if name not in METHODS:
        raise InputError("unknown-method", f"“{name}” is no training method.", f"Use one of {', '.join(METHODS)}.")
    return import_module(f".{METHODS[name]}", __package__).METHOD


def build_network(setup: Setup, **config: Any) -> nn.Module:
    """The network of `setup` with fresh weights that depend on the seed alone, in training mode.

    Channels, and regions where it has any and they are independent, are those of the run; exclusive classes
    (`activation: softmax`) are background and lesion. `config` replaces single keys of the network's configuration.
    Raises `InputError` where the network section names other numbers.
    """
    given = dict(setup.network.get("config") or {})
    _, complete = resolve(setup.network)
    exclusive = getattr(complete, "activation", "sigmoid") == "softmax"
    wanted = {"channels": len(setup.modalities), "regions": 2 if exclusive else setup.regions}
    wanted = {key: value for key, value in wanted.items() if hasattr(complete, key)}  # a synthesiser has no regions
    for key, value in wanted.items():
        if given.get(key, value) != value:
            raise InputError(
                "network-does-not-fit",
                f"network.config.{key} is {given[key]}, but the run has {value}.",
                "Leave the key out: it follows from the modalities and the labels.",
            )
    return seeded(lambda: build({**setup.network, "config": given | wanted | config}), setup.seed)


def seeded(make: Callable[[], nn.Module], seed: int) -> nn.Module:
    """What `make` gives under `seed`; torch's generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()
