"""Words in the corner of a view, drawn by us: Slicer's own annotations can be switched off and are rewritten."""

from __future__ import annotations

from typing import Any

import vtk

_PLAIN, _GENERATED = (0.86, 0.86, 0.86), (1.0, 0.72, 0.32)
_MARGIN = 0.02


class CornerText:
    """A text in the upper left corner of a renderer, for as long as this object lives or until `remove`."""

    def __init__(self, renderer: Any, text: str, generated: bool = False, size: int = 13) -> None:
        self._renderer = renderer
        self._actor = vtk.vtkTextActor()
        self._actor.GetPositionCoordinate().SetCoordinateSystemToNormalizedViewport()
        self._actor.SetPosition(_MARGIN, 1 - _MARGIN)
        style = self._actor.GetTextProperty()
        style.SetFontFamilyToArial()
        style.SetFontSize(size)
        style.SetVerticalJustificationToTop()
        style.SetShadow(True)
        renderer.AddViewProp(self._actor)
        self.write(text, generated)

    def write(self, text: str, generated: bool = False) -> None:
        """Change the words; `generated` sets them off."""
        self._actor.SetInput(text)
        style = self._actor.GetTextProperty()
        style.SetColor(*(_GENERATED if generated else _PLAIN))
        style.SetBold(generated)

    def remove(self) -> None:
        """Take the words away; the renderer may be gone already."""
        if self._renderer is not None:
            self._renderer.RemoveViewProp(self._actor)
            self._renderer = None
