"""`missing-modality-seg phantom`: synthetic cases with truth, as files."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InputError
from .output import console, training_packages

if TYPE_CHECKING:
    from MissingModalitySegTraining.phantom.output import Finished

DEFAULT_KINDS = "ms,glioma,stroke"


def phantom(
    output: Annotated[Path, typer.Option("--output", help="Folder for the cases and their datalist.json.")],
    cases: Annotated[int | None, typer.Option("--cases", help="How many cases, of all kinds together.")] = None,
    kind: Annotated[
        str,
        typer.Option(
            "--kind",
            help="Kinds, separated by commas: ms, wmh, glioma, metastases, acute_stroke, chronic_stroke, stroke, none. "
            "The cases cycle through them.",
        ),
    ] = DEFAULT_KINDS,
    mode: Annotated[
        str,
        typer.Option(
            "--mode",
            help="research: aligned, 1 mm, brain extracted. clinic: each sequence natively, thick and oblique, with "
            "the head, slightly moved.",
        ),
    ] = "research",
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same voxels.")] = 0,
    lesion_masks: Annotated[
        Path | None, typer.Option("--lesion-masks", help="Folder of lesion masks in MNI space; some cases take shapes.")
    ] = None,
    dicom: Annotated[bool, typer.Option("--dicom", help="Add a DICOM series per sequence.")] = False,
    file_format: Annotated[str, typer.Option("--format", help="Of the volumes: nifti or nrrd.")] = "nifti",
    spacing: Annotated[
        float | None,
        typer.Option("--spacing", help="Voxel size in mm (research; default 1) or the finest (clinic)."),
    ] = None,
    replay: Annotated[
        Path | None, typer.Option("--replay", help="Make the case of this parameters.json again instead.")
    ] = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda or cuda:1.")] = "auto",
    jobs: Annotated[int, typer.Option("--jobs", help="Processes; each needs about 2 GB of memory.")] = 1,
) -> None:
    """Make synthetic cases: five sequences, truth, a record that repeats them, a contact sheet."""
    with training_packages("Making phantoms"):
        from MissingModalitySegTraining.phantom import output as phantoms

        from ..networks.devices import find_device
    device = str(find_device(device))
    if device == "mps":  # which has no float64
        device = "cpu"
    if replay is not None:
        if cases is not None:
            raise InputError("two-orders", "--replay makes one case; --cases asks for others.", "Leave one out.")
        _show(phantoms.make_again(replay, output, lesion_masks, device), 1, output)
        return
    if cases is None:
        raise InputError("no-cases", "It is not said how many cases to make.", "Add --cases 3, or --replay FILE.")
    kinds = [name.strip() for name in kind.split(",") if name.strip()]
    run = phantoms.plan(cases, kinds, mode, seed, spacing, file_format, dicom, lesion_masks)
    _show(phantoms.make(run, cases, output, lesion_masks, device, jobs), cases, output)


def _show(work: Iterator[Finished], total: int, output: Path) -> None:
    """Follow the work: a bar with the time left on a terminal, a line per case elsewhere."""
    follow = _follow_on_terminal if sys.stdout.isatty() else _follow_in_lines
    made, there = 0, 0
    for finished in follow(work, total):
        if finished.seconds:
            made += 1
        else:
            there += 1
    before = f", {there} there before" if there else ""
    console().print(f"Made {made} cases{before}: {output / 'datalist.json'}", soft_wrap=True)


def _follow_on_terminal(work: Iterator[Finished], total: int) -> Iterator[Finished]:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console()) as progress:
        task = progress.add_task("Phantoms", total=total)
        for finished in work:
            progress.update(task, advance=1, description=finished.case_id)
            yield finished


def _follow_in_lines(work: Iterator[Finished], total: int) -> Iterator[Finished]:
    started, made = time.monotonic(), 0
    for number, finished in enumerate(work, start=1):
        if finished.seconds:
            made += 1
            left = (time.monotonic() - started) / made * (total - number)
            print(f"{number}/{total} {finished.case_id}: {finished.seconds:.0f} s, {left:.0f} s left", flush=True)
        yield finished
