"""What can be done with results: look, go to a lesion, hide, edit, export, review, remove."""

from __future__ import annotations

import gc
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import slicer
import vtk

from MissingModalitySegLib.scene import LAYOUT, know_layout, lesion_place, segment_ids
from MissingModalitySegLib.scene.dicom_seg import tag_of
from MissingModalitySegLib.scene.tables import PLACE
from Testing.module.hands import click, load_and_guess, names_in_scene, segment
from Testing.slicer_harness.module_window import close_module, open_module, until
from Testing.slicer_harness.slicer_application import FileDialog


@pytest.fixture
def results(window):
    """The panel, with results of a run that made everything."""
    load_and_guess(window, "T1", "FLAIR")
    for name in ("synthesize", "reconstructions", "uncertainty"):
        window.window.parameters.setValue(name, True)
    segment(window)
    return window.window.results


def menu(results, words: str):
    """The entry of the export menu with these words."""
    actions = results.ui.exportButton.menu().actions()
    return next(action for action in actions if words in action.text)


def message(results) -> str:
    label = results.ui.resultsMessage
    return "" if label.isHidden() else label.text


def test_volumes_and_lesions_are_those_of_the_report(results) -> None:
    report, table = results.run.report, results.ui.lesionTable
    assert f"lesion {report['volumes_ml']['lesion']:.2f} ml" in results.ui.headline.text
    headers = [table.horizontalHeaderItem(i).text() for i in range(table.columnCount)]
    assert not any(header.startswith(("R\n", "A\n", "S\n")) for header in headers)
    volumes = [float(table.item(row, headers.index("Volume\n[ml]")).text()) for row in range(table.rowCount)]
    assert volumes == pytest.approx([one["volume_ml"] for one in report["lesions"]], abs=6e-4)


def test_the_report_is_opened_saved_and_gone_at_the_end(results, window, monkeypatch, tmp_path) -> None:
    import qt

    from MissingModalitySegLib.ui import pages

    opened = []
    monkeypatch.setattr(qt.QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()) or True)
    assert results.ui.reportButton.enabled
    click(results.ui.reportButton)
    (path,) = opened
    document = Path(path).read_text(encoding="utf-8")
    assert f"{results.run.report['volumes_ml']['lesion']:.2f} ml" in document
    assert "Export…" in message(results)
    FileDialog.answers = [str(tmp_path / "saved.html")]
    menu(results, "HTML").trigger()
    assert (tmp_path / "saved.html").read_text(encoding="utf-8") == document
    pages.forget_pages()
    assert not Path(path).exists()
    click(results.ui.reportButton)
    assert "no browser" in message(results)


def test_a_click_on_a_lesion_moves_the_slice_views(results, slicer_app) -> None:
    red = slicer_app.layoutManager().sliceWidget("Red").mrmlSliceNode()
    red.JumpSlice(0, 0, 0)
    results.ui.lesionTable.cellClicked.emit(0, 0)
    matrix = red.GetSliceToRAS()
    centre = [matrix.GetElement(i, 3) for i in range(3)]
    assert centre == pytest.approx(lesion_place(results.run.lesions, 0), abs=0.01)


def test_regions_opacity_and_surfaces(results) -> None:
    segmentation = results.run.segmentation
    display, first = segmentation.GetDisplayNode(), segment_ids(segmentation)[0]
    click(results._boxes[first])
    assert not display.GetSegmentVisibility(first)
    assert display.GetSegmentVisibility(segment_ids(segmentation)[1])
    results.ui.opacitySlider.value = 0.8
    assert display.GetOpacity2DFill() == pytest.approx(0.8)
    assert not display.GetSegmentVisibility(first)
    click(results.ui.surfaceBox)
    assert segmentation.GetSegmentation().ContainsRepresentation("Closed surface")
    results.ui.surfaceBox.blockSignals(True)
    results.ui.surfaceBox.checked = False
    results.ui.surfaceBox.blockSignals(False)
    results._fill()  # as after loading a scene
    assert results.ui.surfaceBox.checked
    click(results.ui.surfaceBox)
    assert not segmentation.GetSegmentation().ContainsRepresentation("Closed surface")


