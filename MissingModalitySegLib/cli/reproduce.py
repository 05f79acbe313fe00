"""`missing-modality-seg reproduce`: a table or figure of one of the three papers, beside what the paper prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError
from ..options import THREADS
from .output import console, training_packages


def reproduce(
    paper: Annotated[str, typer.Argument(help="moe, universal or mome.")],
    name: Annotated[
        str,
        typer.Argument(help="table1 …; pictures: gates (moe), fig3 (universal), experts (mome)."),
    ],
    data: Annotated[str, typer.Option("--data", help="phantom, or a data list (.json).")] = "phantom",
    scale: Annotated[
        str,
        typer.Option("--scale", help="smoke (minutes, shows that it works), cpu (hours, small networks) or gpu."),
    ] = "smoke",
    output: Annotated[Path, typer.Option("--output", help="Folder for data, trainings and tables.")] = Path(
        "reproduction"
    ),
    seed: Annotated[int, typer.Option("--seed", help="Of phantoms, splits and trainings.")] = 0,
    unseen: Annotated[
        list[str] | None,
        typer.Option("--unseen", help="mome: a data set of the data list that is not trained on; repeatable."),
    ] = None,
    threads: Annotated[int | None, typer.Option("--threads", help="Of the processor; all if not said.")] = None,
) -> None:
    """Train what a table needs, measure it on cases held out, and write it beside the published figures.

    Given again, the same command goes on where it was stopped. Trainings are shared between the tables of a paper.
    """
    with training_packages("Reproducing"):
        from MissingModalitySegTraining.reproduce import Order
        from MissingModalitySegTraining.reproduce import reproduce as carry_out
    if threads is not None:
        if threads not in THREADS:
            hint = f"Give a number from {THREADS[0]} to {THREADS[-1]}."
            raise InputError("bad-threads", f"{threads} threads cannot compute.", hint)
        import torch

        torch.set_num_threads(threads)
    out = console()
    order = Order(paper, name, data, scale, output, seed, tuple(unseen or ()))
    made = carry_out(order, lambda line: out.print(line, soft_wrap=True))
    if made.suffix == ".md":
        out.print(made.read_text(encoding="utf-8"), soft_wrap=True)
    out.print(f"Written to {made}", soft_wrap=True)
