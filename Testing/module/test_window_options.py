"""Options: bound to the scene, remembered from one scene to the next, and what the job gets of them."""

from __future__ import annotations

import numpy as np
import pytest
import qt
import slicer

from MissingModalitySegLib.ui.parameters import options_of, volumes_of
from Testing.module.hands import click, load_and_guess, problem, segment
from Testing.module.tiny_models import add_mask, add_volume
from Testing.slicer_harness.module_window import close_module, open_module, until


def test_boxes_and_parameters_follow_each_other(window) -> None:
    ui, parameters = window.window.options.ui, window.window.parameters
    click(ui.synthesizeBox)
    assert parameters.synthesize
    parameters.reference = "FLAIR"
    assert ui.referenceBox.currentText == "FLAIR"
    ui.brainBox.setCurrentIndex(1)
    assert parameters.brain == "extracted"
    ui.minimumBox.setValue(0.25)
    assert parameters.minimumLesionMl == 0.25


def test_every_choice_becomes_an_option_of_the_job(window) -> None:
    parameters = window.window.parameters
    load_and_guess(window, "T1")
    for name, value in {"synthesize": True, "reconstructions": True, "uncertainty": True, "align": False}.items():
        parameters.setValue(name, value)
    for name, value in {"brain": "none", "device": "cpu", "precision": "float32", "inference": "whole"}.items():
        parameters.setValue(name, value)
    parameters.minimumLesionMl = 0.5
    parameters.reference = "T1"
    options = options_of(parameters)
    assert (options.synthesize, options.reconstructions, options.uncertainty) == (True, True, True)
    assert (options.register, options.brain, options.device) == ("off", "none", "cpu")
    assert (options.precision, options.inference, options.minimum_lesion_ml) == ("float32", "whole", 0.5)
    assert str(options.reference) == "T1"
    parameters.reference = "DWI"  # not chosen: falls back to the finest
    assert options_of(parameters).reference is None


def test_options_are_remembered_in_a_new_scene_and_a_new_start(window, slicer_app, tmp_path) -> None:
    window.window.parameters.uncertainty = True
    window.window.parameters.minimumLesionMl = 0.1
    window.window.parameters.model = "two"
    slicer.mrmlScene.Clear(0)
    assert window.window.parameters.uncertainty
    assert window.window.parameters.minimumLesionMl == 0.1
    other = open_module()
    assert other.window.parameters.model == "two"
    close_module(other)


def test_options_are_remembered_where_the_wrapper_of_a_closed_scene_lives_on(window) -> None:
    """As in Slicer 5.10: what is left of its parameters becomes its defaults before the new scene asks for them."""
    closed = window.window.parameters
    closed.uncertainty, closed.minimumLesionMl, closed.model = True, 0.1, "two"
    slicer.mrmlScene.Clear(0)
    parameters = window.window.parameters
    assert parameters is not closed
    assert (parameters.uncertainty, parameters.minimumLesionMl, parameters.model) == (True, 0.1, "two")
    assert qt.QSettings().value("MissingModalitySeg/Options/uncertainty") == "True"


def test_options_of_a_saved_scene_are_not_those_remembered(window, slicer_app, tmp_path) -> None:
    window.window.parameters.uncertainty = True
    path = tmp_path / "saved.mrml"
    slicer.mrmlScene.SetURL(str(path))
    assert slicer.mrmlScene.Commit(str(path))
    window.window.parameters.uncertainty = False
    slicer.mrmlScene.SetURL(str(path))
    assert slicer.mrmlScene.Connect()
    until(lambda: window.window.parameters is not None and window.window.parameters.uncertainty)
    assert qt.QSettings().value("MissingModalitySeg/Options/uncertainty") == "False"
    window.window.parameters.minimumLesionMl = 0.25  # is remembered, and nothing else of this scene
    slicer.mrmlScene.Clear(0)
    assert window.window.parameters.minimumLesionMl == 0.25
    assert not window.window.parameters.uncertainty


def test_a_scene_that_is_added_changes_no_setting_and_no_choice(window, tmp_path) -> None:
    """Slicer's selectors choose nothing when an import ends; the parameters must not hear of it."""
    load_and_guess(window, "T1", "FLAIR")
    window.window.parameters.uncertainty = True
    foreign = slicer.vtkMRMLScene()
    foreign.AddNewNodeByClass("vtkMRMLTextNode")
    path = tmp_path / "foreign.mrml"
    foreign.SetURL(str(path))
    assert foreign.Commit(str(path))
    slicer.mrmlScene.SetURL(str(path))
    assert slicer.mrmlScene.Import()
    until(lambda: window.window.parameters is not None)
    assert set(volumes_of(window.window.parameters)) == {"T1", "FLAIR"}
    assert window.window.parameters.uncertainty
    assert qt.QSettings().value("MissingModalitySeg/Options/uncertainty") == "True"


def test_back_to_defaults(window) -> None:
    parameters = window.window.parameters
    parameters.uncertainty, parameters.brain, parameters.minimumLesionMl = True, "none", 3.0
    click(window.window.options.ui.defaultsButton)
    assert (parameters.uncertainty, parameters.brain, parameters.minimumLesionMl) == (False, "auto", 0.0)
    assert parameters.device == "auto"


