"""Window and level: generated volumes look like those that were acquired."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .geometry import voxels

_SHOWN = (0.5, 99.5)
"""Percentiles that a window reaches from and to where nobody said otherwise."""

_MOST = 500_000  # voxels that percentiles are taken from


@dataclass(frozen=True)
class Window:
    """A display range as radiologists name it: `width` intensities around `level`."""

    width: float
    level: float

    @property
    def ends(self) -> tuple[float, float]:
        return self.level - self.width / 2, self.level + self.width / 2


def window_of(volume: Any) -> Window | None:
    """How a volume is displayed now; None where it has no display yet."""
    display = volume.GetDisplayNode()
    return None if display is None else Window(display.GetWindow(), display.GetLevel())


def fitting_window(volume: Any) -> Window:
    """A window over what is not the value of the volume's corner, which around a head is background."""
    values = voxels(volume.GetImageData()).ravel()
    values = values[:: max(1, values.size // _MOST)].astype(float)
    values = values[np.isfinite(values)]
    shown = values[values != values[0]] if values.size else values
    if not shown.size:
        return Window(1.0, 0.5)
    low, high = np.percentile(shown, _SHOWN)
    return Window(max(float(high - low), 1e-6), float(high + low) / 2)


def show_window(volume: Any, window: Window) -> None:
    """Display a volume with a window, now and after loading. A display that is made here never looks for a window of
    its own: in a whole head that takes longer than anybody wants to wait."""
    display = volume.GetDisplayNode()
    made = display is None
    if made:
        display = volume.GetScene().AddNewNodeByClass("vtkMRMLScalarVolumeDisplayNode")
        if not display.GetColorNodeID():
            display.SetDefaultColorMap()
    display.AutoWindowLevelOff()
    display.SetWindowLevel(window.width, window.level)
    if made:
        volume.SetAndObserveDisplayNodeID(display.GetID())
