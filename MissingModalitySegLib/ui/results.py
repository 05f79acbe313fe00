"""What was found: volumes, lesions, how they are shown, and ways out of here (editing, files)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ..errors import MissingModalitySegError
from ..scene import (
    FILL,
    PlacedRun,
    bring_back,
    can_bring_back,
    corrected_segments,
    is_in_3d,
    jump_to_lesion,
    runs_in,
    segment_ids,
    set_fill,
    show_in_3d,
    show_only,
    show_segment,
    throw_away,
)
from ..scene.tables import LESION, PLACE, column
from .export import ExportMenu
from .looks import BAD, DOUBTFUL, GOOD, Reveal, decimal, fill_table, say
from .pages import open_page, page_of
from .review import ReviewPanel
from .timers import let_go
from .underlay import underlay
from .words import column_word, region_word, side_word

_HIDDEN = frozenset(PLACE)
_SWATCH = 12
_AFTER_EDIT_MS = 500
"""How long nothing is drawn until what was drawn is compared: a stroke of the brush changes a region many times."""

_HEAD_PX, _ROW_PX, _MOST_ROWS = 48, 30, 6
"""Of the table that compares: its head with a scroll bar, a row, and how many are seen at once."""


class ResultsPanel:
    """Shows one run; `on_pick(key)` tells which one the user wants to see."""

    def __init__(self, ui: Any, on_pick: Callable[[str], None]) -> None:
        self.ui, self._on_pick = ui, on_pick
        self.run: PlacedRun | None = None
        self._runs: tuple[PlacedRun, ...] = ()
        self._boxes: dict[str, Any] = {}
        self._fill_before: float | None = None
        self._watched: tuple[Any, list[int]] | None = None
        self._reveal = Reveal()
        self._later = qt.QTimer()
        self._later.setSingleShot(True)
        self._later.interval = _AFTER_EDIT_MS
        self._later.connect("timeout()", self._look_again)
        self.review = ReviewPanel(ui, self.tell)
        self._export = ExportMenu(ui.exportButton, self.tell)
        ui.resultsMessage.visible = ui.compareTable.visible = False
        ui.runBox.connect("activated(int)", self._pick)
        ui.removeRunButton.connect("clicked()", self._remove)
        ui.undoButton.connect("clicked()", self._undo)
        ui.compareTable.connect("cellClicked(int,int)", self._pick)
        ui.lesionTable.connect("cellClicked(int,int)", self._go_to)
        ui.lesionTable.connect("currentCellChanged(int,int,int,int)", self._go_to)
        ui.opacitySlider.connect("valueChanged(double)", self._set_fill)
        ui.surfaceBox.connect("toggled(bool)", self._show_surface)
        ui.uncertaintyShownBox.connect("toggled(bool)", self._show_uncertainty)
        ui.editButton.connect("clicked()", self._edit)
        ui.reportButton.connect("clicked()", self._open_report)

    @property
    def boxes(self) -> list[Any]:
        """What regions are shown and hidden with."""
        return list(self._boxes.values())

    def tell(self, text: str, colour: str = BAD) -> None:
        """A sentence at the foot of the panel."""
        say(self.ui.resultsMessage, text, colour)
        if text:
            self._reveal.show(self.ui.resultsMessage)

    def leave(self) -> None:
        """The window goes."""
        self._reveal.stop()
        self._watch(None)
        let_go(self._later, self._look_again)
        self.review.leave()

    def show(self, key: str) -> bool:
        """Show the run with this key, the latest where there is none; whether there is any."""
        self._runs = runs_in(slicer.mrmlScene)
        keys = [one.run for one in self._runs]
        returns = self.ui.undoButton.visible = can_bring_back(slicer.mrmlScene)
        index = keys.index(key) if key in keys else len(keys) - 1
        if not keys or self.run is None or self.run.run != keys[index]:
            self.ui.uncertaintyShownBox.checked = False  # as long as the earlier run is there to get its fill back
            self.tell("")
        if not keys:
            self.run = None
            self._watch(None)
            self.review.take(None)
            self._export.take(None)
            if returns:
                self._empty()
            return returns
        before, self.run = self.run, self._runs[index]
        self.ui.runBox.clear()
        for one in self._runs:
            self.ui.runBox.addItem(_title(one))
        self.ui.runBox.currentIndex = index
        self._compare(index)
        if before is not None and before.run != self.run.run:  # of a scene that was loaded nothing is changed
            show_only(slicer.mrmlScene, self.run.run)
        if before != self.run:
            self._fill(same_lesions=before is not None and _lesions_of(before) == _lesions_of(self.run))
        return True

    def _pick(self, row: int) -> None:
        if row < len(self._runs):
            self._on_pick(self._runs[row].run)

    def _remove(self) -> None:
        if self.run is not None:
            self.review.close()
            slicer.mrmlScene.SaveStateForUndo()
            throw_away(slicer.mrmlScene, self.run.run)
            self._on_pick("")

    def _undo(self) -> None:
        key = bring_back(slicer.mrmlScene)
        if key is not None:
            self._on_pick(key)

    def _compare(self, index: int) -> None:
        table = self.ui.compareTable
        table.visible = len(self._runs) > 1
        if len(self._runs) > 1:
            regions = list(dict.fromkeys(name for one in self._runs for name in one.report.get("volumes_ml") or {}))
            rows = [
                [
                    _title(one),
                    *(decimal((one.report.get("volumes_ml") or {}).get(name)) for name in regions),
                    decimal(one.report.get("lesion_count"), 0),
                ]
                for one in self._runs
            ]
            headers = [_("Result"), *(f"{region_word(name)} [ml]" for name in regions), _("Lesions")]
            fill_table(table, headers, rows, frozenset(range(1, len(headers))))
            table.selectRow(index)
            pixels = _HEAD_PX + _ROW_PX * min(len(rows), _MOST_ROWS)
            table.setMinimumHeight(pixels)
            table.setMaximumHeight(pixels)

    def _empty(self) -> None:
        """Nothing is there, but something can come back."""
        self.ui.runBox.clear()
        self._compare(-1)
        self.ui.headline.text = _("Removed.")
        say(self.ui.warnings, "")
        fill_table(self.ui.lesionTable, [""], [])
        self._make_boxes()
        ui = self.ui
        for widget in (ui.removeRunButton, ui.exportButton, ui.editButton, ui.reportButton, ui.opacitySlider):
            widget.enabled = False
        ui.surfaceBox.enabled = False
        ui.uncertaintyShownBox.visible = False

    def _fill(self, same_lesions: bool = False) -> None:
        """Show the run; the lesion that is chosen stays where they are the `same_lesions` as before."""
        run, ui = self.run, self.ui
        self._watch(run.segmentation)
        self._say_headline()
        warnings = [str(one.get("message")) for one in run.report.get("warnings") or ()]
        say(ui.warnings, "\n".join(warnings), DOUBTFUL)
        self._fill_lesions(same_lesions)
        self._make_boxes()
        there = run.segmentation is not None
        ui.removeRunButton.enabled = ui.exportButton.enabled = True
        for widget in (ui.opacitySlider, ui.surfaceBox, ui.editButton):
            widget.enabled = there
        if there and run.segmentation.GetDisplayNode() is not None:
            ui.opacitySlider.value = run.segmentation.GetDisplayNode().GetOpacity2DFill()
        ui.surfaceBox.checked = there and is_in_3d(run.segmentation)
        ui.uncertaintyShownBox.visible = run.uncertainty is not None
        ui.uncertaintyShownBox.checked = run.uncertainty is not None and _lies_on_top(run.uncertainty)
        ui.reportButton.enabled = page_of(run.run) is not None
        self._export.take(run)
        self.review.take(run)

    def _watch(self, segmentation: Any) -> None:
        """Look again when somebody draws in this segmentation; None: in none."""
        self._later.stop()
        if self._watched is not None:
            node, tags = self._watched
            for tag in tags:
                node.RemoveObserver(tag)
        self._watched = None
        if segmentation is not None:
            kind = slicer.vtkSegmentation
            events = (kind.SourceRepresentationModified, kind.SegmentAdded, kind.SegmentRemoved, kind.SegmentModified)
            tags = [segmentation.AddObserver(event, lambda *_: self._later.start()) for event in events]
            self._watched = segmentation, tags

    def _look_again(self) -> None:
        """Somebody has drawn, or added, removed or renamed regions."""
        self._say_headline()
        if self.run is not None and self.run.segmentation is not None:
            inside = self.run.segmentation.GetSegmentation()
            names = {one: inside.GetSegment(one).GetName() for one in segment_ids(self.run.segmentation)}
            if names != {one: box.text for one, box in self._boxes.items()}:
                self._make_boxes()
                self._on_pick(self.run.run)  # the window puts the new ones where the keyboard expects them

    def _say_headline(self) -> None:
        if self.run is not None:
            words = [_headline(self.run)]
            if self.run.segmentation is not None and corrected_segments(self.run.segmentation):
                words.append(_("Corrections by hand are not counted."))
            self.ui.headline.text = " ".join(words)

    def _fill_lesions(self, same: bool) -> None:
        ui, table = self.ui, self.run.lesions
        chosen = (ui.lesionTable.currentRow(), ui.lesionTable.currentColumn()) if same else (-1, -1)
        blocker = qt.QSignalBlocker(ui.lesionTable)
        if table is None or table.GetNumberOfRows() == 0:
            fill_table(ui.lesionTable, [_why_empty(self.run)], [])
        else:
            names = [table.GetColumnName(i) for i in range(table.GetNumberOfColumns())]
            shown = [name for name in names if name not in _HIDDEN]
            columns = [[_cell(name, value) for value in column(table, name)] for name in shown]
            rows = [list(row) for row in zip(*columns, strict=True)]
            headers = [_short(column_word(name)) for name in shown]
            fill_table(ui.lesionTable, headers, rows, frozenset(i for i, name in enumerate(shown) if name != "Side"))
        ui.lesionTable.setCurrentCell(*chosen)
        blocker.unblock()

    def _make_boxes(self) -> None:
        layout = self.ui.regionBoxes.layout()
        for box in self._boxes.values():
            layout.removeWidget(box)
            box.deleteLater()
        self._boxes = {}
        if self.run is None or self.run.segmentation is None:
            return
        inside, display = self.run.segmentation.GetSegmentation(), self.run.segmentation.GetDisplayNode()
        for name in segment_ids(self.run.segmentation):
            segment = inside.GetSegment(name)
            box = qt.QCheckBox(segment.GetName())
            box.name = f"show-{name}"
            red, green, blue = (round(255 * part) for part in segment.GetColor())
            swatch = qt.QPixmap(_SWATCH, _SWATCH)
            swatch.fill(qt.QColor(red, green, blue))
            box.setIcon(qt.QIcon(swatch))
            box.setIconSize(qt.QSize(_SWATCH, _SWATCH))
            box.checked = display is None or display.GetSegmentVisibility(name)
            box.toolTip = _("Show or hide this region in all views")
            box.connect("toggled(bool)", lambda shown, name=name: self._show_region(name, shown))
            layout.addWidget(box)
            self._boxes[name] = box

    def _go_to(self, row: int) -> None:
        if row < 0 or self.run is None or self.run.lesions is None:
            return
        try:
            jump_to_lesion(self.run.lesions, row, self.run.segmentation)
        except MissingModalitySegError as error:
            self.tell(str(error))

    def _show_region(self, name: str, shown: bool) -> None:
        if self._alive(self.run and self.run.segmentation):
            show_segment(self.run.segmentation, name, shown)

    def _set_fill(self, opacity: float) -> None:
        if self._alive(self.run and self.run.segmentation):
            set_fill(self.run.segmentation, opacity)

    def _show_surface(self, shown: bool) -> None:
        if self._alive(self.run and self.run.segmentation):
            show_in_3d(self.run.segmentation, shown)

    def _show_uncertainty(self, shown: bool) -> None:
        slider = self.ui.opacitySlider
        if shown and self._alive(self.run and self.run.uncertainty):
            slicer.util.setSliceViewerLayers(foreground=self.run.uncertainty, foregroundOpacity=0.6)
            self._fill_before = slider.value or FILL  # a scene that was saved so has no other
            slider.value = 0.0  # two colours in one place cannot be read
        elif not shown:
            slicer.util.setSliceViewerLayers(foreground=None)
            if self._fill_before is not None and not slider.value:
                slider.value = self._fill_before
            self._fill_before = None

    def _edit(self) -> None:
        if not self._alive(self.run and self.run.segmentation):
            return
        reference = underlay(self.run)  # now: the editor begins with another, and the views with it
        slicer.util.selectModule("SegmentEditor")
        editor = slicer.modules.segmenteditor.widgetRepresentation().self().editor
        editor.setSegmentationNode(self.run.segmentation)
        if reference is not None:  # the views show it from now on
            editor.setSourceVolumeNode(reference)

    def _open_report(self) -> None:
        page = None if self.run is None else page_of(self.run.run)
        if page is not None and open_page(page):
            self.tell(_("The report is shown by the browser. It goes with Slicer: “Export…” saves it."), GOOD)
        else:
            self.tell(_("There is no browser to show the report in, or it is gone: save it with “Export…”."))

    def _alive(self, node: Any) -> bool:
        """Whether a node is still there: users delete what they like."""
        there = node is not None and node.GetScene() is not None
        if not there and self.run is not None:
            self.tell(_("It is not in the scene any more."))
        return there


def _lies_on_top(volume: Any) -> bool:
    """Whether the first slice view shows the volume over another, as in a scene that was saved so."""
    manager = slicer.app.layoutManager()
    red = None if manager is None else manager.sliceWidget("Red")
    return red is not None and red.sliceLogic().GetSliceCompositeNode().GetForegroundVolumeID() == volume.GetID()


def _lesions_of(run: PlacedRun) -> tuple[str, Any]:
    """What tells whether two looks at the scene found the same lesions."""
    return run.run, run.lesions


def _title(run: PlacedRun) -> str:
    """The model, what it used, and the number among its like."""
    used = run.report.get("code") or "+".join(run.inputs)
    return f"{run.model} · {used}" + (f" · {run.number}" if run.number > 1 else "")


def _headline(run: PlacedRun) -> str:
    volumes = run.report.get("volumes_ml") or {}
    if not volumes and run.segmentation is not None:
        return _("The report is not in the scene any more.")
    if not volumes:
        return _("Synthetic sequences only.")
    count = run.report.get("lesion_count", len(run.report.get("lesions") or ()))
    parts = [f"<b>{region_word(name)} {decimal(value)} ml</b>" for name, value in volumes.items()]
    words = _("{volumes}, {count} lesions.") if count != 1 else _("{volumes}, {count} lesion.")
    return words.format(volumes=" · ".join(parts), count=count)


def _why_empty(run: PlacedRun) -> str:
    """What stands where lesions would."""
    if run.lesions is not None:
        return _("No lesion was found")
    if run.report.get("volumes_ml"):
        return _("The lesion table is not in the scene any more.")
    return ""  # of synthetic sequences only there never was one


def _cell(name: str, value: Any) -> str:
    if name == LESION or isinstance(value, str):
        return side_word(str(value)) or "–"
    return decimal(value, 3 if "[ml]" in name else 1)


def _short(name: str) -> str:
    return name.replace(" [ml]", "\n[ml]").replace(" [mm]", "\n[mm]")
