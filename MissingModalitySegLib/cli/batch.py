"""`missing-modality-seg batch`: many studies, on this machine or on a cluster, resumable."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import CancelledError, InputError
from . import choices
from .batch_progress import Bars, Looking
from .output import Json, console, print_json, table


def batch(
    output: Annotated[
        Path, typer.Option("--output", help="Folder for the results. Called again with it, the run goes on there.")
    ],
    model: Annotated[str, typer.Option("--model", help="A model's name (`models list`), or the folder of one.")],
    datalist: Annotated[Path | None, typer.Option("--datalist", help="The cases, as a data list.")] = None,
    bids: Annotated[
        Path | None, typer.Option("--bids", help="A BIDS data set; the results become BIDS derivatives.")
    ] = None,
    dicom: Annotated[
        Path | None, typer.Option("--dicom", help="A folder with DICOM studies, however they are filed.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="A folder of folders with volumes, each a study.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            min=1,
            help="Studies at a time on this machine; by default one per graphics card, else per two processors.",
        ),
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", help="Address of a Dask cluster to use instead of this machine.")
    ] = None,
    include_phi: Annotated[
        bool, typer.Option("--include-phi", help="With --dicom: name studies by patient and date, not by a pseudonym.")
    ] = False,
    synthesize: choices.Synthesize = False,
    reconstructions: choices.Reconstructions = False,
    uncertainty: choices.Uncertainty = False,
    mirror: choices.Mirror = False,
    minimum_lesion_ml: choices.MinimumLesion = 0.0,
    reference: choices.Reference = None,
    register: choices.Registration = choices.Register.auto,
    brain: Annotated[
        str,
        typer.Option("--brain", help="auto: found, or taken over where it was extracted; extracted: it was; none."),
    ] = "auto",
    device: choices.Device = "auto",
    inference: choices.HowInference = choices.Inference.auto,
    precision: choices.HowPrecise = choices.Precision.auto,
    report: choices.Page = True,
    dicom_seg: Annotated[
        bool, typer.Option("--dicom-seg", help="With --dicom: also write segmentation.dcm for each study.")
    ] = False,
    dicom_sr: Annotated[
        bool, typer.Option("--dicom-sr", help="With --dicom: also write segmentation.dcm and report.dcm (TID 1500).")
    ] = False,
    threads: choices.Threads = None,
    format: choices.VolumeFormat = choices.Format["nii.gz"],
    as_json: Json = False,
) -> None:
    """Segment every study of a data list, a BIDS data set, or a folder of volumes or DICOM series.

    Each study gets a folder with what `segment` writes; summary.csv, summary.parquet and report.html tell of all: what
    was found, used and left out, and why. A study that fails does not stop the others. Called again it computes what is
    missing, and what other volumes, another model or other options ask for. Ctrl-C lets running studies end; pressed
    again it gives them up.
    """
    from ..cohorts import Source, find_source_studies, make_plan

    source, place = _source({Source.DATALIST: datalist, Source.BIDS: bids, Source.DICOM: dicom, Source.FOLDER: folder})
    if scheduler is not None and jobs is not None:
        raise InputError(
            "jobs-of-cluster",
            "--jobs says how many studies this machine works on; a cluster has its own workers.",
            "Leave out --jobs.",
        )
    options = choices.options_of(
        reference=reference,
        register=register,
        brain=brain,
        device=device,
        inference=inference,
        precision=precision,
        synthesize=synthesize,
        reconstructions=reconstructions,
        uncertainty=uncertainty,
        mirror=mirror,
        minimum_lesion_ml=minimum_lesion_ml,
        report=report,
        dicom_seg=dicom_seg or dicom_sr,
        dicom_sr=dicom_sr,
        threads=threads,
        format=format,
    )
    with Looking() as looking:
        studies = find_source_studies(source, place, include_phi, looking)
    plan = make_plan(source, place, studies, output, model, options)
    finished = _run(plan, scheduler, jobs)
    if as_json:
        print_json({"output": str(plan.output), "stopped": finished.stopped, "cases": finished.rows})
    else:
        _show(finished.rows, plan.output)
    if finished.stopped:
        raise CancelledError(
            "cancelled", "Stopped before the end.", "Give the same command again: it goes on where it stopped."
        )
    states = Counter(row["state"] for row in finished.rows)
    if not states["done"] and not states["done earlier"]:
        raise InputError("no-results", "No study could be segmented.", f"Why, is in {plan.output / 'summary.csv'}.")


def _source(given: dict[Any, Path | None]) -> tuple[Any, Path]:
    named = {source: place for source, place in given.items() if place is not None}
    if len(named) != 1:
        what = "Several sources were given." if named else "No source was given."
        raise InputError("one-source", what, "Give one of --datalist, --bids, --dicom and --folder.")
    return next(iter(named.items()))


def _run(plan: Any, scheduler: str | None, jobs: int | None) -> Any:
    from ..cohorts import Stop, run_cohort

    stop = Stop()
    with Bars(len(plan.cases)) as bars, _signals(stop):
        return run_cohort(plan, scheduler, jobs, bars, stop)


@contextmanager
def _signals(stop: Any) -> Iterator[None]:
    """Ctrl-C stops the run, gently at first; what a batch system sends before it kills stops it at once."""
    handlers = {signal.SIGINT: stop.ask, signal.SIGTERM: stop.ask_at_once}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _show(rows: list[dict[str, Any]], output: Path) -> None:
    out = console()
    states = Counter(row["state"] for row in rows)
    out.print(", ".join(f"{count} {state}" for state, count in states.items()), style="bold")
    problems = [row for row in rows if row["problem"]]
    if problems:
        lines = table("Study", "State", "Why")
        for row in problems:
            lines.add_row(row["case"], row["state"], row["problem"])
        out.print(lines)
    out.print(
        "Written:",
        *(output / name for name in ("summary.csv", "summary.parquet", "report.html")),
        sep="\n  ",
        soft_wrap=True,
    )
    out.print("For research only; look at every result.", style="dim")
