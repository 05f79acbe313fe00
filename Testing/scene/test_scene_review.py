"""The review: cells, layout, views, differences, corner texts."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import slicer
import vtk

from MissingModalitySegLib.modalities import Modality
from MissingModalitySegLib.scene import (
    GROUP,
    LAYOUT,
    CornerText,
    Row,
    ViewWords,
    add_differences,
    know_layout,
    open_review,
    review_cells,
    review_xml,
    run_of,
    set_layout,
)
from MissingModalitySegLib.scene.review import composite_of
from Testing.scene.finished_job import VOXEL, finished
from Testing.scene.scene_application import OBLIQUE, Application, noise


@pytest.fixture
def run(app: Application, tmp_path: Path):
    nodes = {"T1": app.volume("T1", noise(1)), "FLAIR": app.volume("FLAIR")}
    return finished(app, tmp_path, nodes, reconstructed=("T1",)).place(app)


def test_a_column_per_sequence_and_a_row_per_kind(app: Application, run) -> None:
    rows = review_cells(add_differences(app.scene, run))
    assert [[(str(cell.modality), cell.row, cell.volume is not None) for cell in row] for row in rows] == [
        [("T1", Row.ACQUIRED, True), ("T2", Row.ACQUIRED, False), ("FLAIR", Row.ACQUIRED, True)],
        [("T1", Row.SYNTHETIC, True), ("T2", Row.SYNTHETIC, True), ("FLAIR", Row.SYNTHETIC, False)],
        [("T1", Row.DIFFERENCE, True), ("T2", Row.DIFFERENCE, False), ("FLAIR", Row.DIFFERENCE, False)],
    ]
    texts = {cell.view: cell.text for row in rows for cell in row}
    assert texts["Review-T2-acquired"] == "T2\nnot acquired"
    assert "SYNTHETIC, not acquired" in texts["Review-T2-synthetic"]
    assert "others rebuilt: SSIM 0.87" in texts["Review-T2-synthetic"]
    assert [cell.is_generated for cell in rows[1]] == [True, True, False]


def test_rows_without_anything_to_show_are_left_out(app: Application, tmp_path: Path) -> None:
    run = finished(app, tmp_path, {"FLAIR": app.volume("FLAIR")}).place(app)
    assert [row[0].row for row in review_cells(run)] == [Row.ACQUIRED, Row.SYNTHETIC]
    empty = finished(app, tmp_path, {"FLAIR": app.volume("FLAIR")}, model="other", synthetic=()).place(app)
    assert [[cell.row for cell in row] for row in review_cells(empty)] == [[Row.ACQUIRED]]


def test_the_layout_is_what_slicer_understands(app: Application, run) -> None:
    """MRML's own layout logic makes the views from the description, with group, orientation and name."""
    xml = review_xml(review_cells(run), "Coronal")
    views = ElementTree.fromstring(xml).iter("view")
    assert [view.get("singletontag") for view in views][:2] == ["Review-T1-acquired", "Review-T2-acquired"]
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(app.scene)
    logic = slicer.vtkMRMLLayoutLogic()
    logic.SetMRMLScene(app.scene)
    cells = open_review(app.scene, run, "Coronal")
    layout = app.scene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    assert layout.GetViewArrangement() == LAYOUT
    for cell in cells:
        node = app.scene.GetSingletonNode(cell.view, "vtkMRMLSliceNode")
        assert (node.GetViewGroup(), node.GetOrientation(), node.GetLayoutName()) == (GROUP, "Coronal", cell.view)
        place = [node.GetSliceToRAS().GetElement(i, 3) for i in range(3)]
        np.testing.assert_allclose(place, (OBLIQUE @ [*VOXEL, 1])[:3], atol=0.006)
    assert len(open_review(app.scene, run, "Axial")) == len(cells)
    assert app.scene.GetSingletonNode("Review-T1-acquired", "vtkMRMLSliceNode").GetOrientation() == "Axial"


