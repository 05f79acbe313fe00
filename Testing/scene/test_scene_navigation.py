"""From the lesion table to the slice views."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import slicer

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.scene import GROUP, jump, jump_to_lesion, lesion_place
from Testing.scene.finished_job import VOXEL, finished
from Testing.scene.scene_application import OBLIQUE, Application


def slice_view(app: Application, name: str, orientation: str, group: int = 0) -> slicer.vtkMRMLSliceNode:
    node = slicer.vtkMRMLSliceNode()
    node.SetLayoutName(name)
    node.SetViewGroup(group)
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(app.scene)
    app.scene.AddNode(node)
    node.SetOrientation(orientation)
    return node


def centre(node: slicer.vtkMRMLSliceNode) -> np.ndarray:
    return np.array([node.GetSliceToRAS().GetElement(i, 3) for i in range(3)])


def test_the_views_are_centred_on_the_lesion(app: Application, tmp_path: Path) -> None:
    views = [slice_view(app, name, orientation) for name, orientation in (("Red", "Axial"), ("Green", "Coronal"))]
    run = finished(app, tmp_path, {"FLAIR": app.volume("FLAIR")}).place(app)
    expected = (OBLIQUE @ [*VOXEL, 1])[:3]
    assert lesion_place(run.table, 0) == pytest.approx(expected, abs=0.006)
    jump_to_lesion(run.table, 0)
    for view in views:
        np.testing.assert_allclose(centre(view), expected, atol=0.006)


def test_only_the_views_of_a_group_move(app: Application) -> None:
    own, other = slice_view(app, "Review", "Axial", GROUP), slice_view(app, "Red", "Axial")
    app.scene.AddNode(slicer.vtkMRMLCrosshairNode())
    jump(app.scene, (12.0, -3.0, 5.0), GROUP)
    np.testing.assert_allclose(centre(own), (12, -3, 5))
    np.testing.assert_allclose(centre(other), (0, 0, 0))
    assert app.scene.GetFirstNodeByClass("vtkMRMLCrosshairNode").GetCrosshairRAS() == (12, -3, 5)


def test_a_segmentation_that_was_moved_takes_its_lesions_along(app: Application, tmp_path: Path) -> None:
    run = finished(app, tmp_path, {"FLAIR": app.volume("FLAIR")}).place(app)
    before = np.array(lesion_place(run.table, 0, run.segmentation))
    app.transform(np.array([[1, 0, 0, 40], [0, 1, 0, 0], [0, 0, 1, -2], [0, 0, 0, 1.0]]), run.segmentation)
    np.testing.assert_allclose(lesion_place(run.table, 0, run.segmentation), before + np.array([40, 0, -2]))


@pytest.mark.parametrize("row", [-1, 2, 99])
def test_rows_that_are_not_there(app: Application, tmp_path: Path, row: int) -> None:
    run = finished(app, tmp_path, {"FLAIR": app.volume("FLAIR")}).place(app)
    with pytest.raises(InputError, match="no row"):
        lesion_place(run.table, row)
    with pytest.raises(InputError):
        lesion_place(run.volumes, 0)
