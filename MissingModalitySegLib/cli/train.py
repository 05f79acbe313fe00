"""`missing-modality-seg train`: train a method on phantoms or on data, alone or as one of `torchrun`'s processes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import CancelledError, InputError
from .output import console, training_packages

if TYPE_CHECKING:
    from MissingModalitySegTraining.configs import TrainingConfig
    from MissingModalitySegTraining.runs import Run

_STOPPED_BY_SIGNAL = (130, 143)
"""What the loop leaves with after Ctrl-C and SIGTERM, its checkpoint written."""


def train(
    source: Annotated[
        str,
        typer.Argument(
            metavar="METHOD|CONFIG.yaml",
            help="moe, universal, mome, modality_dropout, dedicated, dynamic_stem, mae_baseline, single_unet, "
            "modality_prior, brain, synthesis, or a configuration file.",
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", help="Folder of the run; an unfinished one goes on.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option("--preset", help="paper, starter, gpu or tiny; of a method, starter if not said.")
    ] = None,
    variant: Annotated[
        str | None, typer.Option("--variant", help="A row of the paper's tables; several are joined by +.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One key, as in loop.steps=1000. Repeatable.")
    ] = None,
    data: Annotated[
        str | None, typer.Option("--data", help="phantom, a data list (.json), or the folder of a cache.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option("--minutes", help="Time budget; the schedule is walked to its end within it.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the complete configuration and do nothing else.")
    ] = False,
) -> None:
    """Train a method. Stopped, it goes on where it was when the same command is given again."""
    with training_packages("Training"):
        from MissingModalitySegTraining.configs import read_config
    config = read_config(source, preset, variant, _overrides(settings or [], data, minutes))
    if dry_run:
        _show(config)
        return
    if output is None:
        raise InputError("no-output", "It is not said where the run goes.", "Add --output FOLDER.")
    with training_packages("Training"):
        from MissingModalitySegTraining import runs
    first = int(os.environ.get("RANK", "0")) == 0
    try:
        run = runs.train(config, output, _watchers, _say if first else lambda line: None)
    except SystemExit as stopped:
        if stopped.code not in _STOPPED_BY_SIGNAL:
            raise
        raise CancelledError(
            "cancelled", f"Stopped; {output} holds all that was learnt.", "Give the same command again to go on."
        ) from None
    if first:
        _finished(run)


def _overrides(settings: list[str], data: str | None, minutes: float | None) -> dict[str, Any]:
    """Values by dotted key; a path is made absolute, so that the run can be gone on with from anywhere."""
    from MissingModalitySegTraining.configs import parse_override

    overrides: dict[str, Any] = {}
    if data is not None:
        overrides["data.source"] = data if data == "phantom" else str(Path(data).absolute())
    if minutes is not None:
        overrides["loop.minutes"] = minutes
    return overrides | dict(parse_override(text) for text in settings)


def _watchers(stage: str, folder: Path) -> list[Any]:
    from MissingModalitySegTraining.loop import Progress

    return [Progress(stage)]


def _say(line: str) -> None:
    console().print(line, soft_wrap=True)


def _show(config: TrainingConfig) -> None:
    from MissingModalitySegTraining.configs.reading import as_yaml, stages_of

    for stage in stages_of(config):
        settings = config.loop_of(stage.name, stage.share)
        time = f", at most {settings.minutes:.3g} minutes" if settings.minutes else ""
        print(f"# stage {stage.name}: {settings.steps} steps{time}")
    print(as_yaml(config), end="")


def _finished(run: Run) -> None:
    from MissingModalitySegTraining.evaluation.results import read_results
    from MissingModalitySegTraining.runs import VALIDATION
    from MissingModalitySegTraining.validation import scores_of

    done = run.provenance()
    _say(f"Finished: {run.folder}, {done['steps']} steps on {done['samples']} samples in {done['seconds']:.0f} s.")
    if (run.folder / VALIDATION).exists():
        evaluation = read_results(run.folder / VALIDATION)
        kinds = " and ".join(sorted(set(evaluation.kinds.values())))
        cases = len({row["case"] for row in evaluation.rows})
        scores = ", ".join(f"{name} {value:.3f}" for name, value in scores_of(evaluation).items())
        _say(f"Dice on {cases} {kinds} cases it was not trained on: {scores}")