def test_segments_of_the_user_stay_as_they_are(results) -> None:
    """What is clicked for one segment leaves those that were drawn in the Segment Editor."""
    segmentation = results.run.segmentation
    display, (first, second, *_) = segmentation.GetDisplayNode(), segment_ids(segmentation)
    drawn = segmentation.GetSegmentation().AddEmptySegment()
    display.SetSegmentVisibility(second, False)  # in the Data module
    results.ui.opacitySlider.value = 0.6
    assert [display.GetSegmentVisibility(one) for one in (first, second, drawn)] == [True, False, True]
    click(results._boxes[first])
    assert [display.GetSegmentVisibility(one) for one in (first, second, drawn)] == [False, False, True]


def test_boxes_follow_the_segment_editor(results) -> None:
    """What is added, renamed or removed there has, is called by and loses its box here."""
    inside = results.run.segmentation.GetSegmentation()
    first, second, *_ = segment_ids(results.run.segmentation)
    drawn = inside.AddEmptySegment("", "Cyst")
    until(lambda: [box.text for box in results.boxes][-1:] == ["Cyst"])
    inside.GetSegment(drawn).SetName("Cavity")
    inside.GetSegment(first).SetName("Infarct")
    until(lambda: results._boxes[drawn].text == "Cavity")
    assert results._boxes[first].text == "Infarct"
    inside.RemoveSegment(second)
    until(lambda: second not in results._boxes)
    click(results._boxes[drawn])
    assert not results.run.segmentation.GetDisplayNode().GetSegmentVisibility(drawn)


def test_corrections_by_hand_are_told(results, window, tmp_path) -> None:
    """In the headline, soon after they were made, and where figures are exported."""
    segmentation, words = results.run.segmentation, "Corrections by hand are not counted"
    plain, reference = results.ui.headline.text, results.run.inputs["T1"]
    results.ui.opacitySlider.value = 0.6
    click(results.ui.surfaceBox)
    until(lambda: not results._later.isActive())
    FileDialog.answers = [str(tmp_path / f"{number}") for number in range(4)]
    menu(results, "Lesion table").trigger()
    assert (results.ui.headline.text, words in message(results)) == (plain, False)

    segment_id = segment_ids(segmentation)[0]
    array = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment_id, reference)
    slicer.util.updateSegmentBinaryLabelmapFromArray(1 - array, segmentation, segment_id, reference)
    until(lambda: words in results.ui.headline.text)
    assert results.ui.headline.text.startswith(plain)
    for kind in ("Lesion table", "Volumes as"):
        menu(results, kind).trigger()
        assert words in message(results)
    menu(results, "NIfTI").trigger()
    assert "Saved" in message(results)
    assert words not in message(results)
    again = open_module()
    try:
        assert words in again.window.results.ui.headline.text
    finally:
        close_module(again)
    slicer.util.updateSegmentBinaryLabelmapFromArray(array, segmentation, segment_id, reference)
    until(lambda: results.ui.headline.text == plain)


def test_the_map_of_uncertainty_lies_over_the_images(results, slicer_app) -> None:
    composite = slicer_app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
    click(results.ui.uncertaintyShownBox)
    assert composite.GetForegroundVolumeID() == results.run.uncertainty.GetID()
    click(results.ui.uncertaintyShownBox)
    assert not composite.GetForegroundVolumeID()


def test_the_fill_gives_way_to_the_map_of_uncertainty(results) -> None:
    display = results.run.segmentation.GetDisplayNode()
    results.ui.opacitySlider.value = 0.4
    click(results.ui.uncertaintyShownBox)
    assert display.GetOpacity2DFill() == 0
    results.ui.opacitySlider.value = 0.2  # the user wants both
    click(results.ui.uncertaintyShownBox)
    assert display.GetOpacity2DFill() == pytest.approx(0.2)
    click(results.ui.uncertaintyShownBox)
    click(results.ui.uncertaintyShownBox)
    assert display.GetOpacity2DFill() == pytest.approx(0.2)


def test_a_scene_saved_with_the_map_of_uncertainty_gets_its_fill_back(results, slicer_app, tmp_path) -> None:
    display = results.run.segmentation.GetDisplayNode()
    click(results.ui.uncertaintyShownBox)
    assert display.GetOpacity2DFill() == 0
    again = open_module()  # finds what a scene that was loaded would show
    try:
        ui = again.window.results.ui
        assert ui.uncertaintyShownBox.checked
        ui.uncertaintyShownBox.checked = False
        assert display.GetOpacity2DFill() == pytest.approx(0.35)
    finally:
        close_module(again)


