"""Results into the scene: exact places, terms, names, windows, the tree; replaced, kept, undone, refused."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import slicer
import vtk

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.labels import GLIOMA, LESION
from MissingModalitySegLib.modalities import Modality
from MissingModalitySegLib.scene import (
    Earlier,
    bring_back,
    can_bring_back,
    candidate_volumes,
    is_synthetic,
    lesion_place,
    runs_in,
    segment_ids,
    set_fill,
    show_in_3d,
    show_segment,
    throw_away,
)
from MissingModalitySegLib.scene.geometry import values_in
from MissingModalitySegLib.scene.removed import MOST
from MissingModalitySegLib.scene.windows import Window, show_window, window_of
from Testing.scene.finished_job import VOXEL, finished, labels
from Testing.scene.scene_application import OBLIQUE, SHAPE, Application, matrix_of

IDS = ("label-1", "label-2", "label-3")


@pytest.fixture
def nodes(app: Application) -> dict:
    study = app.study("Müller", "MR 2024")
    return {name: app.volume(name, item=study) for name in ("T1", "FLAIR")}


def geometry(segmentation):
    """The grid that editing and export use."""
    core, image = slicer.vtkSegmentationConverter, slicer.vtkOrientedImageData()
    text = segmentation.GetSegmentation().GetConversionParameter(core.GetReferenceImageGeometryParameterName())
    assert core.DeserializeImageGeometry(text, image)
    return image


def segment_array(segmentation, segment: str, reference) -> np.ndarray:
    """A segment on the grid of a volume, by Slicer's own export of segments."""
    label_map = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    names = vtk.vtkStringArray()
    names.InsertNextValue(segment)
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    assert logic.ExportSegmentsToLabelmapNode(segmentation, names, label_map, reference)
    array = slicer.util.arrayFromVolume(label_map).copy()
    slicer.mrmlScene.RemoveNode(label_map)
    return array


TURNED = np.array([[-0.9, 0, 0, 11.3], [0, 0, 1.2, 4.1], [0, 1.1, 0, 7.7], [0, 0, 0, 1]])
MIRRORED = np.diag([-1.0, 1, 1, 1]) @ TURNED


@pytest.mark.parametrize(
    ("format", "matrix"),
    [("nrrd", OBLIQUE), ("nrrd", TURNED), ("nrrd", MIRRORED), ("nii.gz", TURNED), ("nii.gz", MIRRORED)],
    ids=["sheared", "right-handed", "left-handed", "right-handed NIfTI", "left-handed NIfTI"],
)
def test_segments_lie_exactly_where_the_voxels_are(
    app: Application, tmp_path: Path, format: str, matrix: np.ndarray
) -> None:
    """NIfTI rounds to float32, and Slicer reverses the slices of left-handed files: both are undone."""
    nodes = {name: app.volume(name, matrix=matrix) for name in ("T1", "FLAIR")}
    run = finished(app, tmp_path, nodes, format=format).place(app)
    expected = labels(SHAPE)
    for value, segment in enumerate(IDS, start=1):
        found = segment_array(run.segmentation, segment, nodes["FLAIR"])
        np.testing.assert_array_equal(found > 0, expected == value)
        image = slicer.vtkOrientedImageData()
        run.segmentation.GetBinaryLabelmapRepresentation(segment, image)
        held = vtk.vtkMatrix4x4()
        image.GetImageToWorldMatrix(held)
        np.testing.assert_allclose(slicer.util.arrayFromVTKMatrix(held)[:3, :3], matrix[:3, :3], atol=1e-12)
    np.testing.assert_allclose(matrix_of(run.synthetic["T2"]), matrix_of(nodes["FLAIR"]), rtol=0, atol=1e-12)
    assert lesion_place(run.table, 0) == pytest.approx((matrix @ [*VOXEL, 1])[:3], abs=0.006)
    assert run.segmentation.GetSegmentation().GetNumberOfLayers() == 1


