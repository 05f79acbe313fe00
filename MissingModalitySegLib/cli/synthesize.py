"""`missing-modality-seg synthesize`: the sequences that were not acquired, and nothing else."""

from __future__ import annotations

from typing import Annotated

import typer

from ..options import Options
from . import choices
from .output import Json, print_json
from .running import inputs_of, run
from .segment import show


def synthesize(
    output: choices.Output,
    model: Annotated[
        str, typer.Option("--model", help="A model that generates sequences, or one that names such a model.")
    ] = "synthesis",
    t1: choices.T1 = None,
    t1ce: choices.T1CE = None,
    t2: choices.T2 = None,
    flair: choices.FLAIR = None,
    dwi: choices.DWI = None,
    dicom: choices.Dicom = None,
    reconstructions: Annotated[
        bool,
        typer.Option("--reconstructions", help="Generate those that are there as well, from the others, to compare."),
    ] = False,
    reference: choices.Reference = None,
    register: choices.Registration = choices.Register.auto,
    brain: choices.Brain = "auto",
    device: choices.Device = "auto",
    precision: choices.HowPrecise = choices.Precision.auto,
    report: choices.Page = True,
    include_phi: choices.IncludePhi = False,
    threads: choices.Threads = None,
    format: choices.VolumeFormat = choices.Format["nii.gz"],
    as_json: Json = False,
) -> None:
    """Generate every missing sequence from those that are there.

    Writes synthetic_<M>.nii.gz on the reference volume's own grid, in intensities that display like the reference's,
    report.json, and report.html with pictures. What is generated is an average of what a network has seen: no finding
    may rest on it.
    """
    from ..jobs import Job

    options = Options(
        reference=reference,
        register=register.value,
        brain=brain,
        device=device,
        precision=precision.value,
        synthesize=True,
        reconstructions=reconstructions,
        report=report,
        include_phi=include_phi,
        threads=threads,
        format=format.value,
    )
    result = run(Job(inputs_of(t1, t1ce, t2, flair, dwi, dicom=dicom), model, output, options, task="synthesize"))
    if as_json:
        print_json(result.report)
    else:
        show(result.report, result.files)
