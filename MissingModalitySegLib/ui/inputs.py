"""The five sequences: choosing them, guessing them from the scene, asking where that is unsure."""

from __future__ import annotations

from typing import Any

import slicer
from slicer.i18n import tr as _

from ..errors import InputError
from ..modalities import MODALITIES, Modality
from ..recognition import Question
from ..scene import SceneStudy, check_volumes, studies_in, study_titles
from .looks import BAD, DOUBTFUL, GOOD, QUIET, Colour, paint, say
from .parameters import parameter_of, volumes_of


class InputsPanel:
    """Selectors are bound to the parameters; this fills them, asks, and says what each is worth."""

    def __init__(self, ui: Any) -> None:
        self.ui = ui
        self._parameters: Any = None
        self._studies: tuple[SceneStudy, ...] = ()
        self._questions: list[Question[str]] = []
        self._reasons: dict[str, str] = {}
        self._before: dict[Modality, Any] = {}
        self._candidates: list[Any] = []
        ui.guessButton.connect("clicked()", self.guess)
        ui.unguessButton.connect("clicked()", self._unguess)
        ui.studyBox.connect("activated(int)", self._choose_study)
        ui.answerButton.connect("clicked()", self._use_answer)
        ui.skipButton.connect("clicked()", self._next_question)
        ui.question.visible = ui.studyBox.visible = ui.inputsMessage.visible = ui.unguessButton.visible = False

    def take(self, parameters: Any) -> None:
        """Work on these parameters from now on; None while there are none."""
        self._parameters = parameters
        self._studies, self._questions, self._candidates, self._reasons, self._before = (), [], [], {}, {}
        self.ui.unguessButton.visible = self.ui.studyBox.visible = self.ui.question.visible = False

    def guess(self) -> None:
        """Choose what is surely a sequence in the scene, and ask about the rest."""
        if self._parameters is None:
            return
        self._studies = studies_in(slicer.mrmlScene)
        self._reasons = {name: why for study in self._studies for name, why in study.reasons.items()}
        box = self.ui.studyBox
        box.clear()
        for study in self._studies:
            box.addItem(study.title)
        box.visible = len(self._studies) > 1
        if not self._studies:
            say(self.ui.inputsMessage, _("There is no volume in the scene. Load the study first."), DOUBTFUL)
            return
        present = {node.GetID() for node in volumes_of(self._parameters).values()}
        counts = [len(present & set(study.volumes)) for study in self._studies]
        index = counts.index(max(counts))
        box.currentIndex = index
        self._before = volumes_of(self._parameters)
        self._choose_study(index)
        self.ui.unguessButton.visible = bool(self._before) and volumes_of(self._parameters) != self._before

    def _choose_study(self, index: int) -> None:
        study = self._studies[index]
        self._put({m: slicer.mrmlScene.GetNodeByID(study.chosen.get(m) or "") for m in MODALITIES})
        self._questions = list(study.assignment.questions)
        self._next_question()
        if not study.chosen and not study.assignment.questions:
            words = _("None of the volumes of this study could be told by its name or header. Choose them yourself.")
            say(self.ui.inputsMessage, words, DOUBTFUL)

    def _put(self, volumes: dict[Modality, Any]) -> None:
        before = self._parameters.StartModify()
        for modality in MODALITIES:
            self._parameters.setValue(parameter_of(modality), volumes.get(modality))
        self._parameters.EndModify(before)

    def _unguess(self) -> None:
        """The choice as it was before guessing, without what has been deleted since."""
        self._put({m: node for m, node in self._before.items() if slicer.mrmlScene.IsNodePresent(node)})
        self._before, self._questions = {}, []
        self.ui.question.visible = self.ui.unguessButton.visible = False

    def _next_question(self) -> None:
        used = {node.GetID() for node in volumes_of(self._parameters).values()}
        while self._questions:
            question = self._questions.pop(0)
            nodes = [slicer.mrmlScene.GetNodeByID(name) for name in question.keys if name not in used]
            self._candidates = [node for node in nodes if node is not None]
            if self._candidates:
                self._ask(question)
                return
        self.ui.question.visible = False

    def _ask(self, question: Question[str]) -> None:
        self._asked = question.modality
        self.ui.questionLabel.text = question.sentence
        self.ui.answerBox.clear()
        for node in self._candidates:
            self.ui.answerBox.addItem(node.GetName() or _("(without a name)"))
        self.ui.answerButton.text = _("Use as {modality}").format(modality=question.modality)
        self.ui.question.visible = True

    def _use_answer(self) -> None:
        node = self._candidates[self.ui.answerBox.currentIndex]
        if slicer.mrmlScene.IsNodePresent(node):
            self._parameters.setValue(parameter_of(self._asked), node)
        self._next_question()

    def show(self, takes: tuple[Modality, ...] | None) -> InputError | None:
        """Bring badges and message up to date; `takes` are the sequences of the model, None where there is none.

        Gives what keeps the choice from being used.
        """
        chosen = volumes_of(self._parameters)
        problem = _problem(chosen)
        names = [node.GetID() for node in chosen.values()]
        for modality in MODALITIES:
            node = chosen.get(modality)
            twice = node is not None and names.count(node.GetID()) > 1
            text, colour, tip = _badge(modality, node, takes, twice)
            badge = getattr(self.ui, f"{parameter_of(modality)}Badge")
            badge.text = text
            paint(badge, colour)
            badge.toolTip = self._reasons.get(node.GetID(), tip) if node is not None else tip
        if problem is not None and chosen:
            say(self.ui.inputsMessage, f"{problem.message} {problem.hint}", BAD)
        elif chosen:
            say(self.ui.inputsMessage, _of_several_studies(chosen), DOUBTFUL)
        elif not self._studies:
            say(self.ui.inputsMessage, "")
        return problem


def _problem(chosen: dict[Modality, Any]) -> InputError | None:
    try:
        check_volumes(chosen)
    except InputError as error:
        return error
    return None


def _badge(modality: Modality, node: Any, takes: Any, twice: bool) -> tuple[str, Colour, str]:
    if node is None:
        if takes is not None and modality not in takes:
            return _("not needed"), QUIET, _("The chosen model does not take this sequence.")
        return _("○ missing"), QUIET, _("The model does without it.")
    if twice:
        return _("✕ chosen twice"), BAD, _("Choose each volume once.")
    if takes is not None and modality not in takes:
        return _("● not used"), DOUBTFUL, _("The chosen model does not take this sequence.")
    return _("● present"), GOOD, _("Will be used.")


def _of_several_studies(chosen: dict[Modality, Any]) -> str:
    """A sentence where the volumes lie in different studies of the scene."""
    titles = study_titles(chosen.values())
    if len(titles) < 2:
        return ""
    return _("These volumes are of different studies: {titles}.").format(titles=" – ".join(titles))