def test_a_word_stays_when_other_nodes_come_and_go(results) -> None:
    """The review adds nodes to the run, and the next change of the scene finds the run another one."""
    click(results.ui.reviewButton)
    click(results.ui.reviewButton)
    results.tell("Saved.")
    slicer.mrmlScene.RemoveNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode"))
    until(lambda: results.run.differences)
    assert message(results) == "Saved."


def test_editing_goes_to_the_segment_editor(results, slicer_app) -> None:
    told = []

    def take(segmentation) -> None:
        told.append(segmentation)
        slicer.util.setSliceViewerLayers(background=results.run.inputs["T1"])  # the geometry is of the first input

    editor = SimpleNamespace(setSegmentationNode=take, setSourceVolumeNode=told.append)
    widget = SimpleNamespace(self=lambda: SimpleNamespace(editor=editor))
    slicer.modules.segmenteditor = SimpleNamespace(widgetRepresentation=lambda: widget)
    click(results.ui.editButton)
    assert slicer_app.selected_modules == ["SegmentEditor"]
    assert told == [results.run.segmentation, results.run.inputs["FLAIR"]]  # what is looked at stays


def test_the_segmentation_as_nifti(results, tmp_path) -> None:
    path = tmp_path / "réponse.nii.gz"
    FileDialog.answers = [str(path)]
    menu(results, "NIfTI").trigger()
    assert "Saved" in message(results)
    image = sitk.ReadImage(str(path))
    labels = sitk.GetArrayFromImage(image)
    voxel_ml = float(np.prod(image.GetSpacing())) / 1000
    assert (labels > 0).sum() * voxel_ml == pytest.approx(results.run.report["volumes_ml"]["lesion"], abs=1e-3)
    node = results.run.inputs["T1"]
    assert image.GetSize() == node.GetImageData().GetDimensions()
    origin = np.array(node.GetOrigin()) * [-1, -1, 1]
    np.testing.assert_allclose(image.GetOrigin(), origin, atol=1e-3)
    assert "labels for a file" not in names_in_scene()


def test_the_numbers_of_segments_of_the_user_are_told(results, tmp_path) -> None:
    """No label scheme tells of them."""
    segmentation = results.run.segmentation.GetSegmentation()
    segmentation.RemoveSegment("label-1")
    segmentation.AddEmptySegment("", "Cyst")
    FileDialog.answers = [str(tmp_path / "labels.nrrd")]
    menu(results, "NIfTI").trigger()
    assert "Segments of your own in it: 4 “Cyst”." in message(results)
    assert set(np.unique(sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "labels.nrrd"))))) <= {0, 2, 3}


@pytest.mark.parametrize(
    ("typed", "kind", "name"),
    [
        ("patient1", None, "patient1.nii.gz"),
        ("patient1", "NRRD (*.nrrd)", "patient1.nrrd"),
        ("patient.v2", None, "patient.v2.nii.gz"),
        ("patient.v2", "NRRD (*.nrrd)", "patient.v2.nrrd"),
        ("patient1.nrrd", None, "patient1.nrrd"),
        ("patient1.NII.GZ", None, "patient1.nii.gz"),
        ("Patient1.Nrrd", None, "Patient1.nrrd"),
    ],
)
def test_names_get_the_ending_of_the_chosen_kind(results, tmp_path, typed: str, kind: str | None, name: str) -> None:
    FileDialog.answers = [(str(tmp_path / typed), kind)]
    menu(results, "NIfTI").trigger()
    assert f"Saved as {tmp_path / name}." in message(results)
    assert sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / name))).any()


def test_no_file_is_replaced_that_nobody_chose(results, tmp_path) -> None:
    """The dialogue asks about the name that was typed, and not about that with the ending that it gets."""
    (tmp_path / "patient.v2.nii.gz").write_text("of somebody")
    FileDialog.answers = [str(tmp_path / "patient.v2")]
    menu(results, "NIfTI").trigger()
    assert "is there already" in message(results)
    assert (tmp_path / "patient.v2.nii.gz").read_text() == "of somebody"


