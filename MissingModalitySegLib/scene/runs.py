"""The runs whose results are in a scene: found again by their marks, also after saving and loading."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..modalities import MODALITIES, Modality
from .hierarchy import folder_of, forget, remove_if_empty
from .marks import Role, RunMark, input_nodes, marked_nodes, modality_of, release, role_of, run_mark_of


@dataclass(frozen=True)
class PlacedRun:
    """The nodes of one run as they are in the scene; None and empty for what it did not make or what was deleted."""

    run: str
    model: str
    number: int = 1
    folder: int = 0
    """Item of the subject hierarchy."""
    inputs: Mapping[Modality, Any] = field(default_factory=dict)
    segmentation: Any = None
    synthetic: Mapping[Modality, Any] = field(default_factory=dict)
    reconstructed: Mapping[Modality, Any] = field(default_factory=dict)
    differences: Mapping[Modality, Any] = field(default_factory=dict)
    uncertainty: Any = None
    lesions: Any = None
    volumes: Any = None
    report: Mapping[str, Any] = field(default_factory=dict)

    @property
    def table(self) -> Any:
        """The lesion table, under the name that the console uses."""
        return self.lesions


def runs_in(scene: Any) -> tuple[PlacedRun, ...]:
    """Every run with a node left in the scene, oldest first."""
    keys = dict.fromkeys(run_mark_of(node).key for node in marked_nodes(scene))
    return tuple(run_of(scene, key) for key in keys)


def run_of(scene: Any, run: str) -> PlacedRun:
    """The nodes of one run."""
    nodes = nodes_of(scene, run)
    single = {role: node for node in nodes if (role := role_of(node)) is not None}
    segmentation, text = single.get(Role.SEGMENTATION), single.get(Role.REPORT)
    told = run_mark_of(nodes[0]) if nodes else RunMark(run, "")
    knows = text if text is not None else segmentation
    return PlacedRun(
        run=run,
        model=told.model,
        number=told.number,
        folder=folder_of(nodes[0]) if nodes else 0,
        inputs={} if knows is None else input_nodes(knows),
        segmentation=segmentation,
        synthetic=_by_modality(nodes, Role.SYNTHETIC),
        reconstructed=_by_modality(nodes, Role.RECONSTRUCTED),
        differences=_by_modality(nodes, Role.DIFFERENCE),
        uncertainty=single.get(Role.UNCERTAINTY),
        lesions=single.get(Role.LESIONS),
        volumes=single.get(Role.VOLUMES),
        report=_report(text),
    )


def show_only(scene: Any, run: str) -> None:
    """Show the segmentation of one run, and hide those of all others: one over the other they cannot be read.

    A run that only synthesised has none, and hides none: its sequences are looked at under the outlines that are there.
    """
    drawn = {one.run: one.segmentation for one in runs_in(scene) if one.segmentation is not None}
    for key, segmentation in drawn.items() if run in drawn else ():
        display = segmentation.GetDisplayNode()
        if display is not None:
            display.SetVisibility(key == run)


def nodes_of(scene: Any, run: str) -> list[Any]:
    """All nodes of a run, in the order of the scene; copies that the user made of them are the user's own."""
    found: dict[tuple, Any] = {}
    for node in _bearing(scene, run):
        found.setdefault((role_of(node), modality_of(node)), node)
    return list(found.values())


def clashing_runs(scene: Any, model: str, inputs: Iterable[Any]) -> tuple[PlacedRun, ...]:
    """Runs of the same model that used one of these volumes."""
    ids = {node.GetID() for node in inputs}
    return tuple(
        one for one in runs_in(scene) if one.model == model and ids & {node.GetID() for node in one.inputs.values()}
    )


def remove_run(scene: Any, run: str) -> None:
    """Take all nodes of a run out of the scene, with their display and storage, and its folder if it is empty then.

    Copies that the user made of them stay, and are nobody's results from then on.
    """
    nodes = nodes_of(scene, run)
    folders = {folder_of(node) for node in nodes}
    for node in nodes:
        companions = []
        if node.IsA("vtkMRMLDisplayableNode"):
            companions += [node.GetNthDisplayNode(i) for i in range(node.GetNumberOfDisplayNodes())]
        if node.IsA("vtkMRMLStorableNode"):
            companions += [node.GetNthStorageNode(i) for i in range(node.GetNumberOfStorageNodes())]
        forget(node)
        scene.RemoveNode(node)
        for companion in companions:
            if companion is not None and scene.IsNodePresent(companion):
                scene.RemoveNode(companion)
    for copy in _bearing(scene, run):
        release(copy)
    for folder in folders:
        remove_if_empty(scene, folder)


def _bearing(scene: Any, run: str) -> list[Any]:
    """The nodes with the marks of a run: Slicer copies them with a node."""
    return [node for node in marked_nodes(scene) if run_mark_of(node).key == run]


def _by_modality(nodes: list[Any], role: Role) -> dict[Modality, Any]:
    found = {modality_of(node): node for node in nodes if role_of(node) is role}
    return {modality: found[modality] for modality in MODALITIES if modality in found}


def _report(text: Any) -> dict[str, Any]:
    try:
        return dict(json.loads(text.GetText())) if text is not None else {}
    except (TypeError, ValueError, RecursionError):
        return {}
