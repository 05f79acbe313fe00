"""The command `missing-modality-seg`: a new command is registered here, and nowhere else."""

from __future__ import annotations

from typing import Annotated

import typer

from .. import __version__
from . import (
    batch,
    compare,
    datalist,
    demo,
    doctor,
    evaluate,
    export,
    longitudinal,
    models,
    phantom,
    report,
    reproduce,
    segment,
    synthesize,
    train,
)
from .output import PROGRAM

application = typer.Typer(
    name=PROGRAM,
    help="Brain lesion segmentation from any subset of T1, T1ce, T2, FLAIR and DWI.",
    epilog="Exit codes: 0 done, 2 bad usage or input, 3 cancelled, 4 memory or disk exhausted, 1 a bug.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
application.add_typer(models.application, name="models")
application.add_typer(datalist.application, name="datalist")
for command, in_short in (  # as the list of commands has room for
    (segment.segment, "Segment one study."),
    (synthesize.synthesize, "Generate the sequences that a study lacks."),
    (batch.batch, "Segment many: a data list, BIDS, volumes or DICOM."),
    (compare.compare, "Compare models and raters on one case."),
    (report.report, "Write report.html of runs that are finished."),
    (longitudinal.longitudinal, "Say what changed between two visits of a patient."),
    (doctor.doctor, "Report versions, devices, memory, folders and models."),
    (demo.demo, "Let every model segment a generated patient."),
    (phantom.phantom, "Make synthetic cases with exact truth."),
    (train.train, "Train a method."),
    (export.export, "Make a model of a finished training."),
    (evaluate.evaluate, "Score a model on labelled cases, by subset."),
    (reproduce.reproduce, "Train and measure a table of a paper."),
):
    application.command(short_help=in_short)(command)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit


@application.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass
