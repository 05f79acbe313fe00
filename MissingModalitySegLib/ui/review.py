"""One click to the review of synthetic sequences and back, with words in the corner of every view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ..errors import MissingModalitySegError
from ..scene import GROUP, LAYOUT, PlacedRun, ViewWords, jump_to_lesion, open_review
from ..scene.review import FOUR_VIEWS
from ..scene.review_layout import ORIENTATIONS
from .looks import BAD, DOUBTFUL
from .timers import let_go

_SLIDER = 1
"""Pixels: on a narrow screen there is no room for more, and the wheel of the mouse goes through the slices, too."""


class ReviewPanel:
    """The frame below the results; it is there only where something was generated."""

    def __init__(self, ui: Any, tell: Callable[[str, str], None]) -> None:
        self.ui, self._tell = ui, tell
        self._run: PlacedRun | None = None
        self._texts: list[ViewWords] = []
        self._before: int | None = None
        self._later = qt.QTimer()
        self._later.setSingleShot(True)
        self._later.interval = 0
        self._later.connect("timeout()", self._start)
        for orientation in ORIENTATIONS:
            ui.orientationBox.addItem(orientation)
        ui.reviewButton.connect("toggled(bool)", self._toggle)
        ui.orientationBox.connect("activated(int)", self._turn)
        self._manager = slicer.app.layoutManager()
        if self._manager is not None:
            self._manager.connect("layoutChanged(int)", self._follow)

    def leave(self) -> None:
        """The window goes, and the words in the corners with it."""
        self.close()
        let_go(self._later, self._start)
        if self._manager is not None:
            self._manager.disconnect("layoutChanged(int)", self._follow)
            self._manager = None

    def take(self, run: PlacedRun | None) -> None:
        """Offer the review of a run. A scene that was saved in the review opens in it."""
        generated = run is not None and bool(run.synthetic or run.reconstructed)
        if not generated or self._run is None or run.run != self._run.run:  # the same has more nodes by the review
            self.close()
        self._run = run
        self.ui.review.visible = generated
        if generated:
            self.ui.confidenceLabel.text = confidence(run)
            manager = slicer.app.layoutManager()
            if manager is not None and manager.layout == LAYOUT:
                self.ui.reviewButton.checked = True
        elif run is None:
            self._leave_empty_views()

    def close(self) -> None:
        """Back to the views as they were."""
        self.ui.reviewButton.checked = False

    def _leave_empty_views(self) -> None:
        """A scene that is closed takes all but the layout."""
        manager = slicer.app.layoutManager()
        if manager is not None and manager.layout == LAYOUT:
            manager.setLayout(FOUR_VIEWS)

    def _toggle(self, wanted: bool) -> None:
        if wanted:
            self._open()
        else:
            self._later.stop()
            self._forget_texts()
            manager = slicer.app.layoutManager()
            if manager is not None and self._before is not None and manager.layout == LAYOUT:
                manager.setLayout(self._before)
            self._before = None

    def _follow(self, layout: int) -> None:
        """The user has chosen another layout: the review is over, and the choice stays."""
        if layout != LAYOUT and self._before is not None:  # not on the way into the review, which tells of others
            self.close()

    def _turn(self) -> None:
        if self.ui.reviewButton.checked:
            self._open()

    def _open(self) -> None:
        manager = slicer.app.layoutManager()
        if manager is None or self._run is None:
            return
        self._forget_texts()
        before = manager.layout
        try:
            cells = open_review(slicer.mrmlScene, self._run, self.ui.orientationBox.currentText, self._lesion())
        except MissingModalitySegError as error:
            self._tell(str(error), BAD)
            return
        if self._before is None:
            self._before = FOUR_VIEWS if before == LAYOUT else before
        widgets = [(cell, manager.sliceWidget(cell.view)) for cell in cells]
        widgets = [(cell, widget) for cell, widget in widgets if widget is not None]
        _fit_alike([widget.sliceLogic() for cell, widget in widgets if cell.volume is not None], widgets)
        for cell, widget in widgets:
            _narrow(widget.sliceController())
            renderer = widget.sliceView().renderWindow().GetRenderers().GetFirstRenderer()
            self._texts.append(ViewWords(renderer, cell, widget.sliceLogic().GetSliceCompositeNode()))
            widget.sliceView().scheduleRender()
        self._later.start()  # sliders of new views have yet to tell that they stand at 0, which moves all of the group

    def _start(self) -> None:
        """Begin where there is something to see."""
        if self._run is not None and self._run.lesions is not None and self._run.lesions.GetNumberOfRows():
            jump_to_lesion(self._run.lesions, self._lesion(), self._run.segmentation, GROUP, centred=False)

    def _lesion(self) -> int:
        """The row of the lesion that is chosen in the table, where none is that of the largest."""
        return max(self.ui.lesionTable.currentRow(), 0)

    def _forget_texts(self) -> None:
        for text in self._texts:
            text.remove()
        self._texts = []


def _fit_alike(filled: list[Any], widgets: list[Any]) -> None:
    """Show all of the first volume, and just as much, at the same place, in all views: pairs are compared by eye."""
    if not filled:
        return
    filled[0].FitSliceToBackground()
    pattern = filled[0].GetSliceNode()
    for _cell, widget in widgets:
        node = widget.sliceLogic().GetSliceNode()
        node.GetSliceToRAS().DeepCopy(pattern.GetSliceToRAS())
        node.SetFieldOfView(*pattern.GetFieldOfView())
        node.UpdateMatrices()


def _narrow(bar: Any) -> None:
    """Let the bar above a view be narrow but for its name: five columns would else be wider than most screens."""
    slider = bar.sliceOffsetSlider()
    slider.spinBoxVisible = False
    slider.setMinimumWidth(_SLIDER)
    label = bar.viewLabel()
    label.setMinimumWidth(label.fontMetrics().horizontalAdvance(label.text))


def confidence(run: PlacedRun) -> str:
    """How far synthetic sequences can be trusted, from those that could be compared."""
    known = (run.report.get("synthetic") or {}).get("confidence") or {}
    made = ", ".join(str(one) for one in run.synthetic) or _("none")
    lines = [_("Synthesised: <b>{names}</b>. Not acquired; never measure in them.").format(names=made)]
    if known:
        parts = [f"{name} {told['ssim']:.2f}" for name, told in known.items()]
        words = _("Acquired sequences, rebuilt from the others, resemble the real ones by (SSIM, 1 is equal): {parts}.")
        lines.append(words.format(parts=", ".join(parts)))
    else:
        lines.append(
            f"<span style='color: {DOUBTFUL}'>" + _("Nothing could be compared to say how good they are.") + "</span>"
        )
    return "<br>".join(lines)
