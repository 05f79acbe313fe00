"""DICOM of a case whose volumes were made of series: the labels as DICOM SEG, the measurements as a report."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..disk import disk_errors
from ..labels import find_scheme
from ..modalities import Modality
from ..output_folder import MEASUREMENT_REPORT, REPORT, SEGMENTATION_OBJECT, incoming, recover
from ..watch import Watch

if TYPE_CHECKING:
    from ..dicom import Stack


def names_of(segmentation: bool, report: bool) -> tuple[str, ...]:
    """The files that are asked for; a report refers to the segmentation, so it comes with it."""
    if report:
        return (SEGMENTATION_OBJECT, MEASUREMENT_REPORT)
    return (SEGMENTATION_OBJECT,) if segmentation else ()


def are_there(folder: Path, names: Sequence[str]) -> bool:
    """Whether all of them are in `folder`; a run removes those of the one before."""
    return all((folder / name).is_file() for name in names)


def write(folder: Path, names: Sequence[str], stacks: Mapping[Modality, Stack], watch: Watch) -> None:
    """Write them, from the results that lie in `folder` and the series of the reference.

    Raises `InputError` with what stands in the way, as `disk_errors`, and what `watch` raises.
    """
    import SimpleITK as sitk  # noqa: N813

    from ..dicom import read_stack
    from ..dicom.sources import write_objects
    from ..engine.nifti import readable_name

    told = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    with readable_name(folder / told["files"]["segmentation"]) as name:
        labels = sitk.ReadImage(name)
    reference = read_stack(stacks[Modality(told["reference"])], watch)
    labels.CopyInformation(reference.image)  # NIfTI keeps places in single precision
    with disk_errors(folder):
        recover(folder)
        with incoming(folder) as fresh:
            scheme = find_scheme(told["model"]["labels"])
            write_objects(fresh, labels, scheme, told, reference, report=MEASUREMENT_REPORT in names)
            for name in names:
                os.replace(fresh / name, folder / name)
