"""Choosing sequences: guesses, questions, several studies, and what cannot be chosen."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import slicer

from Testing.module.hands import click, load_and_guess
from Testing.module.tiny_models import add_volume
from Testing.slicer_harness.module_window import until


def chosen(window) -> dict[str, str]:
    ui = window.window.inputs.ui
    names = ("t1", "t1ce", "t2", "flair", "dwi")
    nodes = {name: getattr(ui, f"{name}Selector").currentNode() for name in names}
    return {name: node.GetName() for name, node in nodes.items() if node is not None}


def message(window) -> str:
    label = window.window.inputs.ui.inputsMessage
    return "" if label.isHidden() else label.text


def test_names_are_recognised_and_reasons_told(window) -> None:
    load_and_guess(window, "ax_t2_tse", "t1_mprage_km", "t2_flair_3d", "Segmentation of somebody")
    assert chosen(window) == {"t1ce": "t1_mprage_km", "t2": "ax_t2_tse", "flair": "t2_flair_3d"}
    ui = window.window.inputs.ui
    assert ui.t2Badge.text == "● present"
    assert "name" in ui.t2Badge.toolTip
    assert ui.t1ceBadge.text == "● not used"  # the models take T1, T2 and FLAIR
    assert ui.dwiBadge.text == "not needed"


def test_what_is_unsure_is_asked(window) -> None:
    load_and_guess(window, "T2", "t2 axial")
    ui = window.window.inputs.ui
    assert chosen(window) == {}
    assert not ui.question.isHidden()
    assert "T2" in ui.questionLabel.text
    assert {ui.answerBox.itemText(i) for i in range(ui.answerBox.count)} == {"T2", "t2 axial"}
    ui.answerBox.currentIndex = ui.answerBox.findText("t2 axial")
    click(ui.answerButton)
    assert chosen(window) == {"t2": "t2 axial"}
    assert ui.question.isHidden()


def test_an_answer_can_be_refused(window) -> None:
    load_and_guess(window, "T2", "t2 axial")
    click(window.window.inputs.ui.skipButton)
    assert chosen(window) == {}
    assert window.window.inputs.ui.question.isHidden()


def test_several_studies_are_kept_apart(window, slicer_app) -> None:
    scenes = slicer_app.scenes
    for patient in ("Anna", "Björn “B.”"):
        item = scenes.study(patient, "MR")
        for name in ("T1", "FLAIR"):
            scenes.tree.CreateItem(item, add_volume(name))
    ui = window.window.inputs.ui
    click(ui.guessButton)
    assert [ui.studyBox.itemText(i) for i in range(2)] == ["Anna / MR", "Björn “B.” / MR"]
    first = ui.t1Selector.currentNode()
    ui.studyBox.setCurrentIndex(1)
    ui.studyBox.activated.emit(1)
    second = ui.t1Selector.currentNode()
    assert first is not second
    assert not message(window)
    ui.t1Selector.setCurrentNode(first)
    assert "different studies" in message(window)
    assert "Björn" in message(window)


def test_headers_are_read_when_guessing_alone(window, monkeypatch) -> None:
    """The window is brought up to date at every turn, and a database of DICOM files may be slow."""
    nodes = load_and_guess(window, "T1", "FLAIR")
    asked = []
    database = SimpleNamespace(instanceValue=lambda *what: asked.append(what) or "")
    monkeypatch.setattr(slicer, "dicomDatabase", database)
    for node in nodes:
        node.SetAttribute("DICOM.instanceUIDs", "1.2.3")
    window.window.refresh()
    assert asked == []
    click(window.window.inputs.ui.guessButton)
    assert asked


def test_the_same_volume_twice_is_refused(window) -> None:
    (flair,) = load_and_guess(window, "FLAIR")
    ui = window.window.inputs.ui
    ui.t2Selector.setCurrentNode(flair)
    assert ui.t2Badge.text == ui.flairBadge.text == "✕ chosen twice"
    assert "chosen as T2 and as FLAIR" in message(window)
    assert not window.window.run.ui.segmentButton.enabled
    ui.t2Selector.setCurrentNode(None)
    assert not message(window)
    assert window.window.run.ui.segmentButton.enabled


def test_nothing_in_the_scene(window) -> None:
    click(window.window.inputs.ui.guessButton)
    assert "Load the study first" in message(window)


def test_names_with_anything_in_them(window) -> None:
    names = ["T1 'quoted' \"twice\" <i>slanted</i>", "FLAIR 脳 é/..\\x"]
    load_and_guess(window, *names)
    assert chosen(window) == {"t1": names[0], "flair": names[1]}


def test_a_volume_that_is_deleted_leaves_its_place_empty(window) -> None:
    t1, _ = load_and_guess(window, "T1", "FLAIR")
    slicer.mrmlScene.RemoveNode(t1)
    until(lambda: window.window.inputs.ui.t1Badge.text == "○ missing")
    assert chosen(window) == {"flair": "FLAIR"}


@pytest.mark.parametrize("name", ["T1", "t1ce", "T2", "FLAIR", "DWI"])
def test_no_other_volume_takes_the_place_of_one_that_is_deleted(window, name: str) -> None:
    """Slicer's selectors move on to a neighbour of what goes, whether it is a volume of the study or not."""
    names = ["T1", "t1ce", "T2", "FLAIR", "DWI"]
    nodes = dict(zip(names, load_and_guess(window, *names), strict=True))
    add_volume("whatever")
    assert chosen(window) == {one.lower(): one for one in names}
    slicer.mrmlScene.RemoveNode(nodes[name])
    assert chosen(window) == {one.lower(): one for one in names if one != name}
    assert window.window.parameters.getValue(name.lower()) is None
    until(lambda: getattr(window.window.inputs.ui, f"{name.lower()}Badge").text in ("○ missing", "not needed"))


