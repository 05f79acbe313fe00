"""How large a reproduction is: `smoke` shows that everything works, `cpu` and `gpu` that something is learned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .cohorts import ScaleName


@dataclass(frozen=True)
class Scale:
    """A preset of the methods, and what is set over it: for all methods, and for single ones.

    All arms of a table train for the same number of steps; a method of several stages has so many in the last.
    """

    name: ScaleName
    spacing: float  # mm
    preset: str
    everywhere: Mapping[str, Any]
    methods: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    about: str = ""

    def overrides(self, method: str) -> dict[str, Any]:
        """What `read_config` is told over the preset of `method`."""
        return {**self.everywhere, **self.methods.get(method, {})}


def _methods(steps: int, images: tuple[int, int], network: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Steps of whole trainings, such that the last stage of each has `steps` (stages have shares of the whole).

    `images` are the batches of a mixture of modality experts: while each expert sees its own images only, and while all
    see every image, which costs six networks a step. `network` is what `universal` has besides widths.
    """
    universal = {"loop.steps": round(steps / 0.3), **network}
    alone, together = images
    experts = {
        "loop.steps": 2 * steps,
        "stages.experts.data.batch_size": alone,
        "stages.joint.data.batch_size": together,
    }
    return {"universal": universal, "mae_baseline": universal, "mome": experts}


SCALES: dict[str, Scale] = {
    "smoke": Scale(
        "smoke",
        8.0,
        "tiny",
        {"data.crop": [16, 16, 16], "loop.steps": 4, "validation.cases": 0},
        _methods(4, (3, 2), {}),
        "8 mm voxels, networks of a few hundred weights, 4 steps: the figures mean nothing",
    ),
    "cpu": Scale(
        "cpu",
        2.0,
        "starter",
        {
            "data.crop": [48, 48, 48],
            "data.batch_size": 2,
            "data.foreground": 0.7,
            "network.config.widths": [8, 16, 32, 64],
            "loop.steps": 1000,
            "loop.average_decay": 0.99,
            "loop.workers": 0,
            "loop.precision": "32-true",  # figures must not depend on whose processor is fast at what
            "loop.channels_last": True,  # changes speed only
            "loop.validate_every": 1_000_000,
            "validation.cases": 3,
            "validation.final_codes": "few",
            "validation.pictures": 1,
        },
        _methods(1000, (4, 1), {"network.config.blocks": [1, 1, 2, 2]}),
        "2 mm voxels, crops of 48³, 8 channels at the top, 1000 steps of 2 crops",
    ),
    "gpu": Scale(
        "gpu",
        1.0,
        "starter",
        {
            "data.crop": [96, 96, 96],
            "data.batch_size": 4,
            "data.foreground": 0.7,
            "loop.steps": 8000,
            "loop.workers": 4,
            "loop.precision": "bf16-mixed",
            "loop.channels_last": True,
            "loop.validate_every": 1_000_000,
            "validation.cases": 6,
            "validation.final_codes": "few",
        },
        _methods(8000, (10, 4), {}),
        "1 mm voxels, crops of 96³, the shipped sizes of networks, 8000 steps of 4 crops",
    ),
}
