"""Results that were removed or replaced, kept for a while: Slicer's own undo is off unless somebody switches it on.

The nodes are taken out of the scene and put back as they were, corrections by hand included. Segments and how each is
shown are copied: with the items of the tree, Slicer takes them out of their segmentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import slicer

from ..modalities import Modality
from .hierarchy import home_of, make_folder, tree
from .marks import Role, RunMark, mark, modality_of, refer_to_inputs, role_of, run_mark_of
from .runs import clashing_runs, nodes_of, remove_run, run_of

MOST = 4
"""Results of more than so many runs are forgotten, the oldest first: volumes are large."""


@dataclass(frozen=True, eq=False)
class Removed:
    """What was taken out of a scene."""

    scene: Any
    run: RunMark
    folder: str
    inputs: Mapping[Modality, Any]
    nodes: tuple[tuple[Any, tuple[Any, ...]], ...]
    """Each with its display nodes."""
    segments: Any
    """Those of the segmentation; None where there is none."""
    looks: tuple[Any, ...]
    """Copies of its display nodes, which forget segments that are taken out."""


_kept: list[Removed] = []
_guards: dict[int, int] = {}
"""Observers of scenes of which something is kept, by the scene's `id`."""


def throw_away(scene: Any, run: str) -> None:
    """Take all nodes of a run out of the scene, and keep them to be brought back; until the scene is closed."""
    placed, nodes = run_of(scene, run), nodes_of(scene, run)
    if not nodes:
        return
    segments, looks = None, ()
    if placed.segmentation is not None:
        segments = slicer.vtkSegmentation()
        segments.DeepCopy(placed.segmentation.GetSegmentation())
        looks = tuple(_copy(display) for display in _displays(placed.segmentation))
    name = tree(scene).GetItemName(placed.folder) if placed.folder else ""
    shown = tuple((node, _displays(node)) for node in nodes)
    if id(scene) not in _guards:  # what is called must not hold the scene: neither would ever go
        _guards[id(scene)] = scene.AddObserver(scene.StartCloseEvent, lambda caller, event: forget_removed(caller))
    _kept.append(Removed(scene, run_mark_of(nodes[0]), name, placed.inputs, shown, segments, looks))
    del _kept[:-MOST]
    remove_run(scene, run)


def can_bring_back(scene: Any) -> bool:
    """Whether something was thrown away that can come back."""
    return any(one.scene is scene for one in _kept)


def bring_back(scene: Any) -> str | None:
    """Put the results that were thrown away last into the scene again; the key of their run. Where there are others of
    the same model on the same volumes by now, they get the next number."""
    found = next((one for one in reversed(_kept) if one.scene is scene), None)
    if found is None:
        return None
    _kept.remove(found)
    inputs = {modality: node for modality, node in found.inputs.items() if node.GetScene() is scene}
    others = clashing_runs(scene, found.run.model, inputs.values())
    number = 1 + max((one.number for one in others), default=found.run.number - 1)
    scene.SaveStateForUndo()
    for node, displays in found.nodes:
        _renumber(node, found.run, number)
        scene.AddNode(node)  # first: of one whose display is there already, Slicer looks for its place in the tree
        for display in displays:
            scene.AddNode(display)
        for index, display in enumerate(displays):
            node.SetAndObserveNthDisplayNodeID(index, display.GetID())
        if role_of(node) in (Role.SEGMENTATION, Role.REPORT):
            refer_to_inputs(node, inputs)
    home = home_of(next(iter(inputs.values()))) if inputs else tree(scene).GetSceneItemID()
    make_folder(scene, home, found.folder or found.run.model, [node for node, _ in found.nodes])
    for node, displays in found.nodes:  # now that it is in the tree
        if role_of(node) is Role.SEGMENTATION and found.segments is not None:
            node.GetSegmentation().DeepCopy(found.segments)
            for display, look in zip(displays, found.looks, strict=True):
                display.CopyContent(look)
    return found.run.key


def forget_removed(scene: Any) -> None:
    """Nothing of this scene comes back."""
    _kept[:] = [one for one in _kept if one.scene is not scene]
    guard = _guards.pop(id(scene), None)
    if guard is not None:
        scene.RemoveObserver(guard)


def _displays(node: Any) -> tuple[Any, ...]:
    count = node.GetNumberOfDisplayNodes() if node.IsA("vtkMRMLDisplayableNode") else 0
    every = (node.GetNthDisplayNode(i) for i in range(count))
    return tuple(one for one in every if one is not None)


def _copy(display: Any) -> Any:
    copy = display.CreateNodeInstance()
    copy.UnRegister(None)
    copy.CopyContent(display)
    return copy


def _renumber(node: Any, run: RunMark, number: int) -> None:
    if number != run.number:
        ending = f" {run.number}" if run.number > 1 else ""
        node.SetName(node.GetName().removesuffix(ending) + f" {number}")
        mark(node, role_of(node), RunMark(run.key, run.model, number), modality_of(node))