def test_a_file_with_a_small_ending_is_not_replaced_by_one_in_capitals(results, tmp_path) -> None:
    (tmp_path / "patient.nii.gz").write_text("of somebody")
    if (tmp_path / "PATIENT.NII.GZ").exists():
        pytest.skip("capitals are nothing to this disk: the dialogue asks")
    FileDialog.answers = [str(tmp_path / "patient.NII.GZ")]
    menu(results, "NIfTI").trigger()
    assert "is there already" in message(results)
    assert (tmp_path / "patient.nii.gz").read_text() == "of somebody"


def test_nothing_is_saved_where_the_user_thinks_better_of_it(results) -> None:
    FileDialog.answers = []
    menu(results, "NIfTI").trigger()
    assert message(results) == ""


def test_tables_as_csv(results, tmp_path) -> None:
    FileDialog.answers = [str(tmp_path / "lesions.csv"), str(tmp_path / "volumes.csv")]
    menu(results, "Lesion table").trigger()
    menu(results, "Volumes as").trigger()
    lines = (tmp_path / "lesions.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + results.run.lesions.GetNumberOfRows()
    assert lines[0].startswith("Lesion,Volume [ml]")
    assert (tmp_path / "volumes.csv").read_text(encoding="utf-8").splitlines()[1].startswith("Lesion,")


def test_dialogues_begin_where_the_user_would_look(results, slicer_app, tmp_path) -> None:
    """Not in the folder that Slicer was started from."""
    FileDialog.began, FileDialog.answers = [], []
    menu(results, "NIfTI").trigger()
    assert FileDialog.began.pop() == slicer_app.defaultScenePath

    storage = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLNRRDStorageNode")
    results.run.inputs["T1"].SetAndObserveStorageNodeID(storage.GetID())
    study, chosen, unpacked = tmp_path / "study", tmp_path / "chosen", Path(slicer_app.temporaryPath) / "scene"
    for folder in (study, chosen, unpacked):
        folder.mkdir()
    for folder, expected in ((unpacked, slicer_app.defaultScenePath), (study, str(study))):
        storage.SetFileName(str(folder / "T1.nrrd"))
        menu(results, "Lesion table").trigger()
        assert FileDialog.began.pop() == expected

    FileDialog.answers = [str(chosen / "lesions.csv"), "volumes.csv"]
    menu(results, "Lesion table").trigger()
    menu(results, "Volumes as").trigger()
    assert (chosen / "volumes.csv").is_file()
    chosen.rename(tmp_path / "gone")
    menu(results, "HTML").trigger()
    assert FileDialog.began.pop() == str(study)


def test_a_slicer_without_dicom(results, monkeypatch) -> None:
    monkeypatch.delattr(slicer, "dicomDatabase")
    menu(results, "DICOM SEG").trigger()
    assert "not loaded from DICOM" in message(results)


def test_a_folder_that_cannot_be_written(results, tmp_path) -> None:
    (tmp_path / "file").write_text("no folder")
    FileDialog.answers = [str(tmp_path / "file" / "segmentation.nii.gz")]
    menu(results, "NIfTI").trigger()
    assert "cannot be written" in message(results)
    assert ".nii.gz or .nrrd" in message(results)


def test_dicom_seg_is_checked_first(results) -> None:
    menu(results, "DICOM SEG").trigger()
    assert "was not loaded from DICOM" in message(results)


def test_dicom_seg_goes_through_slicers_exporter(results, tmp_path) -> None:
    for node in results.run.inputs.values():
        node.SetAttribute("DICOM.instanceUIDs", "1.2.3")
    slicer.dicomDatabase = SimpleNamespace(fileForInstance=lambda uid: f"/dicom/{uid}", instanceValue=lambda *_: "")
    exported = []

    class Plugin:
        def examineForExport(self, item):
            return [SimpleNamespace(item=item)]

        def export(self, exportables):
            exported.extend(exportables)
            return ""

    slicer.modules.dicomPlugins = {"DICOMSegmentationPlugin": Plugin}
    FileDialog.answers = [str(tmp_path)]
    segmentation, (first, *_) = results.run.segmentation, segment_ids(results.run.segmentation)
    array = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, first, results.run.inputs["T1"])
    slicer.util.updateSegmentBinaryLabelmapFromArray(1 - array, segmentation, first, results.run.inputs["T1"])
    menu(results, "DICOM SEG").trigger()
    assert "Saved" in message(results)
    corrected = segmentation.GetSegmentation().GetSegment(first)
    assert tag_of(corrected, "DICOM.SegmentAlgorithmType") == "SEMIAUTOMATIC"
    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    assert exported[0].item == tree.GetItemByDataNode(results.run.segmentation)
    assert exported[0].directory == str(tmp_path)
    menu(results, "DICOM SEG").trigger()
    assert FileDialog.began[-1] == str(tmp_path)


