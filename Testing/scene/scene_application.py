"""Real MRML without the application: a scene with the module logics that segmentations, trees and .mrb files need."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import slicer
import vtk

from MissingModalitySegLib.terminology import ANATOMY_LIST, MASTER_LIST

LOGICS = {
    "Colors": slicer.vtkSlicerColorLogic,
    "SubjectHierarchy": slicer.vtkSlicerSubjectHierarchyModuleLogic,
    "Terminologies": slicer.vtkSlicerTerminologiesModuleLogic,
    "Segmentations": slicer.vtkSlicerSegmentationsModuleLogic,
    "Volumes": slicer.vtkSlicerVolumesLogic,
    "Sequences": slicer.vtkSlicerSequencesLogic,
    "Tables": slicer.vtkSlicerTablesLogic,
}
OBLIQUE = np.array([[-0.9, 0.3, 0.05, 11.25], [0.2, -1.1, 0.2, 4.123456789], [0.1, -0.05, 2.5, 7.0], [0, 0, 0, 1.0]])
"""Voxel to RAS, sheared on purpose."""

SHAPE = (10, 12, 14)  # Z Y X


class Application:
    """A scene, and the logics that Slicer would have made for it."""

    def __init__(self, folder: Path) -> None:
        _write_empty_lists(folder)
        self.scene = slicer.vtkMRMLScene()
        self.cache, self.data = slicer.vtkCacheManager(), slicer.vtkDataIOManager()
        self.cache.SetRemoteCacheDirectory(str(folder))
        self.data.SetCacheManager(self.cache)
        self.scene.SetCacheManager(self.cache)
        self.scene.SetDataIOManager(self.data)
        self.logic = slicer.vtkSlicerApplicationLogic()
        self.logic.SetMRMLScene(self.scene)
        self.logics = {}
        for name, kind in LOGICS.items():
            logic = self.logics[name.lower()] = kind()
            logic.SetMRMLApplicationLogic(self.logic)
            if name == "Terminologies":
                logic.SetModuleShareDirectory(str(folder))
            logic.SetMRMLScene(self.scene)
            self.logic.SetModuleLogic(name, logic)
        slicer.mrmlScene = self.scene
        members = {name: SimpleNamespace(logic=lambda one=one: one) for name, one in self.logics.items()}
        slicer.modules = SimpleNamespace(**members)

    @property
    def tree(self) -> slicer.vtkMRMLSubjectHierarchyNode:
        return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(self.scene)

    def study(self, patient: str, name: str) -> int:
        """A new patient with a study, as DICOM loading makes them."""
        return self.tree.CreateStudyItem(self.tree.CreateSubjectItem(self.tree.GetSceneItemID(), patient), name)

    def volume(
        self,
        name: str,
        array: np.ndarray | None = None,
        matrix: np.ndarray = OBLIQUE,
        item: int | None = None,
        kind: str = "vtkMRMLScalarVolumeNode",
    ) -> slicer.vtkMRMLScalarVolumeNode:
        """A volume node with voxels (Z, Y, X), matrix, display and item in the tree."""
        node = slicer.util.addVolumeFromArray(noise() if array is None else array, matrix, name, kind)
        node.CreateDefaultDisplayNodes()
        self.tree.CreateItem(self.tree.GetSceneItemID() if item is None else item, node)
        return node

    def transform(self, matrix: np.ndarray, *nodes: slicer.vtkMRMLTransformableNode) -> slicer.vtkMRMLTransformNode:
        """A linear transform node above `nodes`."""
        transform = self.scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
        for node in nodes:
            node.SetAndObserveTransformNodeID(transform.GetID())
        return transform

    def warp(self, push: float, *nodes: slicer.vtkMRMLTransformableNode) -> slicer.vtkMRMLTransformNode:
        """A thin-plate spline above `nodes`: the middle of a 40 mm cube moves by `push` mm, its corners stay."""
        spline, source, target = vtk.vtkThinPlateSplineTransform(), vtk.vtkPoints(), vtk.vtkPoints()
        corners = [(r, a, s) for r in (-20, 20) for a in (-20, 20) for s in (-20, 20)]
        for point in [*corners, (0, 0, 0)]:
            source.InsertNextPoint(point)
            target.InsertNextPoint(point if any(point) else (push, 0, 0))
        spline.SetSourceLandmarks(source)
        spline.SetTargetLandmarks(target)
        spline.SetBasisToR()
        transform = self.scene.AddNewNodeByClass("vtkMRMLTransformNode")
        transform.SetAndObserveTransformToParent(spline)
        for node in nodes:
            node.SetAndObserveTransformNodeID(transform.GetID())
        return transform

    def save(self, path: Path) -> Path:
        assert self.scene.WriteToMRB(str(path))
        return path

    def load(self, path: Path) -> None:
        """Close the scene and open a bundle."""
        self.scene.Clear(1)
        assert self.scene.ReadFromMRB(str(path), True)

    def names(self) -> list[str]:
        """Names of all nodes that a user sees."""
        nodes = [self.scene.GetNthNode(i) for i in range(self.scene.GetNumberOfNodes())]
        return [node.GetName() for node in nodes if not node.GetHideFromEditors() and not node.IsA("vtkMRMLColorNode")]


def noise(seed: int = 0, dtype: str = "int16", shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    return (np.random.default_rng(seed).random(shape) * 1000).astype(dtype)


def matrix_of(node: slicer.vtkMRMLVolumeNode) -> np.ndarray:
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


def _write_empty_lists(folder: Path) -> None:
    """Lists of terms and regions under the names and in the form of those that Slicer ships, without entries."""
    schemas = "https://raw.githubusercontent.com/qiicr/dcmqi/master/doc/"
    terms = {"@schema": schemas + "segment-context-schema.json#", "SegmentationCodes": {"Category": []}}
    regions = {"@schema": schemas + "anatomic-context-schema.json#", "AnatomicCodes": {"AnatomicRegion": []}}
    general = {"SegmentationCategoryTypeContextName": "Segmentation category and type - 3D Slicer General Anatomy list"}
    for name, content in {
        "SegmentationCategoryTypeModifier-SlicerGeneralAnatomy": terms | general,
        "SegmentationCategoryTypeModifier-DICOM-Master": terms | {"SegmentationCategoryTypeContextName": MASTER_LIST},
        "AnatomicRegionAndModifier-DICOM-Master": regions | {"AnatomicContextName": ANATOMY_LIST},
    }.items():
        (folder / f"{name}.term.json").write_text(json.dumps(content), encoding="utf-8")