def test_a_volume_chosen_twice_leaves_both_places_when_it_is_deleted(window) -> None:
    t1, flair = load_and_guess(window, "T1", "FLAIR")
    window.window.inputs.ui.t2Selector.setCurrentNode(flair)
    window.window.inputs.ui.dwiSelector.setCurrentNode(t1)
    slicer.mrmlScene.RemoveNode(flair)
    assert chosen(window) == {"t1": "T1", "dwi": "T1"}


def test_a_volume_without_voxels_is_refused(window) -> None:
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "T1")
    window.window.inputs.ui.t1Selector.setCurrentNode(empty)
    assert "has no voxels" in message(window)
    assert not window.window.run.ui.segmentButton.enabled


def test_the_frame_of_a_sequence_is_refused(window) -> None:
    frame = add_volume("T1")
    scene = slicer.mrmlScene
    sequence = scene.AddNewNodeByClass("vtkMRMLSequenceNode")
    sequence.SetDataNodeAtValue(frame, "0")
    browser = scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
    browser.AddProxyNode(frame, sequence, False)
    window.window.inputs.ui.t1Selector.setCurrentNode(frame)
    assert "4D sequence" in message(window)


@pytest.mark.parametrize("kind", ["vtkMRMLLabelMapVolumeNode", "vtkMRMLVectorVolumeNode"])
def test_other_kinds_of_volumes_cannot_be_chosen(window, kind) -> None:
    node = slicer.util.addVolumeFromArray(np.zeros((4, 4, 4), "uint8"), None, "T1", kind)
    window.window.inputs.ui.t1Selector.setCurrentNode(node)
    assert chosen(window) == {}


def test_synthetic_volumes_are_not_guessed_and_refused(window) -> None:
    made = add_volume("T1")
    made.SetAttribute("MissingModalitySeg.Synthetic", "true")
    click(window.window.inputs.ui.guessButton)
    assert chosen(window) == {}
    window.window.inputs.ui.t1Selector.setCurrentNode(made)
    assert "not acquired" in message(window)


def test_a_choice_that_guessing_changed_comes_back(window) -> None:
    ui, parameters = window.window.inputs.ui, window.window.parameters
    first, second = add_volume("T1", 0), add_volume("FLAIR", 1)
    click(ui.guessButton)
    assert ui.unguessButton.isHidden()  # nothing was chosen before
    parameters.t1, parameters.flair, parameters.t2 = None, None, first
    click(ui.guessButton)
    assert (parameters.t1, parameters.flair, parameters.t2) == (first, second, None)
    click(ui.unguessButton)
    assert (parameters.t1, parameters.flair, parameters.t2) == (None, None, first)
    assert ui.unguessButton.isHidden()
