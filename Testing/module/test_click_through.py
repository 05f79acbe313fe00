"""From loaded volumes to a table of lesions, with the mouse: real module, real scene, real worker."""

from __future__ import annotations

import slicer
from PySide6 import QtCore, QtTest

from Testing.module.tiny_models import add_volume
from Testing.slicer_harness.module_window import until


def click(button) -> None:
    QtTest.QTest.mouseClick(button, QtCore.Qt.LeftButton)


def test_from_volumes_to_lesions(window) -> None:
    t1, flair = add_volume("T1"), add_volume("FLAIR", 1)
    inputs, run, results = window.window.inputs.ui, window.window.run.ui, window.window.results
    assert not run.segmentButton.enabled
    click(inputs.guessButton)
    assert (inputs.t1Selector.currentNode(), inputs.flairSelector.currentNode()) == (t1, flair)
    assert inputs.t2Badge.text == "○ missing"
    assert run.segmentButton.enabled
    seen = []
    run.progressBar.connect("valueChanged(int)", seen.append)
    click(run.segmentButton)
    assert run.segmentButton.text == "Cancel"
    until(lambda: run.segmentButton.text == "Segment")
    assert not run.problem.visible, run.problemLabel.text
    assert len(seen) > 1
    assert results.run.segmentation.GetScene() is slicer.mrmlScene
    assert results.ui.lesionTable.rowCount == results.run.lesions.GetNumberOfRows()
    assert window.window.ui.resultsSection.visible
