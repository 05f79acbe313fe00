"""Words in the corner of a view of the review that are true whatever the view shows: users may put other volumes there,
and Slicer does where one is deleted."""

from __future__ import annotations

from typing import Any

import vtk

from .corner_text import CornerText
from .marks import is_synthetic
from .review_layout import Cell


class ViewWords:
    """Those of a cell while its view shows the cell's volume, else the name of what it shows; until `remove`."""

    def __init__(self, renderer: Any, cell: Cell, composite: Any) -> None:
        self._told = cell.text, cell.is_generated
        self._volume = None if cell.volume is None else cell.volume.GetID()  # the node would outlive its scene
        self._composite = composite
        self._text = CornerText(renderer, *self._told)
        self._tag = composite.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: self._write())
        self._write()

    def remove(self) -> None:
        """Take the words away, and look no more."""
        if self._composite is not None:
            self._composite.RemoveObserver(self._tag)
            self._composite = None
        self._text.remove()

    def _write(self) -> None:
        scene, shown = self._composite.GetScene(), self._composite.GetBackgroundVolumeID()
        node = scene.GetNodeByID(shown) if scene is not None and shown else None
        if (None if node is None else shown) == self._volume:
            self._text.write(*self._told)
        elif node is None:
            self._text.write("")
        else:
            self._text.write(node.GetName(), is_synthetic(node))
