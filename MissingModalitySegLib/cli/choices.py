"""What may be chosen when studies are segmented, said once: what `options.Options` holds, as options of a command."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import InputError
from ..modalities import MODALITIES
from ..options import CHOICES, Options


def _enumeration(name: str, values: tuple[str, ...]) -> type[StrEnum]:
    return StrEnum(name, {value: value for value in values})


Register = _enumeration("Register", CHOICES["register"])
Inference = _enumeration("Inference", CHOICES["inference"])
Precision = _enumeration("Precision", CHOICES["precision"])
Format = _enumeration("Format", CHOICES["format"])


def _volume(name: str) -> type:
    help = f"The {name} volume: NIfTI, NRRD, what else ITK reads, or a DICOM series by its folder or one file."
    return Annotated[Path | None, typer.Option(f"--{name.lower()}", help=help)]


T1, T1CE, T2, FLAIR, DWI = (_volume(str(modality)) for modality in MODALITIES)
Output = Annotated[Path, typer.Option("--output", help="Folder for the results; what an older run left is replaced.")]
Dicom = Annotated[
    Path | None,
    typer.Option("--dicom", help="A folder with one DICOM study: the series are chosen by their headers, and told."),
]
DicomSeg = Annotated[
    bool, typer.Option("--dicom-seg", help="Also write segmentation.dcm, where the reference is read from DICOM.")
]
DicomSr = Annotated[
    bool, typer.Option("--dicom-sr", help="Also write segmentation.dcm and report.dcm, a TID 1500 measurement report.")
]
IncludePhi = Annotated[
    bool, typer.Option("--include-phi", help="Let the report say whom DICOM series show: name, ID, dates.")
]
Reference = Annotated[
    str | None,
    typer.Option("--reference", help="Sequence on whose grid the results lie; by default the finest voxels'."),
]
Registration = Annotated[
    Register, typer.Option("--register", help="Align the volumes rigidly where they are not, or leave them.")
]
Brain = Annotated[
    str,
    typer.Option(
        "--brain",
        help="auto: found, or taken over where it was extracted; extracted: it was; none: work on everything; "
        "or a mask's file.",
    ),
]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:1 or mps.")]
HowInference = Annotated[
    Inference, typer.Option("--inference", help="One pass over the brain, windows that slide over it, or what fits.")
]
HowPrecise = Annotated[
    Precision, typer.Option("--precision", help="auto: the fastest that this machine computes rightly.")
]
Page = Annotated[
    bool, typer.Option("--report/--no-report", help="Also write report.html: the report with pictures, for a browser.")
]
Threads = Annotated[int | None, typer.Option("--threads", help="Processors to use; by default as many as pay.")]
VolumeFormat = Annotated[Format, typer.Option("--format", help="Format of the volumes written.")]

Synthesize = Annotated[bool, typer.Option("--synthesize", help="Also generate the missing sequences.")]
Reconstructions = Annotated[
    bool,
    typer.Option(
        "--reconstructions",
        help="With --synthesize: generate those that are there as well, from the others, to compare.",
    ),
]
Uncertainty = Annotated[
    bool, typer.Option("--uncertainty", help="Also write where mirrored views and smaller subsets disagree.")
]
Mirror = Annotated[bool, typer.Option("--mirror", help="Average with the left-right mirrored volume.")]
MinimumLesion = Annotated[float, typer.Option("--minimum-lesion-ml", help="Leave out lesions smaller than this.")]


def options_of(**chosen: Any) -> Options:
    """The options of a command line. Raises `InputError`."""
    if chosen.get("reconstructions") and not chosen.get("synthesize"):
        raise InputError(
            "reconstructions-alone", "--reconstructions was given without --synthesize.", "Add --synthesize."
        )
    return Options(**{name: value.value if isinstance(value, StrEnum) else value for name, value in chosen.items()})
