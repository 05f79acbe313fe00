"""The tab for many studies: where from, where to, a table of cases, one button."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import ctk
import qt
import slicer
from slicer.i18n import tr as _

from ..case_results import SUMMARY
from ..errors import MissingModalitySegError
from ..modalities import MODALITIES, Modality
from ..options import Options
from ..output_folder import PAGE
from ..scene import Earlier, studies_in
from .background import Background
from .batch import Batch, Case, CaseState, cases_of_folder, cases_of_scene
from .desk import Desk
from .keyboard import Rest
from .looks import BAD, DOUBTFUL, GOOD, QUIET, decimal, fill_table, say, set_cell
from .pages import open_page
from .parameters import AUTO, options_of

FOLDER, LIST, SCENE = 0, 1, 2
_COLOURS = {
    CaseState.DONE: GOOD,
    CaseState.EARLIER: GOOD,
    CaseState.FAILED: BAD,
    CaseState.UNUSABLE: DOUBTFUL,
    CaseState.CANCELLED: DOUBTFUL,
    CaseState.FOUND: QUIET,
}
_STATE, _VOLUME, _LESIONS = 2, 3, 4  # columns


class BatchPanel:
    """Works with the model and the options of the first tab: `ask()` gives its parameters, `why_not()` what keeps them
    from being used."""

    def __init__(self, ui: Any, desk: Desk, ask: Callable[[], Any], why_not: Callable[[], str]) -> None:
        self.ui, self._desk, self._ask, self._why_not = ui, desk, ask, why_not
        self._cases: list[Case] = []
        self._batch: Batch | None = None
        self._search: Background | None = None
        self._rest = Rest(ui.findButton)
        self._is_remembering = False
        self._start_tip = ui.startButton.toolTip
        for source in (_("a folder or a BIDS data set"), _("a data list"), _("this scene")):
            ui.sourceBox.addItem(source)
        ui.sourcePath.filters = ctk.ctkPathLineEdit.Dirs  # with files among them, its button offers files alone
        ui.sourcePath.nameFilters = ["*json"]  # with a dot before it, Enter in any other path would mean nothing to CTK
        ui.outputPath.filters = ctk.ctkPathLineEdit.Dirs
        for widget in (ui.batchBar, ui.batchMessage, ui.openOutputButton, ui.openPageButton):
            widget.visible = False
        ui.sourceBox.connect("currentIndexChanged(int)", self._choose_source)
        for line in ui.sourcePath.findChildren(qt.QLineEdit):  # CTK itself does not tell of a path that is cleared
            line.connect("textChanged(QString)", self._change_source)
            line.connect("returnPressed()", self.find)
        ui.findButton.connect("clicked()", self.find)
        ui.startButton.connect("clicked()", self._press)
        ui.openOutputButton.connect("clicked()", self._open_output)
        ui.openPageButton.connect("clicked()", self._open_page)
        desk.on_change.append(self.show)
        self._forget()

    def leave(self) -> None:
        """The window goes; a batch goes on."""
        self._desk.on_change.remove(self.show)
        if self._batch is not None:
            self._batch.forget_listeners()
        self._stop_looking()

    def show(self) -> None:
        """Bring buttons and words up to date."""
        parameters, busy = self._ask(), self._is_busy
        if not busy and self.ui.sourceBox.currentIndex == SCENE and self._are_gone():
            self._forget()
            return
        words, problem = _("{model}, with the options of the tab “One study”"), "" if busy else self._why_not()
        self.ui.batchModel.text = problem or words.format(model=parameters.model if parameters is not None else "")
        self.ui.startButton.text = _("Ca&ncel") if busy else _("Segment &all")
        self.ui.startButton.enabled = busy or (bool(self._cases) and not problem)
        self.ui.startButton.toolTip = problem or self._start_tip
        for widget in (self.ui.sourceBox, self.ui.sourcePath, self.ui.outputPath, self.ui.findButton):
            widget.enabled = not busy

    @property
    def _is_busy(self) -> bool:
        return self._batch is not None and not self._batch.is_over

    def _are_gone(self) -> bool:
        """Whether the studies that were found went with their scene."""
        nodes = [node for case in self._cases for node in case.volumes.values()]
        return bool(nodes) and not any(slicer.mrmlScene.IsNodePresent(node) for node in nodes)

    def _choose_source(self, index: int) -> None:
        for name in ("sourcePath", "sourcePathLabel", "outputPath", "outputLabel"):
            getattr(self.ui, name).visible = index != SCENE
        self.ui.sourcePath.filters = ctk.ctkPathLineEdit.Files if index == LIST else ctk.ctkPathLineEdit.Dirs
        self._forget()

    def _change_source(self) -> None:
        if not self._is_remembering:
            self._forget()

    def _remember_paths(self) -> None:
        """For the next time. While CTK sorts a path into its list, it tells of other paths on the way."""
        self._is_remembering = True
        for path in (self.ui.sourcePath, self.ui.outputPath):
            path.addCurrentPathToHistory()
        self._is_remembering = False

    def _forget(self) -> None:
        """Another source: the cases found before mean nothing, nor do those that are being looked for."""
        self._stop_looking()
        self._cases, self._batch = [], None
        fill_table(self.ui.caseTable, _headers(), [])
        say(self.ui.batchMessage, "")
        say(self.ui.batchSummary, "")
        self.ui.openOutputButton.visible = self.ui.openPageButton.visible = self.ui.batchBar.visible = False
        self.show()

    def _stop_looking(self) -> None:
        if self._search is not None:
            self._search.forget()
            self._search = None

    def find(self) -> None:
        """List the studies."""
        self._forget()
        if self.ui.sourceBox.currentIndex == SCENE:
            self._found(cases_of_scene(studies_in(slicer.mrmlScene), slicer.mrmlScene), None)
            return
        source = self.ui.sourcePath.currentPath
        if not source:
            say(self.ui.batchMessage, _("Choose the folder or the list of the studies."), DOUBTFUL)
            return
        say(self.ui.batchMessage, _("Looking for studies…"))
        self._rest.begin()
        self._search = Background(lambda: cases_of_folder(source), self._found)

    def _found(self, cases: list[Case] | None, error: MissingModalitySegError | None) -> None:
        self.ui.findButton.enabled = True
        self._rest.end()
        if error is not None:
            say(self.ui.batchMessage, str(error), BAD)
            return
        self._cases = cases
        widest = max(_words().values(), key=len)  # columns are as wide as what they hold first
        rows = [[case.id, " ".join(m for m in MODALITIES if m in case.volumes), widest, "", ""] for case in cases]
        fill_table(self.ui.caseTable, _headers(), rows)
        self.show_cases()
        left_out = sum(bool(case.notes) for case in cases)
        words = _("{count} studies.").format(count=len(cases)) if cases else _("There is no study in the scene.")
        if left_out:
            words += " " + _("In {count} of them something was left out: see the tooltips.").format(count=left_out)
        say(self.ui.batchMessage, words, DOUBTFUL if left_out or not cases else None)
        self.show()

    def _press(self) -> None:
        if self._is_busy:
            self._batch.cancel()
            return
        parameters = self._ask()
        output = self.ui.outputPath.currentPath if self.ui.sourceBox.currentIndex != SCENE else None
        if output == "":
            say(self.ui.batchMessage, _("Choose a folder for the results."), DOUBTFUL)
            return
        try:
            folder = None if output is None else Path(output).absolute()
            options = batch_options(parameters, "nrrd" if folder is None else "nii.gz")
            earlier = Earlier(parameters.earlier)
            self._batch = Batch(
                self._cases, parameters.model, options, folder, self._show_case, self._over, earlier=earlier
            )
            self._batch.start(self._desk)
        except MissingModalitySegError as error:
            self._batch = None
            say(self.ui.batchMessage, str(error), BAD)
        else:
            say(self.ui.batchMessage, "")
            self.show_cases()
            self._remember_paths()
        self.show()

    def show_cases(self) -> None:
        """Bring the table up to date."""
        for case in self._cases:
            self._show_case(case)

    def _show_case(self, case: Case) -> None:
        row, table = self._cases.index(case), self.ui.caseTable
        words = _words()[case.state] + (f" {case.fraction:.0%}" if case.state is CaseState.RUNNING else "")
        set_cell(table, row, _STATE, words, colour=_COLOURS.get(case.state))
        tip = "\n".join([case.problem, *case.notes]).strip()
        table.item(row, _STATE).setToolTip(tip or words)
        report = case.report or {}
        volume = next(iter((report.get("volumes_ml") or {}).values()), None)
        set_cell(table, row, _VOLUME, "" if volume is None else decimal(volume), number=True)
        set_cell(table, row, _LESIONS, str(report.get("lesion_count", "")), number=True)
        if self._batch is not None:
            self._show_progress()

    def _over(self) -> None:
        self._show_progress()
        self.show()

    def _show_progress(self) -> None:
        ui, states = self.ui, [case.state for case in self._cases]
        ui.batchBar.visible = self._is_busy
        ended = (CaseState.FAILED, CaseState.UNUSABLE, CaseState.CANCELLED)
        share = sum(1.0 if case.state in ended else case.fraction for case in self._cases) / max(len(self._cases), 1)
        ui.batchBar.value = round(1000 * share)
        done = sum(state in (CaseState.DONE, CaseState.EARLIER) for state in states)
        failed = sum(state in (CaseState.FAILED, CaseState.UNUSABLE) for state in states)
        words = _("{done} of {count} done").format(done=done, count=len(states))
        if failed:
            words += ", " + _("{failed} without a result (why: see the tooltips)").format(failed=failed)
        if self._batch.output is not None and not self._is_busy:
            words += ". " + _("Table of all: {name}").format(name=self._batch.output / SUMMARY)
            ui.openOutputButton.visible = True
            ui.openPageButton.visible = (self._batch.output / PAGE).is_file()
        say(ui.batchSummary, words, DOUBTFUL if failed else None)

    def _open_page(self) -> None:
        if not open_page(self._batch.output / PAGE):
            say(self.ui.batchMessage, _("There is no browser to show the report in."), BAD)

    def _open_output(self) -> None:
        qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(self._batch.output)))


def batch_options(parameters: Any, format: str) -> Options:
    """The options of the first tab for studies other than the one chosen there: its mask is no other's. Raises
    `InputError`."""
    reference = None if parameters.reference == AUTO else Modality.parse(parameters.reference)
    return replace(options_of(parameters), reference=reference, format=format)


def _words() -> dict[CaseState, str]:
    """The states as the user reads them."""
    return {
        CaseState.FOUND: _("not begun"),
        CaseState.EARLIER: _("done earlier"),
        CaseState.WAITING: _("waiting"),
        CaseState.RUNNING: _("running"),
        CaseState.DONE: _("done"),
        CaseState.FAILED: _("failed"),
        CaseState.CANCELLED: _("cancelled"),
        CaseState.UNUSABLE: _("not usable"),
    }


def _headers() -> list[str]:
    return [_("Study"), _("Sequences"), _("State"), _("Lesion [ml]"), _("Lesions")]