def test_a_scene_that_was_saved_in_the_review_shows_something(run) -> None:
    """What a layout looks like is not saved, only its number: of one that is not known Slicer shows nothing."""
    first, later = slicer.vtkMRMLScene(), slicer.vtkMRMLScene()
    logics = [slicer.vtkMRMLLayoutLogic() for _ in range(2)]
    for scene, logic in zip((first, later), logics, strict=True):
        logic.SetMRMLScene(scene)
    set_layout(first, review_xml(review_cells(run)))
    first.SetSaveToXMLString(1)
    assert first.Commit()
    know_layout(later)
    later.SetLoadFromXMLString(1)
    later.SetSceneXMLString(first.GetSceneXMLString())
    assert later.Import()
    layout = later.GetFirstNodeByClass("vtkMRMLLayoutNode")
    assert layout.GetViewArrangement() == LAYOUT
    assert "vtkMRMLSliceNode" in layout.GetCurrentLayoutDescription()
    for logic in logics:
        logic.SetMRMLScene(None)


def test_the_views_show_the_volumes_and_are_linked(app: Application, run) -> None:
    run.inputs["T1"].GetDisplayNode().AutoWindowLevelOff()
    run.inputs["T1"].GetDisplayNode().SetWindowLevel(77, 44)
    cells = open_review(app.scene, run)
    count = app.scene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode")
    shown = {}
    for i in range(count):
        node = app.scene.GetNthNodeByClass(i, "vtkMRMLSliceCompositeNode")
        assert node.GetLinkedControl()
        shown[node.GetLayoutName()] = node.GetBackgroundVolumeID()
    assert shown == {cell.view: cell.volume and cell.volume.GetID() for cell in cells}
    twin = run.reconstructed["T1"].GetDisplayNode()
    assert (twin.GetWindow(), twin.GetLevel()) == (77, 44)
    open_review(app.scene, run)
    assert app.scene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode") == count
    assert len([name for name in app.names() if "acquired to reconstructed" in name]) == 1


def test_another_volume_in_one_view_stays_in_it(app: Application, run) -> None:
    """MRML's own logic links the views, as in the application."""
    link = slicer.vtkMRMLSliceLinkLogic()
    link.SetMRMLScene(app.scene)
    views = [composite_of(app.scene, cell.view) for cell in open_review(app.scene, run)]
    before = [view.GetBackgroundVolumeID() for view in views]
    first, flair = views[0], run.inputs["FLAIR"].GetID()
    assert before[0] != flair
    first.SetInteracting(1)
    first.SetInteractionFlags(first.BackgroundVolumeFlag)
    first.SetBackgroundVolumeID(flair)
    first.SetInteractionFlags(first.ForegroundVolumeFlag)
    first.SetForegroundVolumeID(run.uncertainty.GetID())
    first.SetInteracting(0)
    assert [view.GetBackgroundVolumeID() for view in views] == [flair, *before[1:]]
    assert {view.GetForegroundVolumeID() for view in views} == {run.uncertainty.GetID()}
    link.SetMRMLScene(None)


def test_words_are_of_what_is_shown(app: Application, run) -> None:
    cells = {cell.view: cell for cell in open_review(app.scene, run)}
    renderers = {view: vtk.vtkRenderer() for view in cells}
    words = [ViewWords(renderers[view], cell, composite_of(app.scene, view)) for view, cell in cells.items()]

    def shown(view: str) -> tuple[str, bool]:
        actor = renderers[view].GetViewProps().GetItemAsObject(0)
        return actor.GetInput(), bool(actor.GetTextProperty().GetBold())

    told = {view: (cell.text, cell.is_generated) for view, cell in cells.items()}
    assert {view: shown(view) for view in cells} == told
    made, empty = "Review-T2-synthetic", "Review-T2-acquired"
    slicer.util.setSliceViewerLayers(background=run.inputs["FLAIR"])  # sets every view
    assert {shown(view) for view in cells if not view.startswith("Review-FLAIR-acq")} == {("FLAIR", False)}
    assert shown("Review-FLAIR-acquired") == told["Review-FLAIR-acquired"]
    composite_of(app.scene, made).SetBackgroundVolumeID(run.synthetic["T2"].GetID())
    composite_of(app.scene, empty).SetBackgroundVolumeID(None)
    assert [shown(made), shown(empty)] == [told[made], told[empty]]
    composite_of(app.scene, empty).SetBackgroundVolumeID(run.synthetic["T2"].GetID())
    assert shown(empty) == (run.synthetic["T2"].GetName(), True)
    app.scene.RemoveNode(run.synthetic["T2"])
    assert [shown(made), shown(empty)] == [("", False), told[empty]]  # in the application, that of a neighbour
    for one in words:
        one.remove()
        one.remove()
    held = [weakref.ref(one) for one in words]
    words.clear()
    del one
    gc.collect()
    assert not any(one() for one in held)  # by an observer
    assert not any(renderer.GetViewProps().GetNumberOfItems() for renderer in renderers.values())