def test_the_review_and_back(results, slicer_app) -> None:
    manager = slicer_app.layoutManager()
    before = manager.layout
    assert "T2" in results.ui.confidenceLabel.text
    assert "SSIM" in results.ui.confidenceLabel.text
    click(results.ui.reviewButton)
    assert manager.layout != before
    made = manager.sliceWidget("Review-T2-synthetic")
    assert made.mrmlSliceCompositeNode().GetBackgroundVolumeID() == results.run.synthetic["T2"].GetID()
    actors = made.renderWindow().GetRenderers().GetFirstRenderer().GetViewProps()
    texts = [actors.GetItemAsObject(i).GetInput() for i in range(actors.GetNumberOfItems())]
    assert any("SYNTHETIC, not acquired" in text for text in texts)
    place = lesion_place(results.run.lesions, 0)
    matrix = made.mrmlSliceNode().GetSliceToRAS()
    assert abs(place[2]) > 1
    until(lambda: not results.review._later.isActive())
    assert matrix.GetElement(2, 3) == pytest.approx(place[2], abs=0.01)
    others = [manager.sliceWidget(name).mrmlSliceNode() for name in manager.sliceViewNames() if "Review" in name]
    assert len(others) > 3
    for node in others:  # also those that show nothing
        assert node.GetFieldOfView() == pytest.approx(made.mrmlSliceNode().GetFieldOfView())
        assert [node.GetSliceToRAS().GetElement(i, 3) for i in range(3)] == pytest.approx(
            [matrix.GetElement(i, 3) for i in range(3)], abs=0.01
        )
    assert not made.sliceController().sliceOffsetSlider().spinBoxVisible
    assert made.sliceController().sliceOffsetSlider().minimumWidth == 1  # of its own it is as wide as all the rest
    label = made.sliceController().viewLabel()
    assert label.minimumWidth >= label.fontMetrics().horizontalAdvance(label.text)
    click(results.ui.reviewButton)
    assert manager.layout == before
    assert made.renderWindow().GetRenderers().GetFirstRenderer().GetViewProps().GetNumberOfItems() == 0


def test_the_review_begins_at_the_lesion_that_was_chosen(results, window, slicer_app) -> None:
    """And stays with it, though it adds nodes to the run."""
    table = results.run.lesions
    second = table.AddEmptyRow()
    place = np.add(lesion_place(table, 0), (0, 0, 4))
    for name, value in zip(PLACE, place, strict=True):
        table.SetCellText(second, table.GetColumnIndex(name), str(value))
    results._fill()
    results.ui.lesionTable.setCurrentCell(second, 0)
    click(results.ui.reviewButton)
    for _turn in range(2):
        until(lambda: not results.review._later.isActive())
        matrix = slicer_app.layoutManager().sliceWidget("Review-T2-synthetic").mrmlSliceNode().GetSliceToRAS()
        assert matrix.GetElement(2, 3) == pytest.approx(place[2], abs=0.01)
        window.window.refresh()
        assert results.run.differences
        assert results.ui.lesionTable.currentRow() == second
        results.ui.orientationBox.activated.emit(0)


@pytest.mark.parametrize("end", ["button", "scene"])
def test_words_in_the_review_are_of_what_is_shown(results, slicer_app, end: str) -> None:
    click(results.ui.reviewButton)
    view = slicer_app.layoutManager().sliceWidget("Review-T2-synthetic")
    props = view.renderWindow().GetRenderers().GetFirstRenderer().GetViewProps()
    slicer.util.setSliceViewerLayers(background=results.run.inputs["T1"])
    assert props.GetItemAsObject(0).GetInput() == "T1"
    view.mrmlSliceCompositeNode().SetBackgroundVolumeID(results.run.synthetic["T2"].GetID())
    assert "SYNTHETIC, not acquired" in props.GetItemAsObject(0).GetInput()
    composite = view.mrmlSliceCompositeNode()
    words = list(results.review._texts)
    if end == "button":
        click(results.ui.reviewButton)
    else:
        slicer.mrmlScene.Clear(0)
    assert props.GetNumberOfItems() == 0
    composite.SetBackgroundVolumeID(None)
    composite.Modified()
    assert all(one._composite is None for one in words)


