"""The volume that results are looked at over."""

from __future__ import annotations

from typing import Any

import slicer

from ..modalities import Modality
from ..scene import PlacedRun

_LESIONS_STAND_OUT = (Modality.FLAIR, Modality.DWI, Modality.T2, Modality.T1CE)
"""What results are shown over, the best first."""


def shown_volume() -> Any:
    """The background of the red slice view; None where there is none."""
    manager = slicer.app.layoutManager()
    red = None if manager is None else manager.sliceWidget("Red")
    if red is None:
        return None
    return slicer.mrmlScene.GetNodeByID(red.sliceLogic().GetSliceCompositeNode().GetBackgroundVolumeID() or "")


def underlay(run: PlacedRun) -> Any:
    """The input of a run that is shown, else the one on which lesions stand out best; None where all are gone."""
    shown, inputs = shown_volume(), run.inputs
    if any(shown is node for node in inputs.values()):
        return shown
    return next((inputs[one] for one in (*_LESIONS_STAND_OUT, *inputs) if one in inputs), None)


def show_below(run: PlacedRun) -> None:
    """Show a volume that the results were made from, unless one of them is shown already."""
    below = underlay(run)
    if below is not None and below is not shown_volume():
        slicer.util.setSliceViewerLayers(background=below, fit=slicer.app.layoutManager() is not None)
