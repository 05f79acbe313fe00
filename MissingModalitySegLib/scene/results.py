"""What a job wrote, into the scene: all of it or nothing, beside the volumes it was made from."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..labels import GLIOMA, LabelScheme
from ..modalities import MODALITIES, Modality
from .corrections import remember_drawn
from .geometry import Grid, values_in, voxels
from .hierarchy import home_of, make_folder
from .marks import Role, RunMark, mark, refer_to_inputs
from .reading import read_labels, read_volume
from .removed import throw_away
from .runs import PlacedRun, clashing_runs, remove_run, run_of
from .segmentation import dress, fill_segmentation, refer_to_geometry
from .sending import Sent
from .tables import fill_lesion_table, fill_volume_table
from .uncertainty import dress_uncertainty
from .windows import Window, fitting_window, show_window, window_of

SYNTHETIC_NAME = "{modality} (synthetic, not acquired)"
FOLDER_NAME = "Missing Modality Segmentation"
PRODUCT = "MissingModalitySeg"


class Earlier(StrEnum):
    """What happens to results of the same model on the same volumes that are in the scene already."""

    REPLACE = "replace"
    KEEP = "keep"


@dataclass(frozen=True)
class Arrived:
    """The files of a job, read into nodes outside the scene."""

    labels: Any = None
    synthetic: Mapping[Modality, Any] = field(default_factory=dict)
    reconstructed: Mapping[Modality, Any] = field(default_factory=dict)
    uncertainty: Any = None


def place(
    scene: Any,
    sent: Sent,
    files: Mapping[str, Path | str],
    report: Mapping[str, Any],
    scheme: LabelScheme = GLIOMA,
    *,
    earlier: Earlier = Earlier.REPLACE,
) -> PlacedRun:
    """Put the results of a job into the scene.

    `files` and `report` are those of the job's result: `segmentation`, `synthetic_T2`, `reconstructed_T1`,
    `uncertainty`. All files are read before the scene changes, and the change is one step for undo. `earlier` says
    whether results of the same model on the same volumes are replaced, or kept and the new ones numbered.

    Raises `InputError` when a file is gone, or when none of the volumes of the job is in `scene` any more: it was
    closed, and another patient may be in it.
    """
    present = {modality: node for modality, node in sent.present.items() if node.GetScene() is scene}
    if not present:
        raise InputError(
            "scene-closed",
            "The volumes of this run are not in the scene any more, so its results were not added.",
            _where(files),
        )
    name = _reference_name(sent, report)
    reference = None if name is None else present.get(name)
    arrived = _read(files, None if name is None else sent.grids.get(name))
    if arrived.labels is None and not arrived.synthetic and not arrived.reconstructed:
        raise InputError("no-results", "The run gave neither a segmentation nor a synthesised sequence.")
    model = _model_title(report)
    clashes = clashing_runs(scene, model, present.values())
    number = 1 + max((one.number for one in clashes), default=0) if earlier is Earlier.KEEP else 1
    run = RunMark(uuid.uuid4().hex, model, number)
    if arrived.labels is not None:
        scheme.check_values(values_in(voxels(arrived.labels.GetImageData())), "The result")
    with _one_step(scene):
        try:
            _add(scene, run, arrived, _Origin(present, reference, report, scheme))
        except BaseException:
            remove_run(scene, run.key)
            raise
        if earlier is Earlier.REPLACE:
            for one in clashes:
                throw_away(scene, one.run)
    return run_of(scene, run.key)


@dataclass(frozen=True)
class _Origin:
    """What results are made into nodes with."""

    present: Mapping[Modality, Any]
    reference: Any
    report: Mapping[str, Any]
    scheme: LabelScheme


def _add(scene: Any, run: RunMark, arrived: Arrived, origin: _Origin) -> None:
    ending = "" if run.number == 1 else f" {run.number}"
    report, scheme = origin.report, origin.scheme
    added = []

    def add(node: Any, name: str, role: Role, modality: Modality | None = None) -> Any:
        if isinstance(node, str):
            node = scene.CreateNodeByClass(node)
            node.UnRegister(None)
        node.SetName(name + ending)
        mark(node, role, run, modality)
        node.SetUndoEnabled(bool(scene.GetUndoFlag()) or node.GetUndoEnabled())
        added.append(scene.AddNode(node))
        return node

    if arrived.labels is not None:
        segmentation = add("vtkMRMLSegmentationNode", f"Lesions ({run.model})", Role.SEGMENTATION)
        fill_segmentation(segmentation, arrived.labels, scheme, _algorithm(report))
        remember_drawn(segmentation)
        refer_to_geometry(segmentation, arrived.labels, origin.reference)
        refer_to_inputs(segmentation, origin.present)
        dress(segmentation)
        lesions = add("vtkMRMLTableNode", f"Lesion table ({run.model})", Role.LESIONS)
        fill_lesion_table(lesions, report.get("lesions") or (), scheme, arrived.labels)
        volumes = add("vtkMRMLTableNode", f"Volumes ({run.model})", Role.VOLUMES)
        fill_volume_table(volumes, report.get("volumes_ml") or {}, scheme)
    for role, generated, key in (
        (Role.SYNTHETIC, arrived.synthetic, "sequences"),
        (Role.RECONSTRUCTED, arrived.reconstructed, "reconstructions"),
    ):
        for modality, volume in generated.items():
            node = add(volume, SYNTHETIC_NAME.format(modality=modality), role, modality)
            node.SetDescription("Generated from other sequences by a model. No scanner has measured it.")
            show_window(node, _window(node, modality, origin.present, report, key))
    if arrived.uncertainty is not None:
        dress_uncertainty(add(arrived.uncertainty, f"Uncertainty ({run.model})", Role.UNCERTAINTY), scene)
    text = add("vtkMRMLTextNode", f"Report ({run.model})", Role.REPORT)
    text.SetText(json.dumps(report, indent=1, default=str))
    refer_to_inputs(text, origin.present)
    for node in added:
        for i in range(node.GetNumberOfDisplayNodes() if node.IsA("vtkMRMLDisplayableNode") else 0):
            node.GetNthDisplayNode(i).SetUndoEnabled(node.GetUndoEnabled())
    beside = origin.reference if origin.reference is not None else next(iter(origin.present.values()))
    make_folder(scene, home_of(beside), f"{FOLDER_NAME} – {run.model}{ending}", added)


def _read(files: Mapping[str, Path | str], grid: Grid | None) -> Arrived:
    def volumes(kind: str) -> dict[Modality, Any]:
        names = {modality: f"{kind}_{modality}" for modality in MODALITIES}
        return {m: read_volume(files[name], grid) for m, name in names.items() if name in files}

    return Arrived(
        labels=read_labels(files["segmentation"], grid) if "segmentation" in files else None,
        synthetic=volumes("synthetic"),
        reconstructed=volumes("reconstructed"),
        uncertainty=read_volume(files["uncertainty"], grid) if "uncertainty" in files else None,
    )


def _reference_name(sent: Sent, report: Mapping[str, Any]) -> Modality | None:
    """The sequence on whose grid the results lie; None where nobody said."""
    name = report.get("reference")
    if name is not None:
        return Modality.parse(name)
    return next(iter(sent.nodes)) if len(sent.nodes) == 1 else None


def _window(
    node: Any, modality: Modality, present: Mapping[Modality, Any], report: Mapping[str, Any], key: str
) -> Window:
    """That of the acquired twin where there is one, else what the report says, else one that fits."""
    twin = window_of(present[modality]) if modality in present else None
    told = ((report.get("synthetic") or {}).get(key) or {}).get(str(modality)) or {}
    if twin is not None:
        return twin
    if told.get("window") and told.get("level") is not None:
        return Window(float(told["window"]), float(told["level"]))
    return fitting_window(node)


def _model_title(report: Mapping[str, Any]) -> str:
    """What the model is called in names of nodes: its name where it has one."""
    models = (report.get("model"), (report.get("synthetic") or {}).get("model"))
    return next((str(model["name"]) for model in models if model and model.get("name")), "model")


def _algorithm(report: Mapping[str, Any]) -> str:
    model = report.get("model") or {}
    words = (PRODUCT, str(model.get("name") or ""), str(model.get("version") or ""))
    return " ".join(word for word in words if word)[:64]  # DICOM's LO holds no more


def _where(files: Mapping[str, Path | str]) -> str:
    paths = list(files.values())
    return f"Until Slicer ends the files are in “{Path(paths[0]).parent}”." if paths else ""


@contextmanager
def _one_step(scene: Any) -> Iterator[None]:
    """One step for undo, and one update of the views."""
    scene.SaveStateForUndo()
    scene.StartState(scene.BatchProcessState)
    try:
        yield
    finally:
        scene.EndState(scene.BatchProcessState)
