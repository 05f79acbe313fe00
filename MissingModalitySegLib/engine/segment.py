"""From files to files: read → check → prepare → predict → synthesise → restore → summarise → write.

The one path of every caller: worker, command line, batch, notebook.

>>> outcome = segment({"T1": "t1.nii.gz", "FLAIR": "flair.nii.gz"}, "moe", output=Path("answer"))
>>> outcome.labels, outcome.report["volumes_ml"]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import SimpleITK as sitk  # noqa: N813

from ..bundles import Bundle, find
from ..errors import InputError
from ..modalities import MODALITIES, Modality
from ..options import BRAIN, Options
from ..output_folder import staged
from ..watch import Notes, Watch
from .images import as_volume, read_image
from .model import Model, load_model
from .predict import labels_from, predict
from .prepare import prepare, restore_labels
from .study import Study

STAGES = ("read", "prepare", "predict", "write")


@dataclass(frozen=True)
class Outcome:
    """What a run found, on the native grid of the reference volume; `files` are there where it wrote any."""

    labels: sitk.Image | None
    synthetic: Mapping[Modality, sitk.Image] = field(default_factory=dict)
    uncertainty: sitk.Image | None = None
    report: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)


def segment(
    inputs: Mapping[Modality | str, str | Path | sitk.Image],
    model: str | Path | Bundle | Model,
    options: Options | None = None,
    output: str | Path | None = None,
    watch: Watch | None = None,
) -> Outcome:
    """Segment one study."""
    options, notes = options or Options(), Notes(watch or Watch())
    notes.stage("read", 0, len(STAGES))
    used = model if isinstance(model, Model) else load_model(model if isinstance(model, Bundle) else find(str(model)))
    images = {
        Modality.parse(name): as_volume(one, str(name)) if isinstance(one, sitk.Image) else read_image(one)
        for name, one in inputs.items()
    }
    mask = read_image(options.brain) if options.brain not in BRAIN else None
    study = Study({modality: images[modality] for modality in MODALITIES if modality in images}, mask)
    notes.check()
    notes.stage("prepare", 1, len(STAGES))
    prepared = prepare(study, used.spacing, used.modalities, options.reference, used.multiple)
    notes.check()
    notes.stage("predict", 2, len(STAGES))
    if used.scheme is None:
        raise InputError("no-labels", f"The model “{used.name}” gives no labels.", "Choose another.")
    labels = labels_from(predict(used, prepared, options.inference, options.precision), used.scheme)
    native = restore_labels(labels, prepared.frame)
    notes.check()
    notes.stage("write", 3, len(STAGES))
    files = {}
    if output is not None:
        with staged(Path(output)) as folder:
            name = f"segmentation.{options.format}"
            sitk.WriteImage(native, str(folder / name))
            files["segmentation"] = Path(output) / name
    report = {"code": str(prepared.code), "warnings": [{"code": c, "message": m} for c, m in notes.warnings]}
    return Outcome(native, report=report, files=files)
