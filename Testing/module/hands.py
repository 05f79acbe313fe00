"""What a user's hands do."""

from __future__ import annotations

from typing import Any

import slicer
from PySide6 import QtCore, QtTest, QtWidgets

from Testing.module.tiny_models import add_volume
from Testing.slicer_harness.module_window import make_room, until


def click(button: Any) -> None:
    """Press a button that can be pressed."""
    assert button.enabled, f"{button.name} is disabled"
    if not button.visibleRegion().boundingRect().contains(button.rect.center()):
        make_room(button.window())
    middle = button.rect.center()
    if isinstance(button, QtWidgets.QRadioButton | QtWidgets.QCheckBox):  # clicks count on their words only
        middle.setX(8)
    QtTest.QTest.mouseClick(button, QtCore.Qt.LeftButton, QtCore.Qt.NoModifier, middle)


def load_and_guess(window: Any, *names: str) -> list[Any]:
    """Volumes of these names in the scene, and a click on “Guess from scene”."""
    nodes = [add_volume(name, number) for number, name in enumerate(names)]
    click(window.window.inputs.ui.guessButton)
    return nodes


def segment(window: Any) -> None:
    """Press “Segment” and wait for the end."""
    button = window.window.run.ui.segmentButton
    click(button)
    assert button.text == "Ca&ncel"
    until(lambda: button.text == "&Segment")


def problem(window: Any) -> str:
    """What the red frame says."""
    ui = window.window.run.ui
    return "" if ui.problem.isHidden() else ui.problemLabel.text


def names_in_scene() -> list[str]:
    """Names of all nodes that a user sees."""
    scene = slicer.mrmlScene
    kinds = ("vtkMRMLVolumeNode", "vtkMRMLSegmentationNode", "vtkMRMLTableNode", "vtkMRMLTextNode")
    nodes = [scene.GetNthNode(i) for i in range(scene.GetNumberOfNodes())]
    return [node.GetName() for node in nodes if any(node.IsA(kind) for kind in kinds)]
