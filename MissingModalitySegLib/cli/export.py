"""`missing-modality-seg export`: a finished training run as a model that can be used and passed on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from .output import console, readable_size, training_packages


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder that `train` wrote.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the model goes.")],
    name: Annotated[
        str | None, typer.Option("--name", help="The model's name: lower case; by default that of the folder.")
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="For people; by default that of the method.")] = None,
    version: Annotated[str, typer.Option("--version", help="Of the model, as in 1.0.2.")] = "1.0.0",
    licence: Annotated[
        str | None,
        typer.Option("--licence", help="Of the weights; by default Apache-2.0 after training on simulated scans."),
    ] = None,
    by_reliability: Annotated[
        bool,
        typer.Option(
            "--by-reliability", help="Weigh the answers from single sequences by what each reached in validation."
        ),
    ] = False,
    synthesiser: Annotated[
        str | None,
        typer.Option("--synthesiser", metavar="MODEL", help="The model that generates missing sequences for this one."),
    ] = None,
    what: Annotated[
        Literal["model", "synthesiser"],
        typer.Option("--what", help="The model, or what generates its missing sequences as a model of its own."),
    ] = "model",
    calibrate: Annotated[
        bool,
        typer.Option(
            "--calibrate", help="Let the model be as sure as gave most overlap in validation: fewer false alarms."
        ),
    ] = False,
    average: Annotated[
        list[str] | None,
        typer.Option(
            "--average",
            metavar="MODEL",
            help="Another run or model of the same network: give the mean of the weights. May be given several times.",
        ),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the model that is there.")] = False,
) -> None:
    """Write the model of a finished run: weights, manifest with what to expect from each subset, model card."""
    with training_packages("Exporting a run"):
        from MissingModalitySegTraining.export import export as write

        bundle = write(
            run,
            folder,
            name=name,
            title=title,
            version=version,
            licence=licence,
            by_reliability=by_reliability,
            synthesiser=synthesiser,
            replace_existing=replace,
            what=what,
            calibrated=calibrate,
            averaged=average or (),
        )
    size = readable_size(sum(entry.size for entry in bundle.manifest.files))
    console().print(f"Wrote {bundle.name} {bundle.manifest.version} ({size}) into {bundle.folder}", soft_wrap=True)
    if what == "model" and not bundle.manifest.performance:
        console().print("Nothing was held out for validation: the model does not say what to expect from it.")