def test_results_lie_where_the_user_sees_the_input(app: Application, nodes: dict, tmp_path: Path) -> None:
    """Under a transform the files, and so the results, are in the world; the segmentation is under none."""
    shift = np.array([[0, -1.0, 0, 30], [1.0, 0, 0, -20], [0, 0, 1, 10], [0, 0, 0, 1]])
    app.transform(shift, nodes["FLAIR"])
    run = finished(app, tmp_path, nodes).place(app)
    centre = run.segmentation.GetSegmentCenterRAS("label-3")
    np.testing.assert_allclose(centre, (shift @ OBLIQUE @ [*VOXEL, 1])[:3], atol=1e-6)
    assert run.segmentation.GetParentTransformNode() is None
    held = vtk.vtkMatrix4x4()
    geometry(run.segmentation).GetImageToWorldMatrix(held)
    np.testing.assert_allclose(slicer.util.arrayFromVTKMatrix(held), shift @ OBLIQUE, atol=1e-9)


def test_the_grid_of_a_warped_reference_is_that_of_the_result(app: Application, tmp_path: Path) -> None:
    grid = np.array([[1.5, 0, 0, -18], [0, 1.5, 0, -18], [0, 0, 1.5, -18], [0, 0, 0, 1.0]])
    node = app.volume("FLAIR", np.ones((25, 25, 25), "float32"), grid)
    app.warp(6.0, node)
    run = finished(app, tmp_path, {"FLAIR": node}).place(app)
    assert geometry(run.segmentation).GetDimensions() == run.synthetic["T2"].GetImageData().GetDimensions()
    assert run.segmentation.GetNodeReference("referenceImageGeometryRef") is node


def test_names_colours_terms_and_algorithm(app: Application, nodes: dict, tmp_path: Path) -> None:
    segmentation = finished(app, tmp_path, nodes).place(app).segmentation
    assert segment_ids(segmentation) == IDS
    for label in GLIOMA.labels:
        segment = segmentation.GetSegmentation().GetSegment(f"label-{label.value}")
        assert segment.GetName() == label.title
        np.testing.assert_allclose(np.array(segment.GetColor()) * 255, label.colour, atol=1e-6)
        assert segment.GetLabelValue() == label.value
        entry, text = slicer.vtkSlicerTerminologyEntry(), vtk.mutable("")
        assert segment.GetTag("TerminologyEntry", text)
        slicer.modules.terminologies.logic().DeserializeTerminologyEntry(str(text), entry)
        assert entry.GetTypeObject().GetCodeValue() == label.terminology.type.value
        assert entry.GetCategoryObject().GetCodeValue() == "49755003"
        assert entry.GetRegionObject().GetCodeMeaning() == "Brain"
        assert segment.GetTag("DICOM.SegmentAlgorithmType", text)
        assert str(text) == "AUTOMATIC"
        assert segment.GetTag("DICOM.SegmentAlgorithmName", text)
        assert str(text) == "MissingModalitySeg moe 1.2"
    assert segmentation.GetNodeReference("referenceImageGeometryRef") is nodes["FLAIR"]
    assert segmentation.GetDisplayNode().GetOpacity2DFill() == pytest.approx(0.35)


def test_a_label_without_voxels_can_be_drawn(app: Application, nodes: dict, tmp_path: Path) -> None:
    job = finished(app, tmp_path, nodes)
    image = sitk.ReadImage(str(job.files["segmentation"]))
    sitk.WriteImage(image * 0, str(job.files["segmentation"]))
    run = job.place(app)
    assert segment_ids(run.segmentation) == IDS
    assert not any(segment_array(run.segmentation, segment, nodes["FLAIR"]).any() for segment in IDS)


