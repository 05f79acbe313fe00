"""One registry builds every network from the network section of a manifest or of a training configuration.

The section is `{"architecture": NAME, "preset": "paper" | "starter" | "tiny", "config": {…}}`: the preset (optional)
gives a configuration, `config` overrides single keys of it. What is written into a bundle is always the whole
configuration without a preset (`describe`), so that a preset may change without changing what was shipped.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from torch import nn

from ..errors import InputError
from .configs import read_config, write_config

ARCHITECTURES: dict[str, str] = {
    "unet": "unet:ResidualUNet",
    "moe": "moe:MixtureOfExpertsUNet",
    "dynamic_stem": "dynamic_stem:DynamicStemUNet",
    "universal": "universal.segmentation:UniversalSegmenter",
    "masked_autoencoder": "universal.autoencoder:MaskedAutoencoder",
    "synthesiser": "synthesiser:Synthesiser",
    "mome": "mome.network:MixtureOfModalityExperts",
    "single_unet": "mome.single:SingleUNet",
    "modality_prior": "mome.prior:ModalityPriorUNet",
}
"""Name in manifests and configurations → module and class below `networks`. A class has `Config` and `PRESETS`."""


def architecture(name: str) -> type[nn.Module]:
    """The class registered under `name`."""
    if not isinstance(name, str) or name not in ARCHITECTURES:
        raise InputError(
            "unknown-architecture",
            f"“{name}” is not a network this program knows.",
            f"Known are {', '.join(sorted(ARCHITECTURES))}; a newer version of the program may know more.",
        )
    module, class_name = ARCHITECTURES[name].split(":")
    return getattr(import_module(f".{module}", __package__), class_name)


def resolve(section: Mapping[str, Any]) -> tuple[type[nn.Module], Any]:
    """The class and the complete configuration that a network section means."""
    if not isinstance(section, Mapping):
        raise InputError("bad-network-section", "The network section is not a table of keys and values.")
    unknown = sorted(str(key) for key in set(section) - {"architecture", "preset", "config"})
    if unknown or "architecture" not in section:
        problem = f"has unknown keys: {', '.join(unknown)}" if unknown else "lacks the key “architecture”"
        raise InputError("bad-network-section", f"The network section {problem}.")
    network_class = architecture(section["architecture"])
    config = network_class.Config()
    preset = section.get("preset")
    if preset is not None:
        if not isinstance(preset, str) or preset not in network_class.PRESETS:
            raise InputError(
                "unknown-preset",
                f"{section['architecture']} has no preset “{preset}”.",
                f"Use one of {', '.join(network_class.PRESETS)}.",
            )
        config = network_class.PRESETS[preset]
    overrides = section.get("config")
    if overrides is None:
        return network_class, config
    if isinstance(overrides, Mapping):
        overrides = write_config(config) | dict(overrides)
    return network_class, read_config(network_class.Config, overrides)


def build(section: Mapping[str, Any]) -> nn.Module:
    """A network with fresh weights, as `section` describes it."""
    network_class, config = resolve(section)
    return network_class(config)


def describe(network: nn.Module) -> dict[str, Any]:
    """The section from which `build` makes the same network again: plain JSON data, complete, no preset."""
    place = f"{type(network).__module__.removeprefix(f'{__package__}.')}:{type(network).__name__}"
    for name, registered in ARCHITECTURES.items():
        if place == registered:
            return {"architecture": name, "config": write_config(network.config)}
    raise InputError("unknown-architecture", f"{type(network).__name__} is not a registered network.")


def presets(name: str) -> dict[str, dict[str, Any]]:
    """Every preset of an architecture as plain data, for documentation and listings."""
    return {preset: dataclasses.asdict(config) for preset, config in architecture(name).PRESETS.items()}
