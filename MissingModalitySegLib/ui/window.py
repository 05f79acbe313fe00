"""The window as a whole: the panels, one set of parameters, and what one panel means for the others."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import qt
import slicer
import vtk
from slicer.i18n import tr as _

from ..errors import MissingModalitySegError
from ..modalities import MODALITIES
from ..scene import Earlier, load_terms
from .batch_panel import BatchPanel
from .choices import OptionsPanel
from .desk import Desk, State, Work
from .inputs import InputsPanel
from .keyboard import follow_the_eye
from .looks import QUIET, Reveal, paint, paint_anew
from .model import ModelPanel
from .parameters import options_of, unchoose, volumes_of
from .results import ResultsPanel
from .run import RunPanel
from .set_up import SetUpPanel
from .study import hand_in_study, raters_for
from .timers import let_go
from .underlay import show_below

Loader = Callable[[str], Any]
"""Loads a `.ui` file by its name and gives the widget."""


class Window:
    """Fills the frame of the module. `take(parameters)` begins, `take(None)` lets go, `leave` ends."""

    def __init__(self, frame: Any, load: Loader, desk: Desk) -> None:
        self.ui = slicer.util.childWidgetVariables(frame)
        self._frame, self._load, self._desk = frame, load, desk
        self.parameters: Any = None
        self._gui_tags: list[int] = []
        self._observer: int | None = None
        self._children: list[Any] = []
        self._ordered: list[Any] = []
        self.inputs = InputsPanel(self._add("Inputs", self.ui.inputsSection))
        self.model = ModelPanel(self._add("Model", self.ui.modelSection), self._choose_model)
        self.options = OptionsPanel(self._add("Options", self.ui.optionsSection))
        self.run = RunPanel(self._add("Run", self.ui.runArea), desk, self.segment)
        self.results = ResultsPanel(self._add("Results", self.ui.resultsSection), self._pick_run)
        self.set_up = SetUpPanel(self._add("SetUp", self.ui.setUpPage), desk, self._set_up_changed)
        self.batch = BatchPanel(
            self._add("Batch", self.ui.batchPage), desk, lambda: self.parameters, self._why_no_model
        )
        paint(self.ui.notice, QUIET)
        self.ui.optionsSection.collapsed = True  # now that it has contents
        self.ui.tabs.connect("currentChanged(int)", self._bring_forward)
        self._bring_forward(self.ui.tabs.currentIndex)
        desk.on_change.append(self.refresh)
        slicer.app.connect("paletteChanged(QPalette)", self._style_changed)
        self._reveal = Reveal()
        self._later = qt.QTimer()
        self._later.setSingleShot(True)
        self._later.interval = 0
        self._later.connect("timeout()", self.refresh)
        self._set_up_changed()
        _tell_terms()

    def _add(self, name: str, parent: Any) -> Any:
        """Load a panel and put it in its place; its widgets by name."""
        widget = self._load(f"UI/MissingModalitySeg{name}.ui")
        parent.layout().addWidget(widget)
        widget.setMRMLScene(slicer.mrmlScene)
        self._children.append(widget)
        return slicer.util.childWidgetVariables(widget)

    def node_goes(self, node: Any) -> None:
        """A node is about to be removed: whatever it was chosen for has no choice now. A selector that is left to
        itself would choose its neighbour."""
        if self.parameters is not None:
            unchoose(self.parameters, node)

    def scene_changed(self) -> None:
        """Nodes came or went: look again once the scene is at rest."""
        if self.parameters is not None:
            self._later.start()

    def leave(self) -> None:
        """The window is about to go; what runs goes on."""
        let_go(self._later, self.refresh)
        self._reveal.stop()
        self.take(None)
        self._desk.on_change.remove(self.refresh)
        slicer.app.disconnect("paletteChanged(QPalette)", self._style_changed)
        for panel in (self.model, self.run, self.results, self.set_up, self.batch):
            panel.leave()

    def take(self, parameters: Any) -> None:
        """Show and change these parameters from now on."""
        if self.parameters is not None:
            for tag in self._gui_tags:
                self.parameters.disconnectGui(tag)
            self.parameters.RemoveObserver(self._observer)
        self._gui_tags = []
        self.parameters = parameters
        if parameters is not None and parameters.model not in self.model.names and self.model.names:
            parameters.model = self.model.first_choice
        self.inputs.take(parameters)
        self.options.take(parameters)
        if parameters is not None:
            self._gui_tags = [parameters.connectGui(panel.ui) for panel in (self.inputs, self.options)]
            self._observer = parameters.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: self.refresh())
            self.refresh()

    def refresh(self) -> None:
        """Bring everything up to date with the parameters and the scene."""
        parameters = self.parameters
        if parameters is None:
            return
        chosen = volumes_of(parameters)
        present = tuple(modality for modality in MODALITIES if modality in chosen)
        manifest = self.model.manifest(parameters.model)
        problem = self.inputs.show(None if manifest is None else manifest.modalities)
        self.model.show(parameters.model, present)
        self.options.show(present, self._desk.hello)
        self.batch.show()
        self.run.may(self._why_not(problem, manifest, present))
        self.ui.resultsSection.visible = self.results.show(parameters.shownRun)
        self._order()

    def _order(self) -> None:
        """Cards and boxes are made anew when there are others: they come where they are seen."""
        made = [*self.model.buttons, *self.results.boxes]
        if made != self._ordered:
            self._ordered = made
            follow_the_eye(self._frame)

    def _why_no_model(self) -> str:
        """What keeps every study from being segmented, in words."""
        if not self.set_up.is_ready:
            return _("First install what computes: see the tab “Set-up”.")
        if self.parameters is None or self.model.manifest(self.parameters.model) is None:
            return _("Choose a model.")
        return ""

    def _why_not(self, problem: MissingModalitySegError | None, manifest: Any, present: tuple) -> str:
        """What keeps the present choice from being segmented, in words."""
        if problem is not None and self.set_up.is_ready:
            return _("Choose at least one sequence.") if not present else problem.message
        if words := self._why_no_model():
            return words
        if self.parameters.brain == "mask" and self.parameters.brainMask is None:
            return _("Choose the mask of the brain, among the options.")
        if not any(modality in manifest.modalities for modality in present):
            return _("The model “{title}” takes none of these sequences.").format(title=manifest.title)
        return ""

    def segment(self) -> None:
        """Hand in what is chosen."""
        parameters = self.parameters
        chosen = volumes_of(parameters)
        models = [parameters.model]
        if parameters.compare:
            models += [name for name in raters_for(tuple(chosen)) if name != parameters.model]
        mask = parameters.brainMask if parameters.brain == "mask" else None
        try:
            works = hand_in_study(
                self._desk,
                chosen,
                models,
                options_of(parameters),
                earlier=Earlier(parameters.earlier),
                brain_mask=mask,
            )
        except MissingModalitySegError as error:
            self.run.tell(error)
            return
        for work in works:
            self.run.own(work)
            work.listeners.append(self._arrived)

    def _arrived(self, work: Work) -> None:
        """Show new results at once: in the table, and over the volume that they were made from."""
        if work.state is not State.DONE:
            return
        run = work.outcome
        if self.parameters is None:
            return
        self.parameters.shownRun = run.run
        self.refresh()
        self.ui.resultsSection.collapsed = False
        if not self.results.ui.reviewButton.checked:
            show_below(run)
        self._reveal.show(self.ui.resultsSection)

    def _bring_forward(self, index: int) -> None:
        """Hide what the pages behind hold: the longest page would stretch the tables of the others."""
        pages = (self.ui.studyPage, self.ui.batchPage, self.ui.setUpPage)
        for at, page in enumerate(pages):
            page.layout().itemAt(0).widget().visible = at == index
        self.set_up.come_forward(pages[index] == self.ui.setUpPage)

    def _choose_model(self, name: str) -> None:
        if self.parameters is not None:
            self.parameters.model = name
            self.refresh()

    def _pick_run(self, key: str) -> None:
        if self.parameters is not None:
            self.parameters.shownRun = key
            self.refresh()

    def _style_changed(self) -> None:
        """Slicer's style is light or dark from one moment to the next."""
        paint_anew(self._frame)
        self.batch.show_cases()
        self.refresh()

    def _set_up_changed(self) -> None:
        """Packages or models have come: a first use begins with the page that brings them."""
        self.model.look()
        if not self.set_up.is_ready:
            self.ui.tabs.setCurrentWidget(self.ui.setUpPage)
        self.refresh()


def _tell_terms() -> None:
    """Let the terminology browser know our terms; without them segments keep theirs."""
    try:
        load_terms()
    except (MissingModalitySegError, AttributeError) as error:
        logging.warning("Terms could not be loaded: %s", error)