def test_generated_volumes_say_so(app: Application, nodes: dict, tmp_path: Path) -> None:
    nodes["T1"].GetDisplayNode().AutoWindowLevelOff()
    nodes["T1"].GetDisplayNode().SetWindowLevel(640, 222)
    run = finished(app, tmp_path, nodes, reconstructed=("T1",)).place(app)
    generated = run.synthetic["T2"]
    assert generated.GetName() == "T2 (synthetic, not acquired)"
    assert generated.GetAttribute("MissingModalitySeg.Synthetic") == "true"
    assert is_synthetic(generated)
    assert not is_synthetic(nodes["T1"])
    display = generated.GetDisplayNode()
    assert (display.GetWindow(), display.GetLevel(), display.GetAutoWindowLevel()) == (800, 450, 0)
    twin = run.reconstructed[Modality.T1].GetDisplayNode()
    assert (twin.GetWindow(), twin.GetLevel()) == (640, 222)
    job_array = slicer.util.arrayFromVolume(generated)
    assert job_array.dtype == np.float32


def test_uncertainty_has_colours_over_a_fixed_range(app: Application, nodes: dict, tmp_path: Path) -> None:
    run = finished(app, tmp_path, nodes).place(app)
    display = run.uncertainty.GetDisplayNode()
    assert (display.GetWindowLevelMin(), display.GetWindowLevelMax()) == (0, 1)
    table = display.GetColorNode()
    assert table.GetName() == "Uncertainty"
    colours = [table.GetLookupTable().GetTableValue(i) for i in range(table.GetNumberOfColors())]
    brightness = [0.3 * red + 0.6 * green + 0.1 * blue for red, green, blue, _ in colours]
    assert all(after > before for before, after in itertools.pairwise(brightness))
    assert display.GetApplyThreshold()


def test_tables(app: Application, nodes: dict, tmp_path: Path) -> None:
    run = finished(app, tmp_path, nodes).place(app)
    table = run.table.GetTable()
    names = [table.GetColumnName(i) for i in range(table.GetNumberOfColumns())]
    assert names[:4] == ["Lesion", "Volume [ml]", "Core [ml]", "Enhancing [ml]"]
    assert "Mean FLAIR" in names
    assert "Mean T1" not in names
    assert run.table.GetNumberOfRows() == 2
    assert table.GetColumnByName("Side").GetValue(0) == "left"
    place = [table.GetColumnByName(f"{axis} [mm]").GetValue(0) for axis in "RAS"]
    np.testing.assert_allclose(place, (OBLIQUE @ [*VOXEL, 1])[:3], atol=0.006)
    volumes = run.volumes.GetTable()
    assert [volumes.GetValue(i, 0).ToString() for i in range(3)] == ["Lesion", "Core", "Enhancing"]
    assert [volumes.GetValue(i, 1).ToDouble() for i in range(3)] == [1.5, 0.25, 0.125]


def test_results_lie_in_a_folder_beside_the_study(app: Application, tmp_path: Path) -> None:
    study, other = app.study("A", "MR"), app.study("B", "MR")
    app.volume("FLAIR of B", item=other)
    run = finished(app, tmp_path, {"FLAIR": app.volume("FLAIR", item=study)}).place(app)
    assert app.tree.GetItemParent(run.folder) == study
    assert app.tree.GetItemName(run.folder) == "Missing Modality Segmentation – moe"
    children = vtk.vtkIdList()
    app.tree.GetItemChildren(run.folder, children)
    inside = {app.tree.GetItemDataNode(children.GetId(i)) for i in range(children.GetNumberOfIds())}
    assert inside == {run.segmentation, run.table, run.volumes, run.uncertainty, *run.synthetic.values()} | {
        app.scene.GetFirstNodeByName("Report (moe)")
    }


def test_running_again_replaces_or_keeps(app: Application, nodes: dict, tmp_path: Path) -> None:
    job = finished(app, tmp_path, nodes)
    job.place(app)
    before = sorted(app.names())
    second = job.place(app)
    assert sorted(app.names()) == before
    assert [run.run for run in runs_in(app.scene)] == [second.run]
    third = job.place(app, earlier=Earlier.KEEP)
    assert third.number == 2
    assert third.segmentation.GetName() == "Lesions (moe) 2"
    assert third.synthetic["T2"].GetName() == "T2 (synthetic, not acquired) 2"
    assert job.place(app, earlier=Earlier.KEEP).number == 3
    assert len(runs_in(app.scene)) == 3
    assert job.place(app).number == 1
    assert sorted(app.names()) == before
    assert app.tree.GetItemByName("Missing Modality Segmentation – moe 2") == 0