def test_a_scene_that_was_saved_in_the_review_opens_in_it(results, slicer_app) -> None:
    """The module comes later than the scene, and leaves no words in views that are not its own any more."""
    manager = slicer_app.layoutManager()
    before = manager.layout
    know_layout(slicer.mrmlScene)
    manager.setLayout(LAYOUT)
    again = open_module()
    assert again.window.results.ui.reviewButton.checked
    renderer = manager.sliceWidget("Review-T2-synthetic").renderWindow().GetRenderers().GetFirstRenderer()
    assert renderer.GetViewProps().GetNumberOfItems() == 1
    close_module(again)
    assert manager.layout == before
    assert renderer.GetViewProps().GetNumberOfItems() == 0


def test_no_empty_review_stays_when_the_scene_is_closed(results, slicer_app) -> None:
    """On the way, Slicer goes to another layout and back."""
    manager = slicer_app.layoutManager()
    before = manager.layout
    click(results.ui.reviewButton)
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)
    manager.setLayout(LAYOUT)
    slicer.mrmlScene.Clear(0)
    until(lambda: manager.layout == before)


def test_a_layout_that_the_user_chooses_ends_the_review(results, slicer_app) -> None:
    manager = slicer_app.layoutManager()
    click(results.ui.reviewButton)
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)
    assert not results.ui.reviewButton.checked
    assert manager.layout == slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView
    made = manager.sliceWidget("Review-T2-synthetic")
    assert made.renderWindow().GetRenderers().GetFirstRenderer().GetViewProps().GetNumberOfItems() == 0
    click(results.ui.reviewButton)
    assert manager.layout == LAYOUT
    click(results.ui.reviewButton)
    assert manager.layout == slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView


def test_a_window_that_is_closed_does_not_look_at_layouts(results, slicer_app) -> None:
    manager, panel = slicer_app.layoutManager(), open_module()
    review = panel.window.results.review
    close_module(panel)
    review.close = lambda: pytest.fail("still connected")
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)


def test_regions_that_were_hidden_elsewhere_stay_hidden(results) -> None:
    """In the Data module, say, or in a scene that was saved so."""
    display = results.run.segmentation.GetDisplayNode()
    first, *others = segment_ids(results.run.segmentation)
    display.SetSegmentVisibility(first, False)
    display.SetOpacity2DFill(0.6)
    again = open_module()
    try:
        assert [box.checked for box in again.window.results.boxes] == [False, *(True for _ in others)]
        assert not display.GetSegmentVisibility(first)
    finally:
        close_module(again)


def test_nothing_of_a_closed_scene_is_held(window) -> None:
    """Volumes are large: those of a patient go with the scene."""
    load_and_guess(window, "T1", "T2", "t2 axial")  # of which one is asked
    segment(window)
    held = [vtk.vtkWeakReference() for _ in range(2)]
    held[0].Set(slicer.mrmlScene.GetFirstNodeByName("T1"))
    held[1].Set(window.window.results.run.segmentation)
    slicer.mrmlScene.Clear(0)
    gc.collect()
    assert [one.Get() for one in held] == [None, None]


def test_results_can_be_removed(results, window) -> None:
    click(results.ui.removeRunButton)
    assert names_in_scene() == ["T1", "FLAIR"]
    assert results.ui.headline.text == "Removed."
    assert not results.ui.exportButton.enabled
    slicer.mrmlScene.Clear(0)
    assert window.window.ui.resultsSection.isHidden()


def test_what_was_removed_comes_back(results, window) -> None:
    before, key, volumes = sorted(names_in_scene()), results.run.run, results.ui.headline.text
    assert results.ui.undoButton.isHidden()
    click(results.ui.removeRunButton)
    click(results.ui.undoButton)
    assert sorted(names_in_scene()) == before
    assert results.run.run == key
    assert results.ui.headline.text == volumes
    assert results.ui.exportButton.enabled
    assert results.ui.undoButton.isHidden()
    results._boxes[segment_ids(results.run.segmentation)[0]].click()
    assert not results.run.segmentation.GetDisplayNode().GetSegmentVisibility(segment_ids(results.run.segmentation)[0])


