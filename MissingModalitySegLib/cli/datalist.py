"""`missing-modality-seg datalist`: import, check, split and thin out data sets, prepare them for training."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import InputError
from .output import Json, console, print_json, table

application = typer.Typer(help="Data lists: import, check, split, thin out, prepare.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE", help="A data list.")]
Seed = Annotated[int, typer.Option(min=0, help="Same seed, same outcome.")]
_EXAMPLES = 3
"""How many places are named where one thing is said of many."""


@application.command("import", short_help="Make a data list of a public data set.")
def import_dataset(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="brats2018, brats2020, brats2021, brats2023 (and later), msseg2016, wmh2017, isles2022, atlas2, "
            "oasis, bids or nnunet.",
        ),
    ],
    root: Annotated[Path, typer.Argument(metavar="ROOT", help="The folder of the data set as it was downloaded.")],
    output: Annotated[Path, typer.Option(help="The data list to write; converted labels lie beside it.")],
    name: Annotated[str | None, typer.Option(help="What to call it; default: the folder's name.")] = None,
    as_json: Json = False,
) -> None:
    """Make a data list of a public data set, and say what was left out and why. The data set stays as it is."""
    from MissingModalitySegTraining.data.importers import import_dataset as run

    imported = run(kind, root, output, name)
    cases = imported.datalist.cases
    if as_json:
        print_json(
            {
                "datalist": str(output),
                "cases": len(cases),
                "labelled": len(imported.datalist.labelled),
                "remarks": [{"where": r.where, "why": r.why, "kept": r.kept} for r in imported.remarks],
            }
        )
        return
    out = console()
    labelled = len(imported.datalist.labelled)
    out.print(f"{_count(len(cases), 'case')}, {labelled} with a label: {output}", soft_wrap=True)
    for kept, title in ((True, "Kept as they are"), (False, "Left out")):
        remarks = [(remark.where, remark.why) for remark in imported.remarks if remark.kept == kept]
        if remarks:
            out.print(f"\n{title}", style="bold")
            out.print(_grouped(remarks))


@application.command("check", short_help="Read every volume and list what is wrong.")
def check(file: File, as_json: Json = False) -> None:
    """Read every volume of a data list and list all that is wrong. Ends with exit code 2 when there are errors."""
    from rich.console import Console
    from rich.progress import Progress

    from MissingModalitySegTraining.data.check import check_datalist

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Checking", total=None)
        checked = check_datalist(file, lambda done, of: bar.update(task, completed=done, total=of))
    if as_json:
        print_json({"datalist": str(file)} | checked.as_dict())
    else:
        out = console()
        for findings, title in ((checked.errors, "Errors"), (checked.warnings, "Warnings")):
            if findings:
                rows = table("Where", "What")
                for finding in findings:
                    rows.add_row(finding.where, finding.sentence)
                out.print(f"{title}", style="bold")
                out.print(rows)
                out.print()
        out.print(
            f"{_count(checked.cases, 'case')}: {_count(len(checked.errors), 'error')}, "
            f"{_count(len(checked.warnings), 'warning')}."
        )
    if checked.errors:
        raise InputError("bad-datalist", f"{file} has {_count(len(checked.errors), 'error')}.")


@application.command("split", short_help="Give every case a fold, by subject.")
def split(
    file: File,
    folds: Annotated[int, typer.Option(help="How many.")],
    seed: Seed = 0,
    output: Annotated[Path | None, typer.Option(help="The data list to write; default: FILE-Kfolds.json.")] = None,
) -> None:
    """Give every case a fold: by subject, balanced over data sets, sequences and lesion loads."""
    from MissingModalitySegTraining.data import splits

    from ..datalists import read_datalist, write_datalist

    datalist = read_datalist(file)
    loads = splits.lesion_loads(datalist)
    datalist = splits.split(datalist, folds, seed, loads)
    target = output or file.with_name(f"{file.stem}-{folds}folds.json")
    write_datalist(datalist, target)
    rows = table("Fold", "Cases", "Subjects", "Labelled", "Mean lesion load, ml")
    for fold in range(folds):
        cases = [case for case in datalist.cases if case.fold == fold]
        known = [load for case in cases if (load := loads[case.id]) is not None]
        subjects = len({splits.subject_of(case) for case in cases})
        mean = f"{sum(known) / len(known):.2f}" if known else ""
        rows.add_row(str(fold), str(len(cases)), str(subjects), str(len(known)), mean)
    console().print(rows)
    console().print(f"Wrote {target}", soft_wrap=True)


@application.command("simulate-missing", short_help="Drop sequences of most subjects, for experiments.")
def simulate_missing(
    file: File,
    full_ratio: Annotated[float, typer.Option(help="Share of subjects who keep all sequences, from 0 to 1.")],
    seed: Seed = 0,
    output: Annotated[
        Path | None, typer.Option(help="The data list to write; default: FILE-fullRATIO-seedS.json.")
    ] = None,
) -> None:
    """Drop one to three sequences of most subjects, as experiments on missing sequences do, and record which."""
    from MissingModalitySegTraining.data import simulate_missing as simulation

    from ..datalists import read_datalist, write_datalist

    datalist = simulation.simulate_missing(read_datalist(file), full_ratio, seed)
    target = output or file.with_name(f"{file.stem}-full{full_ratio:g}-seed{seed}.json")
    write_datalist(datalist, target)
    counts: dict[str, int] = defaultdict(int)
    for case in datalist.cases:
        counts[str(case.code)] += 1
    rows = table("Sequences", "Cases")
    for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        rows.add_row(code, str(count))
    console().print(rows)
    full = len(datalist.metadata[simulation.METADATA_KEY]["full_subjects"])
    console().print(f"{_count(full, 'subject')} with all sequences. Wrote {target}", soft_wrap=True)


@application.command("cache", short_help="Prepare every case for training.")
def cache(
    file: File,
    output: Annotated[Path, typer.Option(help="The folder of the cache; what is in it already is kept.")],
    spacing: Annotated[float, typer.Option(help="Voxel size in mm.")] = 1.0,
    precision: Annotated[str, typer.Option(help="float16 or float32.")] = "float16",
    bias_correction: Annotated[
        bool,
        typer.Option(
            "--bias-correction/--no-bias-correction",
            help="Take bias fields out, as the presets starter and gpu want it; paper and tiny do not.",
        ),
    ] = False,
) -> None:
    """Prepare every case for training and keep the arrays on disk. Interrupted, it goes on where it stopped."""
    from rich.console import Console
    from rich.progress import Progress

    from MissingModalitySegTraining.data.cache import Cache, CacheOptions
    from MissingModalitySegTraining.data.fill import fill_cache

    from ..datalists import read_datalist

    if precision not in ("float16", "float32"):
        raise InputError("bad-precision", f"“{precision}” is no precision.", "Use float16 or float32.")
    if not spacing > 0:
        raise InputError("bad-spacing", f"{spacing:g} mm is no voxel size.", "Give a number above zero.")
    datalist = read_datalist(file)
    made = Cache(output, CacheOptions(spacing=spacing, precision=precision, bias_correction=bias_correction))
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Preparing", total=len(datalist.cases))
        filled = fill_cache(made, datalist.cases, report=lambda case_id, what: bar.advance(task))
    out = console()
    out.print(
        f"{len(filled.built)} built, {len(filled.kept)} kept, {len(filled.rebuilt)} built again, "
        f"{len(filled.skipped)} skipped: {output}",
        soft_wrap=True,
    )
    for facts, title in ((filled.rebuilt, "Built again"), (filled.skipped, "Skipped")):
        if facts:
            out.print(f"\n{title}", style="bold")
            out.print(_grouped(list(facts.items())))


def _grouped(remarks: list[tuple[str, str]]) -> Any:
    """One row for each thing said, with how often and of what."""
    places: dict[str, list[str]] = defaultdict(list)
    for where, why in remarks:
        places[why].append(where)
    rows = table("Times", "What", "Where")
    for why, wheres in places.items():
        more = f" and {len(wheres) - _EXAMPLES} more" if len(wheres) > _EXAMPLES else ""
        rows.add_row(str(len(wheres)), why, ", ".join(wheres[:_EXAMPLES]) + more)
    return rows


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
