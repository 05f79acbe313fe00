"""The module's self-test inside Slicer: a generated patient, from files to a saved scene, without a network."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import slicer

from ..errors import MissingModalitySegError
from ..modalities import Modality
from ..options import Options
from ..samples import Sample, samples
from ..scene import PlacedRun, is_synthetic, jump_to_lesion, open_review, runs_in, segment_ids, send, studies_in
from ..scene.geometry import grid_of
from .desk import desk
from .study import hand_in_study, models_for

PATIENT = "glioma"
SHOWN = (Modality.T1, Modality.FLAIR)
CANNOT_COMPUTE = ("package-missing", "worker-missing")
"""What the worker answers where PyTorch is not installed, or where this is not Slicer."""


class SelfTestError(AssertionError):
    """Something is not as it must be."""


def self_test(tell: Callable[[str], None], model: str | None = None) -> bool:
    """Go the whole way with a generated glioma of which T1 and FLAIR are given; `tell` hears of every step.

    Clears the scene. Where no worker can run, for want of PyTorch or of a model, everything up to there is tested, that
    is told, and False is given. Raises `SelfTestError`, or what else goes wrong.
    """
    slicer.mrmlScene.Clear(0)
    (patient,) = (sample for sample in samples() if sample.name == PATIENT)
    nodes = load(patient)
    tell(f"Loaded {', '.join(nodes)} of a generated patient.")

    (study,) = studies_in(slicer.mrmlScene)
    _must(
        dict(study.chosen) == {one: node.GetID() for one, node in nodes.items()}, "The sequences were not recognised."
    )
    tell("Their names said which sequences they are.")

    with tempfile.TemporaryDirectory() as folder:
        sent = send(nodes, folder)
        for modality, path in sent.paths.items():
            again = _read(path, slicer.vtkMRMLScalarVolumeNode())
            grid = grid_of(nodes[modality])
            kept = grid_of(again).matches(grid.matrix, grid.dimensions)
            _must(kept, f"{modality} did not keep its place on the way to the worker.")
    tell("Files for the worker lie where the volumes do.")

    name = model or next((listing.name for listing in models_for(SHOWN)), None)
    if name is None:
        tell("No model is installed: tested up to the worker.")
        return False
    (work,) = hand_in_study(desk(), nodes, [name], Options(synthesize=True))
    try:
        (run,) = desk().wait(work)
    except MissingModalitySegError as error:
        if error.code not in CANNOT_COMPUTE:
            raise
        tell(f"{error.message} Tested up to the worker.")
        return False
    tell(f"The worker has run the model “{name}”.")
    _check_results(run, nodes, tell)
    return True


def load(patient: Sample) -> dict[Modality, Any]:
    """The volumes that are shown, in the scene."""
    nodes = {}
    for modality in SHOWN:
        node = _read(patient.volumes[modality].path, slicer.vtkMRMLScalarVolumeNode())
        node.SetName(patient.node_name(modality))
        nodes[modality] = slicer.mrmlScene.AddNode(node)
        node.CreateDefaultDisplayNodes()
    return nodes


def _check_results(run: PlacedRun, nodes: dict[Modality, Any], tell: Callable[[str], None]) -> None:
    _must(run.segmentation is not None and len(segment_ids(run.segmentation)) > 0, "There is no segmentation.")
    _must(run.inputs == nodes, "The results do not know what they were made from.")
    _must(run.table is not None and run.volumes is not None, "A table is missing.")
    for modality, node in run.synthetic.items():
        _must(modality not in nodes and is_synthetic(node), f"The synthetic {modality} is not marked as such.")
    tell(f"Results: {run.table.GetNumberOfRows()} lesions, synthetic {', '.join(run.synthetic) or 'nothing'}.")
    if run.table.GetNumberOfRows():
        jump_to_lesion(run.table, 0, run.segmentation)
    if run.synthetic or run.reconstructed:
        _must(len(open_review(slicer.mrmlScene, run)) > 0, "The review shows nothing.")
        tell("The review opened.")
    rows, names = run.table.GetNumberOfRows(), sorted(run.synthetic)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scene.mrb"
        _must(slicer.mrmlScene.WriteToMRB(str(path)), "The scene could not be saved.")
        slicer.mrmlScene.Clear(0)
        _must(slicer.mrmlScene.ReadFromMRB(str(path)), "The saved scene could not be opened.")
    (again,) = runs_in(slicer.mrmlScene)
    kept = again.segmentation is not None and again.table.GetNumberOfRows() == rows and sorted(again.synthetic) == names
    _must(kept, "The saved scene has lost results.")
    tell("Saved and opened again, the scene holds the same.")


def _read(path: Path, node: Any) -> Any:
    storage = slicer.vtkMRMLNRRDStorageNode()
    storage.SetFileName(str(path))
    _must(bool(storage.ReadData(node)), f"“{path}” cannot be read.")
    return node


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise SelfTestError(otherwise)
