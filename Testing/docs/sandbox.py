"""A folder with everything that the examples of the documentation name, small, and models that answer in no time."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import SimpleITK as sitk  # noqa: N813

from MissingModalitySegLib.engine import segment
from Testing.dicom.made_series import FLAIR, T1, Scan, datasets, write
from Testing.engine.small_runs import image, volume, write_inputs, write_segmenter, write_synthesiser
from Testing.evaluation.boxes import brain

MODELS = ("ensemble", "moe", "universal", "mome")


def write_models(folder: Path) -> Path:
    """Untrained models under the names of those that ship; they take T1, T2 and FLAIR."""
    for name in MODELS:
        write_segmenter(folder / name, name=name, synthesiser={"bundle": "synthesis"})
    write_synthesiser(folder / "synthesis")
    return folder


def furnish(place: Path) -> None:
    """Write volumes, series, studies, lists, label maps and finished runs into the folder `place`.

    `MISSING_MODALITY_SEG_MODELS` must name the folder `models` in it.
    """
    write_models(place / "models")
    for number, name in enumerate(("t1", "t2", "flair")):
        for suffix in ("nii.gz", "nrrd"):
            sitk.WriteImage(volume(number), str(place / f"{name}.{suffix}"))
    for shift, name in enumerate(("anna", "ben")):
        labels = image(brain().astype("uint8") * 0)
        labels[10 + shift : 16 + shift, 10:16, 12:18] = 1
        sitk.WriteImage(labels, str(place / f"{name}.nii.gz"))
    _write_series(place / "examination")
    shutil.copytree(place / "examination", place / "archive" / "one")
    for name in ("studies/anna", "studies/ben", "patient/first", "patient/second"):
        write_inputs(place / name, "T1", "FLAIR")
    anat = place / "bids" / "sub-01" / "anat"
    given = write_inputs(anat, "T1", "FLAIR")
    given["T1"].rename(anat / "sub-01_T1w.nii.gz")
    given["FLAIR"].rename(anat / "sub-01_FLAIR.nii.gz")
    _write_lists(place)
    outcome = segment({"T1": place / "patient/first/T1.nii.gz"}, "moe", output=place / "answer")
    assert outcome.report["lesion_count"] is not None
    for visit in ("visit-1", "visit-2"):
        shutil.copytree(place / "answer", place / visit)
    shutil.copytree(place / "answer", place / "answers" / "earlier")


def _write_series(folder: Path) -> None:
    scan = Scan(name="Doe^Jane")
    for number, name, header in ((0, "T1", {**dict.fromkeys(FLAIR), **T1}), (2, "FLAIR", {})):
        stored = sitk.Cast(volume(number) * 100, sitk.sitkUInt16)
        for count, path in enumerate(
            sorted(_files(write(datasets(stored, scan, number + 2, **header), folder / name))), 1
        ):
            path.rename(path.with_name(f"IM{count:04}.dcm"))


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()]


def _write_lists(place: Path) -> None:
    case = {"id": "anna", "modalities": {"T1": "t1.nii.gz", "FLAIR": "flair.nii.gz"}, "brain_extracted": True}
    labelled = case | {"label": "anna.nii.gz", "scheme": "lesion"}
    for name, one in (("cases.json", case), ("labelled.json", labelled)):
        (place / name).write_text(json.dumps({"name": "examples", "cases": [one]}), encoding="utf-8")
