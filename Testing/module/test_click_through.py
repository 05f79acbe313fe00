"""From loaded volumes to a table of lesions, with the mouse: real module, real scene, real worker."""

from __future__ import annotations

import slicer
from PySide6 import QtCore

from Testing.module.hands import click, load_and_guess, problem, segment
from Testing.slicer_harness.module_window import close_module, open_module, until


def test_from_volumes_to_lesions_and_back_from_a_file(window, slicer_app, tmp_path) -> None:
    inputs, run, results = window.window.inputs.ui, window.window.run.ui, window.window.results
    assert not run.segmentButton.enabled
    assert "at least one" in run.whyNot.text
    t1, flair = load_and_guess(window, "T1", "FLAIR")
    assert (inputs.t1Selector.currentNode(), inputs.flairSelector.currentNode()) == (t1, flair)
    click(window.window.model._cards[1].button)
    assert window.window.parameters.model == "two"
    window.window.options.ui.synthesizeBox.click()
    segment(window)
    assert not problem(window)
    found = results.run
    assert found.model == "two"
    assert found.segmentation.GetScene() is slicer.mrmlScene
    assert found.synthetic["T2"].GetName() == "T2 (synthetic, not acquired)"
    assert results.ui.lesionTable.rowCount == found.lesions.GetNumberOfRows() > 0
    assert not window.window.ui.resultsSection.isHidden()

    saved = slicer_app.scenes.save(tmp_path / "scene.mrb")
    slicer_app.scenes.load(saved)
    again = window.window
    until(lambda: again.inputs.ui.flairSelector.currentNode() is not None)
    assert again.parameters.model == "two"
    assert again.inputs.ui.flairSelector.currentNode().GetName() == "FLAIR"
    assert again.options.ui.synthesizeBox.checked
    assert again.results.run.report == found.report
    assert again.results.run.segmentation.GetScene() is slicer.mrmlScene
    assert again.results.ui.lesionTable.rowCount == found.lesions.GetNumberOfRows()


def test_the_window_lives_while_the_worker_works(window) -> None:
    """A timer of the window goes on ticking between the steps of the progress; what came together shows together."""
    load_and_guess(window, "T1", "FLAIR")
    for name in ("synthesize", "reconstructions", "uncertainty"):
        window.window.parameters.setValue(name, True)
    steps = []
    ticks = [0]
    timer = QtCore.QTimer()
    timer.timeout.connect(lambda: ticks.__setitem__(0, ticks[0] + 1))
    timer.start(1)
    window.window.run.ui.progressBar.connect("valueChanged(int)", lambda value: steps.append((value, ticks[0])))
    segment(window)
    timer.stop()
    moments = sorted({tick for _, tick in steps})
    assert len(moments) >= 3
    assert ticks[0] > moments[-1]
    shown = [value for value, _ in steps if value]
    assert shown == sorted(shown)


def test_a_window_can_be_closed_and_opened_while_the_worker_works(slicer_app) -> None:
    widget = open_module()
    load_and_guess(widget, "T1")
    click(widget.window.run.ui.segmentButton)
    close_module(widget)
    widget = open_module()
    assert widget.window.run.ui.segmentButton.text == "Ca&ncel"
    until(lambda: widget.window.run.ui.segmentButton.text == "&Segment")
    assert widget.window.results.run is not None
    close_module(widget)