def test_results_that_the_user_deletes_are_not_missed(results, window) -> None:
    slicer.mrmlScene.RemoveNode(results.run.segmentation)
    until(lambda: results.run is not None and results.run.segmentation is None)
    assert not results.ui.editButton.enabled
    results.ui.lesionTable.cellClicked.emit(0, 0)  # still knows the way


def lesion_header(results) -> str:
    table = results.ui.lesionTable
    return table.horizontalHeaderItem(0).text() if table.columnCount == 1 and not table.rowCount else ""


def test_a_table_of_lesions_that_the_user_deletes_does_not_mean_that_there_are_none(results) -> None:
    headline = results.ui.headline.text
    slicer.mrmlScene.RemoveNode(results.run.lesions)
    until(lambda: results.run.lesions is None)
    assert results.ui.headline.text == headline
    assert lesion_header(results) == "The lesion table is not in the scene any more."
    click(results.ui.removeRunButton)
    click(results.ui.undoButton)
    assert results.ui.headline.text == headline
    assert lesion_header(results) == "The lesion table is not in the scene any more."


def test_a_report_that_the_user_deletes_does_not_mean_that_nothing_was_segmented(results) -> None:
    reports = [node for node in slicer.util.getNodesByClass("vtkMRMLTextNode") if "volumes_ml" in node.GetText()]
    assert len(reports) == 1
    slicer.mrmlScene.RemoveNode(reports[0])
    until(lambda: results.ui.headline.text == "The report is not in the scene any more.")


def test_no_lesion_is_told(results) -> None:
    while results.run.lesions.GetNumberOfRows():
        results.run.lesions.RemoveRow(0)
    results._fill()
    assert lesion_header(results) == "No lesion was found"


def test_synthetic_sequences_have_no_table_of_lesions_to_miss(window) -> None:
    t1, flair = load_and_guess(window, "T1", "FLAIR")
    window.logic.synthesize({"T1": t1, "FLAIR": flair}, model="synthesis", device="cpu", precision="float32")
    window.window.refresh()
    assert window.window.results.ui.headline.text == "Synthetic sequences only."
    assert lesion_header(window.window.results) == ""


def test_sequences_that_are_synthesised_afterwards_leave_the_outlines(results, window) -> None:
    outlines = results.run.segmentation.GetDisplayNode()
    nodes = dict(results.run.inputs)
    window.logic.synthesize(nodes, model="synthesis", device="cpu", precision="float32")
    window.window.refresh()
    results.ui.compareTable.cellClicked.emit(1, 0)
    assert results.ui.headline.text == "Synthetic sequences only."
    assert outlines.GetVisibility()


def test_a_second_run_replaces_the_first(results, window) -> None:
    before = sorted(names_in_scene())
    segment(window)
    assert sorted(names_in_scene()) == before


def test_the_background_that_a_user_chose_stays(window, slicer_app) -> None:
    _t1, t2, flair = load_and_guess(window, "T1", "T2", "FLAIR")
    segment(window)
    shown = slicer_app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
    assert shown.GetBackgroundVolumeID() == flair.GetID()
    slicer.util.setSliceViewerLayers(background=t2)
    segment(window)
    assert shown.GetBackgroundVolumeID() == t2.GetID()


def test_names_are_not_taken_for_mathematics(results) -> None:
    """VTK sets what stands between bars or dollars as mathematics, wherever a view shows the name."""
    click(results.ui.reviewButton)
    assert [name for name in names_in_scene() if set("|$") & set(name)] == []
    assert any("acquired to reconstructed" in name for name in names_in_scene())


def test_the_review_ends_with_the_last_volume_that_it_is_about(results, slicer_app) -> None:
    click(results.ui.reviewButton)
    layout = slicer_app.layoutManager().layout
    for volume in [*results.run.synthetic.values(), *results.run.reconstructed.values()]:
        slicer.mrmlScene.RemoveNode(volume)
    until(lambda: results.ui.review.isHidden())
    assert not results.ui.reviewButton.checked
    assert slicer_app.layoutManager().layout != layout


def test_the_review_stays_when_something_changes(results, window) -> None:
    """It has added nodes to the run, which is the same for all that."""
    click(results.ui.reviewButton)
    window.window.parameters.uncertainty = False
    window.window.refresh()
    assert results.run.differences
    assert results.ui.reviewButton.checked
