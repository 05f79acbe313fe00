"""The models that ship, trained, exported and joined one after the other: `make weights`.

`python -m MissingModalitySegTraining.weights [--output FOLDER] [--preset starter|gpu] [--share 0.5] [MODEL ...]`
carries out the commands below; stopped, it goes on where it was when given again. Networks that answer alike in the
beginning save time: experts begin as the plain network's kernels, modality experts as one network for every image.

With `--lesion-masks FOLDER` some plaques that `moe` and `mome` learn from have the shapes of real ones, as where they
ship.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from MissingModalitySegLib.bundles.search import VARIABLE


@dataclass(frozen=True)
class Recipe:
    """One training, and the bundles that it leaves."""

    method: str
    minutes: Mapping[str, float]
    """By preset: on two cores of a laptop, on one large GPU."""
    start: str | None = None
    """The training whose network this one begins from."""
    bundles: Mapping[str, str] = field(default_factory=dict)
    """Name of each bundle, and which product of the training it is."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """What differs from the preset."""
    is_shaped: bool = False
    """Whether lesions may have the shapes of real ones."""
    experts: Mapping[str, str] = field(default_factory=dict)
    """By sequence, the training that its expert begins from instead."""
    export: tuple[str, ...] = ()
    """What else `export` is told."""

    @property
    def foundations(self) -> set[str]:
        """All trainings that come before this one."""
        return {*self.experts.values(), *([self.start] if self.start is not None else [])}


def specialist(sequence: str) -> Recipe:
    """A small network for one sequence alone, made for plaques first of all."""
    settings = {
        "modalities": f"[{sequence}]",
        "data.crop": "[64, 80, 64]",
        "data.phantom.reuse": "4",
        "data.phantom.mixture": "{physics: 0.2, jittered: 0.55, random: 0.25}",
        "data.phantom.kinds": "{ms: 0.3, glioma: 0.26, wmh: 0.1, metastases: 0.05, acute_stroke: 0.07, "
        "chronic_stroke: 0.06, none: 0.16}",
    }
    return Recipe("single_unet", {"starter": 75, "gpu": 5}, "image", settings=settings, is_shaped=True)


ENSEMBLE = ("moe", "mome:lesion=2@FLAIR")
"""Members of the model that has no training: those that err in different places. One expert of `mome`, that for FLAIR,
is any good so far, and for whole lesions only; there it counts twice."""


SYNTHESIS = "synthesis"
"""The one bundle that generates missing sequences for all models."""

WITHOUT_SYNTHESIS = ("brain", SYNTHESIS)

RECIPES: Mapping[str, Recipe] = {
    "plain": Recipe("modality_dropout", {"starter": 120, "gpu": 8}),
    "moe": Recipe(
        "moe",
        {"starter": 120, "gpu": 8},
        start="plain",
        bundles={"moe": "model"},
        settings={
            "data.crop": "[64, 80, 64]",
            "data.phantom.reuse": "4",
            "data.phantom.spacings": "{1.3: 0.6, 2.0: 0.4}",
            "data.phantom.mixture": "{physics: 0.42, jittered: 0.5, random: 0.08, keep_signs: 0.95}",
            "data.phantom.kinds": "{glioma: 0.28, ms: 0.22, wmh: 0.07, metastases: 0.06, acute_stroke: 0.08, "
            "chronic_stroke: 0.05, none: 0.24}",
        },
        is_shaped=True,
        export=("--calibrate",),
    ),
    "image": Recipe("single_unet", {"starter": 60, "gpu": 4}),
    "flair": specialist("FLAIR"),
    "t2": specialist("T2"),
    "mome": Recipe(
        "mome",
        {"starter": 120, "gpu": 8},
        start="image",
        bundles={"mome": "model"},
        experts={"FLAIR": "flair", "T2": "t2"},
        is_shaped=True,
        export=("--by-reliability",),
    ),
    "universal": Recipe("universal", {"starter": 180, "gpu": 10}, bundles={"universal": "model"}),
    SYNTHESIS: Recipe(SYNTHESIS, {"starter": 90, "gpu": 6}, bundles={SYNTHESIS: "model"}),
    "brain": Recipe("brain", {"starter": 30, "gpu": 4}, bundles={"brain": "model"}),
}
"""Network by network, each after what it begins from."""


def commands(
    name: str, folder: Path, preset: str = "starter", share: float = 1.0, masks: Path | None = None
) -> Iterator[list[str]]:
    """What a user would type after `missing-modality-seg` for a training and its bundles.

    Args:
        name: of a recipe.
        folder: runs go into `runs` there, bundles into `models`.
        preset: `starter` or `gpu`.
        share: of the time that the recipe has.
        masks: a folder of lesion masks in MNI space.
    """
    recipe, run = RECIPES[name], folder / "runs" / name
    train = ["train", recipe.method, "--preset", preset, "--minutes", f"{recipe.minutes[preset] * share:g}"]
    if recipe.start is not None:
        train += ["--set", f"start={folder / 'runs' / recipe.start}"]
    if recipe.experts:
        named = ", ".join(f"{key}: {folder / 'runs' / one}" for key, one in recipe.experts.items())
        train += ["--set", f"experts={{{named}}}"]
    shaped = {"data.phantom.lesion_masks": str(masks)} if recipe.is_shaped and masks is not None else {}
    for key, value in {**recipe.settings, **shaped}.items():
        train += ["--set", f"{key}={value}"]
    yield [*train, "--output", str(run)]
    for bundle, what in recipe.bundles.items():
        by = [] if bundle in WITHOUT_SYNTHESIS else ["--synthesiser", SYNTHESIS]
        yield ["export", str(run), str(folder / "models" / bundle), "--what", what, *recipe.export, *by, "--replace"]


def joining(folder: Path) -> list[str]:
    """The same for the ensemble of those models."""
    title = "Ensemble of both mixtures"
    return ["models", "join", str(folder / "models" / "ensemble"), *ENSEMBLE, "--title", title, "--replace"]


def needed(names: list[str]) -> list[str]:
    """The recipes for these and for what they begin from, in order."""
    wanted = set(names)
    for name in reversed(RECIPES):
        if name in wanted:
            wanted |= RECIPES[name].foundations
    return [name for name in RECIPES if name in wanted]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=list(RECIPES), help=f"of {', '.join(RECIPES)}; default: all")
    parser.add_argument("--output", type=Path, default=Path("build/weights"))
    parser.add_argument("--preset", choices=("starter", "gpu"), default="starter")
    parser.add_argument("--share", type=float, default=1.0, help="of the time of each recipe")
    parser.add_argument("--lesion-masks", type=Path, help="folder of masks in MNI space whose shapes plaques may have")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.models if name not in RECIPES]:
        parser.error(f"there is no recipe for {', '.join(unknown)}; there are {', '.join(RECIPES)}")
    masks = arguments.lesion_masks and arguments.lesion_masks.absolute()
    for name in needed(arguments.models):
        for command in commands(name, arguments.output.absolute(), arguments.preset, arguments.share, masks):
            _carry_out(command, arguments.output)
    if {"moe", "mome"} <= set(arguments.models):
        _carry_out(joining(arguments.output.absolute()), arguments.output)


def _carry_out(command: list[str], folder: Path) -> None:
    print("missing-modality-seg", shlex.join(command), flush=True)
    places = [str(folder.absolute() / "models"), os.environ.get(VARIABLE, "")]
    made_here = {VARIABLE: os.pathsep.join(filter(None, places))}
    subprocess.run([sys.executable, "-m", "MissingModalitySegLib", *command], check=True, env=os.environ | made_here)


if __name__ == "__main__":
    main()