def test_other_models_and_other_studies_are_left_alone(app: Application, nodes: dict, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    finished(app, tmp_path / "a", nodes, model="moe").place(app)
    finished(app, tmp_path / "b", nodes, model="mome").place(app)
    finished(app, tmp_path / "c", {"FLAIR": app.volume("FLAIR")}, model="moe").place(app)
    finished(app, tmp_path / "a", nodes, model="moe").place(app)
    assert [run.model for run in runs_in(app.scene)] == ["mome", "moe", "moe"]


def test_undo_takes_a_run_back_and_redo_returns_it(app: Application, nodes: dict, tmp_path: Path) -> None:
    app.scene.SetUndoOn()
    job = finished(app, tmp_path, nodes)
    before = sorted(app.names())
    first = job.place(app).run
    after = sorted(app.names())
    app.scene.Undo()
    assert sorted(app.names()) == before
    app.scene.Redo()
    assert sorted(app.names()) == after
    second = job.place(app).run
    assert second != first
    app.scene.Undo()
    (run,) = runs_in(app.scene)
    assert run.run == first
    assert segment_array(run.segmentation, "label-2", nodes["FLAIR"]).any()
    assert run.inputs["FLAIR"] is nodes["FLAIR"]
    assert run.synthetic["T2"].GetDisplayNode().GetWindow() == 800


def test_what_was_replaced_comes_back_as_it_was(app: Application, nodes: dict, tmp_path: Path) -> None:
    """Without Slicer's undo, and with what was drawn by hand."""
    job = finished(app, tmp_path, nodes)
    first = job.place(app)
    first.segmentation.GetDisplayNode().SetOpacity2DFill(0.77)
    first.segmentation.GetDisplayNode().SetSegmentVisibility("label-2", False)
    first.segmentation.GetSegmentation().GetSegment("label-2").SetName("Drawn by hand")
    before = sorted(app.names())
    assert not can_bring_back(app.scene)
    second = job.place(app)
    assert can_bring_back(app.scene)
    first.segmentation.GetSegmentation().RemoveAllSegments()  # as Slicer does when their items leave the tree
    assert bring_back(app.scene) == first.run
    assert not can_bring_back(app.scene)
    again = next(run for run in runs_in(app.scene) if run.run == first.run)
    assert {run.run for run in runs_in(app.scene)} == {first.run, second.run}
    assert (again.number, again.segmentation.GetName()) == (2, "Lesions (moe) 2")
    assert again.segmentation.GetSegmentation().GetSegment("label-2").GetName() == "Drawn by hand"
    assert segment_array(again.segmentation, "label-2", nodes["FLAIR"]).any()
    assert again.segmentation.GetDisplayNode().GetOpacity2DFill() == pytest.approx(0.77)
    assert not again.segmentation.GetDisplayNode().GetSegmentVisibility("label-2")
    assert again.synthetic["T2"].GetDisplayNode().GetWindow() == 800
    assert again.inputs == first.inputs
    assert again.report == first.report
    assert app.tree.GetItemName(again.folder) == app.tree.GetItemName(second.folder)
    geometry_role = again.segmentation.GetReferenceImageGeometryReferenceRole()
    assert again.segmentation.GetNodeReference(geometry_role) is nodes["FLAIR"]

    throw_away(app.scene, second.run)
    throw_away(app.scene, first.run)
    assert runs_in(app.scene) == ()
    assert [bring_back(app.scene), bring_back(app.scene), bring_back(app.scene)] == [first.run, second.run, None]
    assert len(app.names()) == len(before) + len(again.synthetic) + 5


def test_what_comes_back_is_not_drawn_before_it_is_in_the_tree(app: Application, nodes: dict, tmp_path: Path) -> None:
    """Slicer looks for it there as soon as it is drawn, and complains."""
    run = finished(app, tmp_path, nodes).place(app)
    throw_away(app.scene, run.run)
    displays = []

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def added(caller, event: str, node) -> None:
        if node.IsA("vtkMRMLDisplayableNode"):
            displays.append(node.GetDisplayNode())

    tag = app.scene.AddObserver(app.scene.NodeAddedEvent, added)
    assert bring_back(app.scene) == run.run
    app.scene.RemoveObserver(tag)
    assert displays
    assert not any(displays)
    assert run.segmentation.GetDisplayNode() is not None


def clone(app: Application, node):
    """What the Data module's “Clone” does."""
    item = app.tree.GetItemByDataNode(node)
    slicer.modules.subjecthierarchy.logic().CloneSubjectHierarchyItem(app.tree, item)
    copy = app.scene.GetNthNodeByClass(app.scene.GetNumberOfNodesByClass(node.GetClassName()) - 1, node.GetClassName())
    assert copy is not node
    return copy


@pytest.fixture
def tree_follows(app: Application) -> None:
    """Cloning wants items that are there as soon as their nodes are, as in the application."""

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def add(scene, event, node) -> None:
        if node.IsA("vtkMRMLSegmentationNode") or node.IsA("vtkMRMLVolumeNode"):
            app.tree.CreateItem(app.tree.GetSceneItemID(), node)

    app.scene.AddObserver(app.scene.NodeAddedEvent, add)


def test_a_clone_of_a_result_is_the_users_own(app: Application, nodes: dict, tmp_path: Path, tree_follows) -> None:
    """The usual backup before editing: Slicer copies our marks with it."""
    job = finished(app, tmp_path, nodes)
    run = job.place(app)
    backup, twin = clone(app, run.segmentation), clone(app, run.synthetic["T2"])
    assert backup.GetAttribute("MissingModalitySeg.Run") == run.run
    assert runs_in(app.scene) == (run,)
    run.segmentation.GetSegmentation().RemoveSegment("label-2")

    throw_away(app.scene, run.run)
    assert runs_in(app.scene) == ()
    assert backup.GetScene() is app.scene
    assert segment_ids(backup) == IDS
    assert is_synthetic(twin)
    assert twin not in candidate_volumes(app.scene)

    assert bring_back(app.scene) == run.run
    (again,) = runs_in(app.scene)
    assert again.segmentation is run.segmentation
    assert segment_ids(again.segmentation) == ("label-1", "label-3")
    second = job.place(app)
    assert [one.run for one in runs_in(app.scene)] == [second.run]
    job.place(app)
    assert segment_ids(backup) == IDS
    assert backup.GetScene() is app.scene


def test_of_what_was_removed_the_oldest_is_forgotten_and_all_with_the_scene(
    app: Application, nodes: dict, tmp_path: Path
) -> None:
    job = finished(app, tmp_path, nodes, synthetic=())
    for _ in range(MOST + 2):
        job.place(app)
    count = 0
    while bring_back(app.scene):
        count += 1
    assert count == MOST
    throw_away(app.scene, runs_in(app.scene)[0].run)
    app.scene.Clear(0)
    assert not can_bring_back(app.scene)


def test_without_undo_nothing_is_kept_for_it(app: Application, nodes: dict, tmp_path: Path) -> None:
    run = finished(app, tmp_path, nodes).place(app)
    assert app.scene.GetNumberOfUndoLevels() == 0
    assert not run.segmentation.GetUndoEnabled()


def test_the_reference_was_deleted_during_the_run(app: Application, nodes: dict, tmp_path: Path) -> None:
    job = finished(app, tmp_path, nodes)
    app.scene.RemoveNode(nodes["FLAIR"])
    run = job.place(app)
    assert list(run.inputs) == [Modality.T1]
    expected = (OBLIQUE @ [*VOXEL, 1])[:3]
    np.testing.assert_allclose(run.segmentation.GetSegmentCenterRAS("label-3"), expected, atol=1e-6)
    assert run.segmentation.GetNodeReference("referenceImageGeometryRef") is None


def test_the_reference_was_moved_during_the_run(app: Application, nodes: dict, tmp_path: Path) -> None:
    """Results lie where the volumes were when they were sent."""
    job = finished(app, tmp_path, nodes)
    app.transform(np.array([[1, 0, 0, 50.0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]), nodes["FLAIR"])
    run = job.place(app)
    np.testing.assert_allclose(run.segmentation.GetSegmentCenterRAS("label-3"), (OBLIQUE @ [*VOXEL, 1])[:3], atol=1e-6)
    np.testing.assert_allclose(matrix_of(run.synthetic["T2"]), OBLIQUE, atol=1e-12)
    held = vtk.vtkMatrix4x4()
    geometry(run.segmentation).GetImageToWorldMatrix(held)
    np.testing.assert_allclose(slicer.util.arrayFromVTKMatrix(held), OBLIQUE, atol=1e-9)


def test_the_scene_was_closed_during_the_run(app: Application, nodes: dict, tmp_path: Path) -> None:
    """The next patient gets the same node IDs; nothing of the one before may land there."""
    job = finished(app, tmp_path, nodes)
    ids = [node.GetID() for node in nodes.values()]
    app.scene.Clear(1)
    assert [app.volume(name).GetID() for name in ("T1", "FLAIR")] == ids
    before = app.scene.GetNumberOfNodes()
    with pytest.raises(InputError) as caught:
        job.place(app)
    assert caught.value.code == "scene-closed"
    assert str(tmp_path / "out") in caught.value.hint
    assert app.scene.GetNumberOfNodes() == before


def test_a_lost_or_wrong_file_leaves_the_scene_as_it_is(app: Application, nodes: dict, tmp_path: Path) -> None:
    job = finished(app, tmp_path, nodes)
    first = job.place(app)
    before = sorted(app.names())
    with pytest.raises(InputError, match="holds 2, 3"):
        job.place(app, scheme=LESION)
    job.files["uncertainty"].write_bytes(b"NRRD0005\nnonsense")
    with pytest.raises(InputError) as caught:
        job.place(app)
    assert caught.value.code == "results-unreadable"
    job.files["uncertainty"].unlink()
    with pytest.raises(InputError):
        job.place(app)
    assert sorted(app.names()) == before
    assert [run.run for run in runs_in(app.scene)] == [first.run]


def test_nothing_to_place(app: Application, nodes: dict, tmp_path: Path) -> None:
    job = finished(app, tmp_path, nodes)
    job.files.clear()
    with pytest.raises(InputError) as caught:
        job.place(app)
    assert caught.value.code == "no-results"


def test_only_synthesised(app: Application, nodes: dict, tmp_path: Path) -> None:
    job = finished(app, tmp_path, nodes)
    job.files = {name: path for name, path in job.files.items() if name.startswith("synthetic")}
    job.report = {"reference": "FLAIR", "synthetic": job.report["synthetic"], "model": None}
    run = job.place(app)
    assert run.segmentation is None
    assert run.model == "synth"
    assert run.inputs["T1"] is nodes["T1"]
    assert job.place(app).run != run.run
    assert len(runs_in(app.scene)) == 1


def test_a_bundle_keeps_everything(app: Application, nodes: dict, tmp_path: Path) -> None:
    run = finished(app, tmp_path, nodes, reconstructed=("T1",)).place(app)
    synthetic = slicer.util.arrayFromVolume(run.synthetic["T2"]).copy()
    names, entries = sorted(app.names()), [tag(run.segmentation, one, "TerminologyEntry") for one in IDS]
    path = app.save(tmp_path / "scene.mrb")

    app.load(path)

    (back,) = runs_in(app.scene)
    assert sorted(app.names()) == names
    assert (back.run, back.model, back.report) == (run.run, run.model, json.loads(json.dumps(run.report)))
    assert {m: node.GetName() for m, node in back.inputs.items()} == {"T1": "T1", "FLAIR": "FLAIR"}
    reference = back.inputs[Modality.FLAIR]
    np.testing.assert_allclose(matrix_of(reference), OBLIQUE, rtol=0, atol=1e-12)
    for value, segment in enumerate(IDS, start=1):
        found = segment_array(back.segmentation, segment, reference)
        np.testing.assert_array_equal(found > 0, labels(SHAPE) == value)
        assert tag(back.segmentation, segment, "DICOM.SegmentAlgorithmName") == "MissingModalitySeg moe 1.2"
    assert [tag(back.segmentation, one, "TerminologyEntry") for one in IDS] == entries
    assert back.segmentation.GetNodeReference("referenceImageGeometryRef") is reference
    generated = back.synthetic[Modality.T2]
    assert is_synthetic(generated)
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(generated), synthetic)
    np.testing.assert_allclose(matrix_of(generated), OBLIQUE, rtol=0, atol=1e-12)
    assert (generated.GetDisplayNode().GetWindow(), generated.GetDisplayNode().GetLevel()) == (800, 450)
    assert back.uncertainty.GetDisplayNode().GetColorNode().GetName() == "Uncertainty"
    assert back.table.GetNumberOfRows() == 2
    assert back.table.GetTable().GetColumnByName("Volume [ml]").GetValue(0) == 1.5
    assert app.tree.GetItemName(back.folder) == "Missing Modality Segmentation – moe"
    assert app.tree.GetItemName(app.tree.GetItemParent(back.folder)) == "MR 2024"


def test_showing_segments(app: Application, nodes: dict, tmp_path: Path) -> None:
    segmentation = finished(app, tmp_path, nodes).place(app).segmentation
    display = segmentation.GetDisplayNode()
    drawn = segmentation.GetSegmentation().AddEmptySegment()
    set_fill(segmentation, 0.8)
    assert display.GetOpacity2DFill() == 0.8
    assert all(display.GetSegmentVisibility(segment) for segment in (*IDS, drawn))
    show_segment(segmentation, "label-2", False)
    assert [display.GetSegmentVisibility(segment) for segment in (*IDS, drawn)] == [True, False, True, True]
    show_segment(segmentation, "label-2", True)
    assert display.GetSegmentVisibility("label-2")
    segmentation.GetSegmentation().RemoveSegment(drawn)
    show_segment(segmentation, drawn, False)  # it is gone
    show_in_3d(segmentation, True)
    surface = vtk.vtkPolyData()
    segmentation.GetClosedSurfaceRepresentation("label-2", surface)
    assert surface.GetNumberOfCells() > 0
    show_in_3d(segmentation, False)
    assert not segmentation.GetSegmentation().ContainsRepresentation("Closed surface")


def tag(segmentation, segment: str, name: str) -> str:
    text = vtk.mutable("")
    assert segmentation.GetSegmentation().GetSegment(segment).GetTag(name, text)
    return str(text)


@pytest.mark.parametrize("values", [[0, 1, 3], [0, 65535], [-3, 2], [0, 1 << 20], [0.5, 1.0], [7], []])
@pytest.mark.parametrize("kind", ["int16", "uint8", "uint16", "int32", "float32"])
def test_values_are_counted_as_a_sort_would(values: list[float], kind: str) -> None:
    array = np.repeat(np.array(values).astype(kind), 3).reshape(1, 1, -1)[:, :, ::-1]
    assert values_in(array).tolist() == sorted(set(array.ravel().tolist()))


def test_a_display_shows_the_window_it_was_given(app: Application) -> None:
    """Also when the volume is changed afterwards: nothing looks for a window of its own."""
    node = app.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    slicer.util.updateVolumeFromArray(node, np.arange(1000, dtype=np.float32).reshape(10, 10, 10))
    show_window(node, Window(100.0, 300.0))
    assert window_of(node) == Window(100.0, 300.0)
    slicer.util.updateVolumeFromArray(node, np.zeros((10, 10, 10), np.float32))
    assert window_of(node) == Window(100.0, 300.0)
    assert node.GetDisplayNode().GetColorNodeID() == "vtkMRMLColorTableNodeGrey"
