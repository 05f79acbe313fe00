"""`report.json`: everything about a run that someone who did not see it would ask.

Its fields are described in docs/reference/report.md. It names files, not folders, and nothing that identifies a patient
is read from them.
"""

from __future__ import annotations

import datetime
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk  # noqa: N813

from .. import __version__
from ..advice import Advice
from ..bundles import Manifest
from ..checksums import sha256_of
from ..modalities import Modality
from ..options import BRAIN, Options
from .images import VolumeSource
from .prepare import Prepared
from .study import Study
from .summarise import Summary
from .synthetic import Synthesis

if TYPE_CHECKING:
    from .execution import Execution, Prediction

SCHEMA = 1
"""Version of the report. Fields may be added under the same number; none changes its meaning."""

_LIBRARIES = ("torch", "monai", "SimpleITK", "numpy", "scipy")


@dataclass(frozen=True)
class Run:
    """What is known of a run when it ends; `None` and empty for what it did not do."""

    study: Study
    options: Options
    inputs: Mapping[Modality, Path] = field(default_factory=dict)
    """The files that the volumes were read from; volumes handed over in memory have none."""
    manifest: Manifest | None = None
    """Of the model's bundle; a network without one has none."""
    model_files: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 by name, those of an ensemble's members among them."""
    prepared: Prepared | None = None
    prediction: Prediction | None = None
    advice: Advice | None = None
    summary: Summary | None = None
    synthesis: Synthesis | None = None
    warnings: Sequence[tuple[str, str]] = ()
    """Code and message."""
    timings: Mapping[str, float] = field(default_factory=dict)
    """Seconds of each stage."""
    sources: Mapping[Modality, VolumeSource] = field(default_factory=dict)
    """The volumes that are more than files."""
    files: Mapping[str, Path] = field(default_factory=dict)
    """What was written, by what it is: segmentation, synthetic_T2, uncertainty."""


def report_of(run: Run) -> dict[str, Any]:
    """The report as plain JSON data."""
    summary, execution = None if run.summary is None else run.summary.to_dict(), _execution(run)
    return {
        "schema": SCHEMA,
        "program": _program(),
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "patient": next((one.patient for one in run.sources.values() if one.patient is not None), None),
        "model": None if run.manifest is None else _model(run.manifest, run.model_files),
        "inputs": {str(modality): _input(run, modality) for modality in run.study.images},
        "reference": None if run.prepared is None else str(run.prepared.frame.reference),
        "code": None if run.prepared is None else str(run.prepared.code),
        "brain": None if run.prepared is None else _brain(run),
        "options": _options(run.options),
        "execution": None if execution is None else execution.to_dict(),
        "expected": None if run.advice is None else run.advice.to_dict(),
        "volumes_ml": None if summary is None else summary["volumes_ml"],
        "lesion_count": None if summary is None else summary["lesion_count"],
        "removed": None if summary is None else summary["removed"],
        "lesions": None if summary is None else summary["lesions"],
        "synthetic": None if run.synthesis is None else _synthetic(run),
        "warnings": [{"code": code, "message": message} for code, message in run.warnings],
        "timings_s": {stage: round(seconds, 3) for stage, seconds in run.timings.items()},
        "files": {name: path.name for name, path in run.files.items()},
    }


def _program() -> dict[str, Any]:
    versions = {}
    for name in _LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        "name": "MissingModalitySeg",
        "version": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "libraries": versions,
    }


def _model(manifest: Manifest, files: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": manifest.name,
        "title": manifest.title,
        "version": manifest.version,
        "family": manifest.family,
        "labels": manifest.labels,
        "modalities": [str(modality) for modality in manifest.modalities],
        "files": dict(files) or {entry.name: entry.sha256 for entry in manifest.files},
        "licence": manifest.licence,
        "intended_use": manifest.intended_use,
        "warning": manifest.warning,
    }


def _input(run: Run, modality: Modality) -> dict[str, Any]:
    image = run.study.images[modality]
    alignment = None if run.prepared is None else run.prepared.alignments.get(modality)
    return {
        **_file(run, modality),
        "geometry": _geometry(image),
        "used": run.prepared is None or modality in run.prepared.code.available,
        "alignment": None if alignment is None else _alignment(alignment),
    }


def _file(run: Run, modality: Modality) -> dict[str, Any]:
    if modality in run.sources:
        return dict(run.sources[modality].describe())
    path = run.inputs.get(modality)
    checksum = sha256_of(Path(path)) if path is not None and Path(path).is_file() else None
    return {"file": None if path is None else Path(path).name, "sha256": checksum, "series": None}


def _geometry(image: sitk.Image) -> dict[str, Any]:
    direction = image.GetDirection()
    return {
        "size": list(image.GetSize()),
        "spacing_mm": [round(value, 4) for value in image.GetSpacing()],
        "orientation": sitk.DICOMOrientImageFilter.GetOrientationFromDirectionCosines(direction),
        "origin_lps_mm": [round(value, 3) for value in image.GetOrigin()],
        "direction_lps": [round(value, 6) for value in direction],
    }


def _alignment(alignment: Any) -> dict[str, Any]:
    def rounded(value: float | None, digits: int) -> float | None:
        return None if value is None else round(value, digits)

    return {
        "applied": alignment.applied,
        "overlap": rounded(alignment.overlap, 3),
        "measure": alignment.measure,
        "before": rounded(alignment.before, 4),
        "after": rounded(alignment.after, 4),
        "shift_mm": rounded(alignment.shift_mm, 2),
        "angle_deg": rounded(alignment.angle_deg, 2),
        "transform_lps": None if alignment.transform is None else rows_of(alignment.transform),
    }


def rows_of(transform: sitk.Transform) -> list[list[float]]:
    """A rigid transform as three rows of four numbers: from places in the reference (LPS mm) to those in the volume."""
    columns = [np.array(transform.TransformPoint(point)) for point in (*np.eye(3).tolist(), [0.0, 0.0, 0.0])]
    rotation = np.stack(columns[:3], axis=1) - columns[3][:, None]
    return np.concatenate([rotation, columns[3][:, None]], axis=1).round(9).tolist()


def transform_of(rows: Sequence[Sequence[float]]) -> sitk.AffineTransform:
    """The inverse of `rows_of`."""
    made = sitk.AffineTransform(3)
    made.SetMatrix([float(value) for row in rows for value in row[:3]])
    made.SetTranslation([float(row[3]) for row in rows])
    return made


def _brain(run: Run) -> dict[str, Any]:
    volume = None if run.summary is None else run.summary.to_dict()["brain_ml"]
    mask = None if run.options.brain in BRAIN else Path(run.options.brain)
    checksum = sha256_of(mask) if mask is not None and mask.is_file() else None
    return {"source": run.prepared.brain_source, "volume_ml": volume, "mask_sha256": checksum}


def _options(options: Options) -> dict[str, Any]:
    """As chosen; of a mask only the name of its file."""
    values = options.to_dict()
    return values | {"brain": options.brain if options.brain in BRAIN else Path(options.brain).name}


def _execution(run: Run) -> Execution | None:
    """How the labels were computed, or the sequences where nothing else was asked for."""
    if run.prediction is not None:
        return run.prediction.execution
    return None if run.synthesis is None else run.synthesis.execution


def _synthetic(run: Run) -> dict[str, Any]:
    data = run.synthesis.to_dict()
    for kind, entries in (("synthetic", data["sequences"]), ("reconstructed", data["reconstructions"])):
        for modality, entry in entries.items():
            path = run.files.get(f"{kind}_{modality}")
            entry["file"] = None if path is None else path.name
    return data
