"""`missing-modality-seg evaluate`: score a model on labelled cases, subset by subset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..datalists import read_datalist
from ..errors import InputError, located
from ..modalities import Code
from .output import Json, console, print_json, table, training_packages

if TYPE_CHECKING:
    from MissingModalitySegTraining.evaluation.rows import Evaluation

    from ..engine.model import Model

_SHOWN = {
    "dice": "Dice",
    "dice_where_true": "Dice, truth not empty",
    "hd95": "HD95, mm",
    "ppv": "PPV",
    "sensitivity": "Sensitivity",
    "f1": "Lesion F1",
    "cscore": "CScore",
}


def evaluate(
    datalist: Annotated[Path, typer.Option("--datalist", help="The cases; those without a label are skipped.")],
    model: Annotated[
        str, typer.Option("--model", help="A model's name, its folder, or the folder of a finished training run.")
    ],
    subsets: Annotated[
        str,
        typer.Option(
            "--subsets",
            help='all: every subset of what a case has. full: all it has. Or a list, as in "FLAIR,T1+FLAIR".',
        ),
    ] = "all",
    output: Annotated[
        Path | None,
        typer.Option("--output", help="Folder for results.json, tables and plots. Called again, it goes on there."),
    ] = None,
    compare: Annotated[
        Path | None, typer.Option("--compare", help="The results.json of another model: test the difference.")
    ] = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    as_json: Json = False,
) -> None:
    """Segment labelled cases as if only some sequences had been acquired, and score the answers.

    Each case's brain_extracted and brain_mask(s) are obeyed; volumes are taken where they lie in physical space. What
    cannot be scored is listed with its reason.
    """
    with training_packages("Evaluation"):
        import matplotlib.figure  # noqa: F401 - else its lack would be told when all is computed

        from MissingModalitySegTraining.evaluation import evaluate as evaluation
        from MissingModalitySegTraining.evaluation.find_model import find_model
        from MissingModalitySegTraining.evaluation.report import write_report
        from MissingModalitySegTraining.evaluation.results import document_of, read_results
        from MissingModalitySegTraining.evaluation.statistics import compare as compare_with

        from ..networks.devices import find_device
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    cases = read_datalist(datalist)
    other = None if compare is None else read_results(compare)
    found = find_model(model)
    chosen = _subsets(subsets, found)
    found.network.to(find_device(device))
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TextColumn("left"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Evaluating", total=evaluation.count_rows(found, cases, chosen))
        result = evaluation.evaluate(
            found, cases, chosen, output, report=lambda row: bar.update(task, advance=1, description=row["case"])
        )
    comparison = None if other is None else compare_with(result, other)
    if output is not None:
        write_report(result, output, comparison)
    if as_json:
        print_json(document_of(result) | ({} if comparison is None else {"comparison": comparison}))
    else:
        _show(result, comparison, output)


def _subsets(text: str, model: Model) -> str | list[Code]:
    if text in ("all", "full"):
        return text
    with located("--subsets"):
        codes = [Code.parse(part, model.modalities) for part in text.split(",") if part.strip()]
    if not codes:
        raise InputError("no-subset", "--subsets names none.", 'Use all, full or a list, as in "FLAIR,T1+FLAIR".')
    return list(dict.fromkeys(codes))


def _show(result: Evaluation, comparison: dict[str, Any] | None, output: Path | None) -> None:
    from MissingModalitySegTraining.evaluation.statistics import summarise
    from MissingModalitySegTraining.evaluation.tables import KINDS, codes_in, count_of, plus_minus

    out = console()
    for dataset, tables in summarise(result)["by_dataset"].items():
        out.print(f"{dataset}: {count_of(tables['cases'], 'case')}, {KINDS[tables['data']]}", style="bold")
        for region in tables["over_codes"]:
            rows = table(region, "n", *_SHOWN.values())
            per_code = [(str(code), tables["by_code"][str(code)].get(region)) for code in codes_in(tables)]
            if len(per_code) > 1:
                per_code.append(("all codes", tables["over_codes"][region]))
            for code, figures in per_code:
                if figures is not None:
                    cells = {name: plus_minus(figures[name], 1 if name == "hd95" else 3) for name in _SHOWN}
                    if figures["hd95_infinite"]:
                        cells["hd95"] += f" ({figures['hd95_infinite']} infinite)"
                    rows.add_row(code, str(figures["dice"]["n"]), *cells.values())
            out.print(rows)
            out.print()
    if comparison is not None:
        rows = table("Region", "Measure", "Pairs", "Median difference", "p", "p by subject")
        for region, measures in comparison["regions"].items():
            for name, one in measures.items():
                if one is not None:
                    difference, p = f"{one['median_difference']:+.4f}", f"{one['p']:.2g}"
                    rows.add_row(region, name, str(one["pairs"]), difference, p, f"{one['by_subject']['p']:.2g}")
        out.print(f"Against {comparison['other']}: Wilcoxon signed-rank, two-sided", style="bold")
        out.print(rows)
        out.print()
    if result.skipped:
        rows = table("Case", "Code", "Why")
        for entry in result.skipped:
            rows.add_row(entry["case"], entry["code"], entry["why"])
        out.print("Skipped", style="bold")
        out.print(rows)
        out.print()
    where = "" if output is None else f": {output / 'results.json'}"
    out.print(f"{count_of(len(result.rows), 'row')}, {len(result.skipped)} skipped{where}", soft_wrap=True)
