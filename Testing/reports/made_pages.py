"""Pages with pictures of a made head with two lesions, for tests and pictures in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import SimpleITK as sitk  # noqa: N813

from MissingModalitySegLib.engine.summarise import summarise
from MissingModalitySegLib.labels import GLIOMA
from MissingModalitySegLib.modalities import Modality
from MissingModalitySegLib.reports.case import case_page
from MissingModalitySegLib.reports.drawing import Layer
from MissingModalitySegLib.reports.from_run import pictures_of
from MissingModalitySegLib.reports.pictures import Kind
from Testing.engine.made_studies import volume
from Testing.reports.made_reports import made_report

SPOTS = (((-30.0, 10.0, 24.0), 14.0, 2), ((-30.0, 10.0, 24.0), 7.0, 3), ((34.0, 20.0, 10.0), 4.0, 1))
"""Balls of a label around places in LPS mm, radius in mm."""


def made_labels(like: sitk.Image, spots=SPOTS) -> sitk.Image:
    """A label map of balls."""
    labels = sitk.Image(like.GetSize(), sitk.sitkUInt8)
    labels.CopyInformation(like)
    source = sitk.PhysicalPointSource(
        sitk.sitkVectorFloat32, like.GetSize(), like.GetOrigin(), like.GetSpacing(), like.GetDirection()
    )
    for centre, radius, value in spots:
        square = sum((sitk.VectorIndexSelectionCast(source, axis) - place) ** 2 for axis, place in enumerate(centre))
        labels = sitk.Mask(labels, square > radius**2) + sitk.Cast(square <= radius**2, sitk.sitkUInt8) * value
    return labels


def write_page(path: Path, **changes: Any) -> Path:
    """The page of a case: T1 and FLAIR acquired, T2 generated."""
    images = {name: volume(Modality.parse(name)) for name in ("T1", "T2", "FLAIR")}
    labels = made_labels(images["FLAIR"])
    found = summarise(labels, GLIOMA).to_dict()
    report = made_report(**{name: found[name] for name in ("volumes_ml", "lesions", "lesion_count")})
    report["synthetic"]["sequences"] = {"T2": {"window": 260.0, "level": 130.0, "file": "synthetic_T2.nii.gz"}}
    layers = [Layer(name, Kind.ACQUIRED, images[name]) for name in ("T1", "FLAIR")]
    volumes = {"segmentation": labels, "synthetic_T2": images["T2"]}
    pictures = pictures_of(images["FLAIR"], layers, volumes, report)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(case_page(report | changes, pictures, changes.pop("case", "")), encoding="utf-8", newline="\n")
    return path
