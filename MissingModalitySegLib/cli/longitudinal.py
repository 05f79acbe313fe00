"""`missing-modality-seg longitudinal`: what has become of each lesion between two visits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import InputError, located
from ..output_folder import REPORT
from . import choices
from .output import Json, console, print_json, table


def longitudinal(
    first: Annotated[Path, typer.Argument(help="The earlier visit: the output folder of a run, or a study's volumes.")],
    second: Annotated[Path, typer.Argument(help="The later visit.")],
    output: Annotated[Path, typer.Option("--output", help="Folder for longitudinal.json, .html and changes.nii.gz.")],
    model: Annotated[
        str | None, typer.Option("--model", help="For studies that are not segmented yet: a model's name or folder.")
    ] = None,
    inputs: Annotated[
        list[Path] | None,
        typer.Option("--inputs", help="Folder below which the volumes of finished runs lie. May be repeated."),
    ] = None,
    register: choices.Registration = choices.Register.auto,
    share: Annotated[float, typer.Option("--share", help="A change is at least this share of the volume.")] = 0.25,
    border_mm: Annotated[
        float, typer.Option("--border-mm", help="… and more than a border drawn so much elsewhere explains.")
    ] = 0.5,
    smallest_ml: Annotated[
        float, typer.Option("--smallest-ml", help="Lesions smaller than this at both visits are not judged.")
    ] = 0.015,
    as_json: Json = False,
) -> None:
    """Say which lesions are new, enlarging, shrinking, gone or unchanged between two visits of one patient.

    The heads are aligned rigidly. Finished runs need their volumes for that: they are looked for beside the results and
    below --inputs. Studies are segmented first, into first and second below the output folder.
    """
    from ..engine.longitudinal import Thresholds
    from ..reports.from_folder import write_case_report
    from ..reports.visits import PAGE, write_comparison

    thresholds = Thresholds(share=share, border_mm=border_mm, smallest_ml=smallest_ml)
    search = list(inputs or ())
    folders = []
    for name, given in (("first", first), ("second", second)):
        if (given / REPORT).is_file():
            folders.append(given)
        else:
            with located(f"the {name} visit"):
                folders.append(_segmented(given, model, output / name))
            search.append(given)
    result = write_comparison(*folders, output, search, register=register.value, thresholds=thresholds)
    if folders[1] != second:  # the later visit was segmented here: its report tells of the earlier one, too
        write_case_report(folders[1], search, changes=output)
    if as_json:
        print_json(result)
    else:
        _show(result, output / PAGE)


def _segmented(study: Path, model: str | None, output: Path) -> Path:
    """Segment the one study of a folder. Raises `InputError`."""
    from ..jobs import Job
    from ..study_folders import find_studies
    from .running import run

    if model is None:
        raise InputError(
            "no-model",
            f"{study} is not the output folder of a run, and no model was named.",
            "Name one to segment it with: --model moe.",
        )
    studies = find_studies(study)
    if len(studies) != 1:
        raise InputError(
            "not-one-study", f"There are {len(studies)} studies below {study}.", "Name the folder of one visit."
        )
    run(Job(studies[0].volumes, model, output))
    return output


def _show(result: dict[str, Any], page: Path) -> None:
    out = console()
    told = ", ".join(f"{one['count']} {name}" for name, one in result["states"].items() if one["count"])
    out.print(told or "No lesion at either visit", style="bold")
    for warning in result["warnings"]:
        out.print(f"Warning: {warning['message']}", soft_wrap=True)
    rows = table("Region", "First, ml", "Second, ml", "Difference, ml")
    for name, one in result["volumes_ml"].items():
        rows.add_row(name, f"{one['before']:.2f}", f"{one['after']:.2f}", f"{one['difference']:+.2f}")
    out.print(rows)
    if result["lesions"]:
        rows = table("Lesion", "State", "First, ml", "Second, ml", "Centre (R, A, S), mm", "Remark")
        for one in result["lesions"][:10]:
            place = ", ".join(f"{value:.0f}" for value in one["point_ras_mm"])
            volumes = (f"{one['before_ml']:.2f}", f"{one['after_ml']:.2f}")
            rows.add_row(str(one["id"]), one["state"], *volumes, place, one["note"])
        out.print(rows)
    out.print("Written:", page, sep="\n  ", soft_wrap=True)
    out.print("For research only; look at every result.", style="dim")