@pytest.mark.parametrize("kind", ["vtkMRMLLabelMapVolumeNode", "vtkMRMLSegmentationNode"])
def test_a_brain_mask_of_the_scene_is_used(window, kind: str) -> None:
    (t1,) = load_and_guess(window, "T1")
    inside = slicer.util.arrayFromVolume(t1) > 0
    mask = add_mask(t1, kind)
    ui = window.window.options.ui
    assert ui.brainMaskSelector.isHidden()
    window.window.parameters.brain = "mask"
    assert not ui.brainMaskSelector.isHidden()
    ui.brainMaskSelector.setCurrentNode(mask)
    assert window.window.parameters.brainMask is mask
    segment(window)
    assert not problem(window)
    report = window.window.results.run.report
    assert report["options"]["brain"] == "brain.nrrd"
    assert report["brain"]["volume_ml"] == np.round(inside.sum() * 8 / 1000, 3) or report["brain"]["volume_ml"] > 0


def test_a_mask_has_to_be_chosen_where_one_is_to_be_used(window) -> None:
    """Else the brain would be looked for, and nobody told."""
    load_and_guess(window, "T1")
    window.window.parameters.brain = "mask"
    ui = window.window.run.ui
    assert not ui.segmentButton.enabled
    assert "mask" in ui.whyNot.text
    selector = window.window.options.ui.brainMaskSelector
    for mask in (add_volume("mask"), slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "brain")):
        selector.setCurrentNode(mask)
        assert window.window.parameters.brainMask is mask
        assert ui.segmentButton.enabled
        slicer.mrmlScene.RemoveNode(mask)
        until(lambda: not ui.segmentButton.enabled)
        assert selector.currentNode() is None
    slicer.mrmlScene.Clear(0)
    assert window.window.parameters.brain == "auto"


def test_no_other_node_takes_the_place_of_a_mask_that_is_deleted(window) -> None:
    """T1 would, which lies before both in the list."""
    (t1,) = load_and_guess(window, "T1")
    parameters = window.window.parameters
    parameters.brain = "mask"
    for kind in ("vtkMRMLLabelMapVolumeNode", "vtkMRMLSegmentationNode"):
        parameters.brainMask = mask = add_mask(t1, kind)
        slicer.mrmlScene.RemoveNode(mask)
        assert parameters.brainMask is None
        assert window.window.options.ui.brainMaskSelector.currentNode() is None
        assert parameters.t1 is t1
    until(lambda: "mask" in window.window.run.ui.whyNot.text)


def test_the_selector_offers_volumes_and_segmentations(window) -> None:
    """And one choice takes the place of the other."""
    t1, model = add_volume("T1"), slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode", "surface")
    masks = [t1, add_mask(t1), add_mask(t1, "vtkMRMLSegmentationNode")]
    selector, parameters = window.window.options.ui.brainMaskSelector, window.window.parameters
    for mask in [*masks, *masks[::-1]]:
        selector.setCurrentNode(mask)
        assert parameters.brainMask is mask
        parameters.brainMask = None
        assert selector.currentNode() is None
        parameters.brainMask = mask
        assert selector.currentNode() is mask
    with pytest.raises(TypeError):
        parameters.brainMask = model
    assert parameters.brainMask is masks[0]


@pytest.mark.parametrize("kind", ["vtkMRMLLabelMapVolumeNode", "vtkMRMLSegmentationNode"])
def test_a_mask_is_chosen_again_when_its_scene_is_opened(window, tmp_path, kind: str) -> None:
    window.window.parameters.brain = "mask"
    window.window.parameters.brainMask = slicer.mrmlScene.AddNewNodeByClass(kind, "brain")
    path = tmp_path / "saved.mrml"
    slicer.mrmlScene.SetURL(str(path))
    assert slicer.mrmlScene.Commit(str(path))
    slicer.mrmlScene.Clear(0)
    window.window.parameters.brainMask = add_volume("another")
    assert slicer.mrmlScene.Connect()
    until(lambda: window.window.parameters is not None and window.window.parameters.brain == "mask")
    found = window.window.parameters.brainMask
    assert (found.GetName(), found.GetClassName()) == ("brain", kind)
    assert window.window.options.ui.brainMaskSelector.currentNode() is found


def test_an_empty_segmentation_is_refused_in_words(window) -> None:
    load_and_guess(window, "T1")
    window.window.parameters.brain = "mask"
    window.window.parameters.brainMask = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "my brain")
    segment(window)
    assert "“my brain” has no voxels" in problem(window)


def test_what_the_worker_found_is_told(window) -> None:
    add_volume("T1")
    load_and_guess(window)
    segment(window)
    ui = window.window.options.ui
    assert not ui.deviceFound.isHidden()
    assert "cpu" in ui.deviceFound.text


def test_the_smallest_lesion_is_all_kept_or_a_volume(window) -> None:
    """Slicer gives a number's widget the range of the parameter, and a box without a lower end has no special value."""
    box = window.window.options.ui.minimumBox
    assert (box.minimum, box.maximum) == (0.0, 100.0)
    assert box.text == "all kept"
    box.setValue(-1.0)
    assert window.window.parameters.minimumLesionMl == 0.0


def test_options_need_no_more_room_than_the_longest_word_of_them(window) -> None:
    options = window.window.options.ui
    window.window.ui.optionsSection.collapsed = False
    names, longest = (one.sizeHint().width() for one in (options.synthesizeLabel, options.reconstructionsBox))
    assert longest <= options.synthesizeBox.parent().minimumSizeHint().width() < names + longest