def test_the_difference_is_taken_in_physical_space(app: Application, tmp_path: Path) -> None:
    """Grids differ and the acquired volume is under a rotation: SimpleITK resamples it for comparison."""
    fine = np.array([[0.8, 0, 0, -14], [0, 0.8, 0, -15], [0, 0, 0.9, -16], [0, 0, 0, 1.0]])
    turn = np.array([[0.96, -0.28, 0, 1.5], [0.28, 0.96, 0, -2], [0, 0, 1, 0.5], [0, 0, 0, 1.0]])
    smooth = np.cumsum(np.cumsum(noise(3, "float64", (36, 38, 40)) - 500, axis=1), axis=2).astype("float32") / 100
    t1 = app.volume("T1", smooth, fine)
    app.transform(turn, t1)
    flair = app.volume("FLAIR", matrix=np.array([[1.5, 0, 0, -9], [0, 1.4, 0, -8], [0, 0, 2.0, -9], [0, 0, 0, 1.0]]))
    job = finished(app, tmp_path, {"T1": t1, "FLAIR": flair}, reconstructed=("T1",))
    job.arrays["reconstructed_T1"][0, 0, 0] = 0
    rebuilt = sitk.ReadImage(str(job.files["reconstructed_T1"]))
    run = add_differences(app.scene, job.place(app))

    acquired = sitk.ReadImage(str(job.sent.paths[Modality.T1]))
    expected = sitk.Resample(acquired, rebuilt, sitk.Transform(), sitk.sitkLinear, float("nan"))
    expected = np.abs(sitk.GetArrayFromImage(expected) - sitk.GetArrayFromImage(rebuilt))
    found = slicer.util.arrayFromVolume(run.differences[Modality.T1])
    inside = np.isfinite(expected) & (sitk.GetArrayFromImage(rebuilt) != sitk.GetArrayFromImage(rebuilt)[0, 0, 0])
    assert inside.mean() > 0.5
    np.testing.assert_allclose(found[inside & (found > 0)], expected[inside & (found > 0)], atol=0.05)
    assert (found[inside] > 0).mean() > 0.97
    assert run.differences[Modality.T1].GetAttribute("MissingModalitySeg.Synthetic") == "true"
    assert app.tree.GetItemParent(app.tree.GetItemByDataNode(run.differences[Modality.T1])) == run.folder


def test_no_difference_without_the_acquired_volume(app: Application, run) -> None:
    app.scene.RemoveNode(run.inputs["T1"])
    assert not add_differences(app.scene, run_of(app.scene, run.run)).differences


def test_corner_text(app: Application) -> None:
    renderer = vtk.vtkRenderer()
    text = CornerText(renderer, "T2\nSYNTHETIC, not acquired", generated=True)
    (actor,) = [renderer.GetViewProps().GetItemAsObject(i) for i in range(renderer.GetViewProps().GetNumberOfItems())]
    assert actor.GetInput() == "T2\nSYNTHETIC, not acquired"
    emphatic = actor.GetTextProperty().GetColor()
    text.write("T2\nacquired")
    assert actor.GetTextProperty().GetColor() != emphatic
    text.remove()
    text.remove()
    assert renderer.GetViewProps().GetNumberOfItems() == 0
