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
application.command()(segment.segment)
application.command()(synthesize.synthesize)
application.command()(batch.batch)
application.command()(compare.compare)
application.command()(report.report)
application.command()(longitudinal.longitudinal)
application.command()(doctor.doctor)
application.command()(demo.demo)
application.command()(phantom.phantom)
application.command()(train.train)
application.command()(export.export)
application.command()(evaluate.evaluate)
application.command()(reproduce.reproduce)


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
