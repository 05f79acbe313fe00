"""The results as files: label map, DICOM SEG through Slicer's own exporter, tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ..errors import MissingModalitySegError
from ..scene import (
    ENDINGS,
    PlacedRun,
    corrected_segments,
    own_segments,
    seg_problems,
    small_ending,
    tag_corrections,
    write_labels,
    write_table,
)
from .looks import BAD, DOUBTFUL, GOOD
from .pages import copy_page, page_of

_PLUGIN = "DICOMSegmentationPlugin"
_FOLDER = "MissingModalitySeg/ExportFolder"


class ExportMenu:
    """The menu of the button “Export…”."""

    def __init__(self, button: Any, tell: Callable[[str, str], None]) -> None:
        self._tell = tell
        self._run: PlacedRun | None = None
        menu = qt.QMenu(button)
        self._actions = []
        for text, action in (
            (_("Segmentation as NIfTI or NRRD…"), self._labels),
            (_("Segmentation as DICOM SEG…"), self._dicom),
            (_("Lesion table as CSV…"), self._lesions),
            (_("Volumes as CSV…"), self._volumes),
            (_("Report as HTML…"), self._page),
        ):
            entry = menu.addAction(text)
            entry.connect("triggered(bool)", action)
            self._actions.append(entry)
        button.setMenu(menu)

    def take(self, run: PlacedRun | None) -> None:
        """Export this run from now on."""
        self._run = run
        if run is None:
            return
        there = (run.segmentation, run.segmentation, run.lesions, run.volumes, page_of(run.run))
        for action, node in zip(self._actions, there, strict=True):
            action.enabled = node is not None

    def _labels(self) -> None:
        path = self._ask(_("Save the segmentation"), "segmentation", _("NIfTI (*.nii.gz);;NRRD (*.nrrd)"), ENDINGS)
        self._write(path, lambda: write_labels(self._run.segmentation, path), self._own_numbers)

    def _lesions(self) -> None:
        path = self._ask(_("Save the lesion table"), "lesions", _("Tables (*.csv)"))
        self._write(path, lambda: write_table(self._run.lesions, path), self._not_counted)

    def _volumes(self) -> None:
        path = self._ask(_("Save the volumes"), "volumes", _("Tables (*.csv)"))
        self._write(path, lambda: write_table(self._run.volumes, path), self._not_counted)

    def _page(self) -> None:
        path = self._ask(_("Save the report"), "report", _("Pages (*.html)"), (".html", ".htm"))
        self._write(path, lambda: copy_page(page_of(self._run.run), Path(path)), self._not_counted)

    def _ask(self, title: str, name: str, kinds: str, endings: tuple[str, ...] = ()) -> str:
        """Where to save, with the ending of the chosen kind where the user typed none of `endings`; empty: nowhere."""
        dialog = qt.QFileDialog(None, title, _folder(self._run), kinds)
        dialog.acceptMode = qt.QFileDialog.AcceptSave
        dialog.fileMode = qt.QFileDialog.AnyFile
        dialog.selectFile(name)

        def take(kind: str) -> None:
            dialog.defaultSuffix = _ending(kind)[1:]

        take(kinds)
        dialog.connect("filterSelected(QString)", take)
        chosen = dialog.selectedFiles() if dialog.exec_() else ()
        ending = _ending(dialog.selectedNameFilter() or kinds)
        dialog.disconnect("filterSelected(QString)", take)  # which holds it; so it goes with this call
        if not chosen:
            return ""
        path = small_ending(chosen[0], (ending, *endings))
        if not path.endswith((ending, *endings)):
            path += ending
        if path != chosen[0] and Path(path).exists() and not _is_same(chosen[0], path):  # the dialogue has not asked
            words = _("“{path}” is there already. Choose it in the list to replace it, or take another name.")
            self._tell(words.format(path=path), BAD)
            return ""
        qt.QSettings().setValue(_FOLDER, str(Path(path).parent))
        return path

    def _write(self, path: str, write: Callable[[], Any], remark: Callable[[str], tuple[str, str] | None]) -> None:
        """Have a file written, and say how that went: with the remark on it, and its look, where there is one."""
        if not path:
            return
        try:
            write()
        except MissingModalitySegError as error:
            self._tell(str(error), BAD)
            return
        self._tell(*(remark(path) or (_("Saved as {path}.").format(path=path), GOOD)))

    def _not_counted(self, path: str) -> tuple[str, str] | None:
        """A remark on what holds the figures of the run."""
        drawn = self._run.segmentation
        if drawn is None or not corrected_segments(drawn):
            return None
        return _("Saved as {path}. Corrections by hand are not counted in it.").format(path=path), DOUBTFUL

    def _own_numbers(self, path: str) -> tuple[str, str] | None:
        """A remark on what holds numbers for segments, also for those that no label scheme tells of."""
        own = own_segments(self._run.segmentation)
        if not own:
            return None
        names = ", ".join(f"{value} “{name}”" for value, name in own)
        return _("Saved as {path}. Segments of your own in it: {names}.").format(path=path, names=names), GOOD

    def _dicom(self) -> None:
        database = getattr(slicer, "dicomDatabase", None)  # Slicer may have been built, or started, without DICOM
        problems = seg_problems(self._run.segmentation, database)
        if problems:
            self._tell(_("No DICOM SEG can be made: {problems}").format(problems=" ".join(problems)), BAD)
            return
        plugin = getattr(slicer.modules, "dicomPlugins", {}).get(_PLUGIN)
        if plugin is None:
            self._tell(_("This Slicer has no exporter for DICOM SEG. Slicer 5.12 and later bring it along."), BAD)
            return
        words = _("Choose a folder for the DICOM SEG")
        folder = qt.QFileDialog.getExistingDirectory(None, words, _folder(self._run))
        if not folder:
            return
        qt.QSettings().setValue(_FOLDER, folder)
        tag_corrections(self._run.segmentation)
        problem = export_seg(plugin(), self._run.segmentation, Path(folder))
        if problem:
            self._tell(problem, BAD)
        else:
            self._tell(_("Saved in {folder}, and added to the DICOM database.").format(folder=folder), GOOD)


def export_seg(plugin: Any, segmentation: Any, folder: Path) -> str:
    """Have Slicer write a DICOM SEG into a folder; what went wrong, in words, or nothing."""
    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(segmentation.GetScene())
    exportables = plugin.examineForExport(tree.GetItemByDataNode(segmentation))
    if not exportables:
        return _("Slicer's exporter does not take this segmentation.")
    for exportable in exportables:
        exportable.directory = str(folder)
    return plugin.export(exportables)


def _folder(run: PlacedRun) -> str:
    """Where a dialogue begins: in the folder that was chosen last, else where an input was read from, else in that of
    Slicer's scenes."""
    last = str(qt.QSettings().value(_FOLDER) or "")
    if last and Path(last).is_dir():
        return last
    passing = Path(slicer.app.temporaryPath)  # where Slicer unpacks a scene that is one file
    for node in run.inputs.values():
        storage = node.GetStorageNode()
        name = (storage.GetFileName() or "") if storage is not None else ""
        folder = Path(name).parent
        if name and folder.is_dir() and not folder.is_relative_to(passing):
            return str(folder)
    return slicer.app.defaultScenePath


def _is_same(one: str, other: str) -> bool:
    """Whether two names are of one file, as on disks for which capitals are nothing."""
    return Path(one).exists() and Path(one).samefile(other)


def _ending(kinds: str) -> str:
    """The ending, with its dot, of the first of the kinds that a file dialogue offers."""
    return re.search(r"\(\*(\.[\w.]+)", kinds)[1]
