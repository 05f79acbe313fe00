"""`missing-modality-seg compare`: several models or raters on one case."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import InputError
from . import choices
from .output import Json, console, print_json, table
from .running import inputs_of, run


def compare(
    output: choices.Output,
    labels: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME=]FILE", help="Label maps, each with its rater's name; by default the file's."),
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option("--model", help="A model to compare as well; may be given several times.")
    ] = None,
    t1: choices.T1 = None,
    t1ce: choices.T1CE = None,
    t2: choices.T2 = None,
    flair: choices.FLAIR = None,
    dwi: choices.DWI = None,
    dicom: choices.Dicom = None,
    scheme: Annotated[
        str | None,
        typer.Option("--scheme", help="glioma (1 core, 2 outside it, 3 enhancing) or lesion; by default by values."),
    ] = None,
    reference: choices.Reference = None,
    register: choices.Registration = choices.Register.auto,
    brain: choices.Brain = "auto",
    device: choices.Device = "auto",
    precision: choices.HowPrecise = choices.Precision.auto,
    threads: choices.Threads = None,
    format: choices.VolumeFormat = choices.Format["nii.gz"],
    as_json: Json = False,
) -> None:
    """Compare label maps of one case: those in files, and those that models make of the volumes given.

    Writes consensus_majority, consensus_staple and disagreement as volumes, and comparison.json: Dice of every two,
    agreement on every lesion, and how well each knows the consensus. What a model finds goes into a folder of its name.
    """
    from ..engine.comparing import compare_files

    files = _files(labels or [])
    if model:
        options = choices.options_of(
            reference=reference,
            register=register,
            brain=brain,
            device=device,
            precision=precision,
            report=False,
            threads=threads,
            format=format,
        )
        made = _segmented(model, inputs_of(t1, t1ce, t2, flair, dwi, dicom=dicom), output, options)
        twice = sorted(set(made) & set(files))
        if twice:
            raise InputError("duplicate-rater", f"{twice[0]} is a model and a label map.", "Give it as NAME=FILE.")
        files |= made
    elif any(path is not None for path in (t1, t1ce, t2, flair, dwi, dicom)):
        raise InputError("no-model", "Volumes were given, and no model to segment them.", "Add --model NAME.")
    report, written = compare_files(files, output, scheme, format.value)
    if as_json:
        print_json(report)
    else:
        show(report, written)


def show(report: Mapping[str, Any], written: Mapping[str, Path]) -> None:
    """Who agrees with whom, as a few tables for people."""
    out = console()
    for name, region in report["regions"].items():
        out.print(f"{name}: mean Dice {region['mean_dice']:.3f}", style="bold")
        rows = table("Rater", "Volume, ml", "Sensitivity", *(f"Dice with {rater}" for rater in report["raters"]))
        for rater in report["raters"]:
            figures = [region["volumes_ml"][rater], region["staple"]["sensitivity"][rater]]
            dice = [f"{value:.3f}" if other != rater else "-" for other, value in region["dice"][rater].items()]
            rows.add_row(rater, f"{figures[0]:.2f}", f"{figures[1]:.3f}", *dice)
        out.print(rows)
        count = region["lesion_count"]
        if count:
            out.print(f"{region['lesions_seen_by_all']} of {count} lesions are seen by all.")
    out.print("Sensitivity is that for the consensus by STAPLE.", style="dim")
    out.print("Written:", *map(str, written.values()), sep="\n  ", soft_wrap=True)


def _files(given: list[str]) -> dict[str, Path]:
    """Label maps by rater. Raises `InputError` for two of one name."""
    named: dict[str, Path] = {}
    for text in given:
        name, found, path = text.partition("=")
        if not found or Path(text).is_file():
            path, name = text, _stem(Path(text))
        if name in named:
            name = f"{Path(path).absolute().parent.name}/{name}" if not found else name
        if not name or name in named:
            raise InputError("duplicate-rater", f"Two label maps are called {name!r}.", "Name them: anna=a.nii.gz")
        named[name] = Path(path)
    return named


def _stem(path: Path) -> str:
    for suffix in (".nii.gz", path.suffix):
        if suffix and path.name.endswith(suffix):
            return path.name[: -len(suffix)]
    return path.name


def _segmented(models: list[str], inputs: Mapping[Any, Path], output: Path, options: Any) -> dict[str, Path]:
    """The label maps that models make, by one worker; by name."""
    from ..jobs import Job, Runner

    made: dict[str, Path] = {}
    with Runner() as runner:
        for model in models:
            name = Path(model).name
            if name in made:
                raise InputError("duplicate-rater", f"The model {name} is given twice.", "Give each model once.")
            result = run(Job(inputs, model, output / name, options), runner)
            made[name] = Path(result.files["segmentation"])
    return made
