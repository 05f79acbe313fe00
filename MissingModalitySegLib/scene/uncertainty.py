"""How an uncertainty map looks: a colour map of its own over a fixed range, clear where the model is sure."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

from .windows import Window, show_window

SINGLETON = "MissingModalitySegUncertainty"
_ANCHORS = ((0.0, (20, 11, 52)), (0.35, (132, 32, 107)), (0.65, (229, 92, 48)), (1.0, (252, 255, 164)))
_COLOURS = 256
SURE = 0.1
"""Below this disagreement nothing is shown, so that the map can lie over an image."""


def dress_uncertainty(volume: Any, scene: Any) -> None:
    """Show a map of disagreement (0 sure … 1 open) in colours from dark to bright."""
    show_window(volume, Window(1.0, 0.5))
    display = volume.GetDisplayNode()
    display.SetAndObserveColorNodeID(colours(scene).GetID())
    display.AutoThresholdOff()
    display.SetThreshold(SURE, 1.0)
    display.SetApplyThreshold(1)


def colours(scene: Any) -> Any:
    """The colour map; made once per scene."""
    found = scene.GetSingletonNode(SINGLETON, "vtkMRMLColorTableNode")
    if found is not None:
        return found
    node = slicer.vtkMRMLColorTableNode()
    node.SetSingletonTag(SINGLETON)
    node.SetName("Uncertainty")
    node.SetTypeToUser()
    node.SetNumberOfColors(_COLOURS)
    places = [place for place, _ in _ANCHORS]
    for i in range(_COLOURS):
        parts = [
            float(np.interp(i / (_COLOURS - 1), places, [c[part] for _, c in _ANCHORS])) / 255 for part in range(3)
        ]
        node.SetColor(i, f"{i / (_COLOURS - 1):.2f}", *parts, 1.0)
    return scene.AddNode(node)
