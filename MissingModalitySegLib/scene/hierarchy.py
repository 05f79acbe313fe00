"""The tree of the Data module: which study a volume belongs to, and a folder beside it for results."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import slicer
import vtk


def tree(scene: Any) -> Any:
    """The subject hierarchy of a scene."""
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)


def item_of(node: Any) -> int:
    """The item of a node; 0 where it has none."""
    hierarchy = tree(node.GetScene())
    return 0 if hierarchy is None else hierarchy.GetItemByDataNode(node)


def home_of(node: Any) -> int:
    """The item under which results of a volume belong: its DICOM study, else the folder it lies in, else the scene."""
    hierarchy, item = tree(node.GetScene()), item_of(node)
    if not item:
        return hierarchy.GetSceneItemID()
    constants = slicer.vtkMRMLSubjectHierarchyConstants
    study = hierarchy.GetItemAncestorAtLevel(item, constants.GetDICOMLevelStudy())
    return study or hierarchy.GetItemParent(item) or hierarchy.GetSceneItemID()


def make_folder(scene: Any, home: int, name: str, nodes: Iterable[Any]) -> int:
    """A new folder under `home` that holds `nodes`."""
    hierarchy = tree(scene)
    folder = hierarchy.CreateFolderItem(home or hierarchy.GetSceneItemID(), name)
    put_into(scene, folder, nodes)
    return folder


def put_into(scene: Any, folder: int, nodes: Iterable[Any]) -> None:
    """Move nodes into a folder."""
    hierarchy = tree(scene)
    for node in nodes:
        hierarchy.CreateItem(folder, node)  # the application made an item already where it runs; then this moves it


def folder_of(node: Any) -> int:
    """The item a node lies in; 0 where it has none."""
    item = item_of(node)
    return tree(node.GetScene()).GetItemParent(item) if item else 0


def forget(node: Any) -> None:
    """Take the item of a node out of the tree; the node stays."""
    item = item_of(node)
    if item:
        tree(node.GetScene()).RemoveItem(item, False, False)


def remove_if_empty(scene: Any, folder: int) -> None:
    """Take a folder away that holds nothing; the scene itself, patients and studies stay."""
    hierarchy, children = tree(scene), vtk.vtkIdList()
    level = slicer.vtkMRMLSubjectHierarchyConstants.GetSubjectHierarchyLevelFolder()
    if folder and hierarchy.IsItemLevel(folder, level):
        hierarchy.GetItemChildren(folder, children, False)
        if children.GetNumberOfIds() == 0:
            hierarchy.RemoveItem(folder)
