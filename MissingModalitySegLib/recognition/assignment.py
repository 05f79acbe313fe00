"""Which volume of a study serves as which modality, and what has to be asked."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..modalities import MODALITIES, Modality
from .decision import Recognition

Key = TypeVar("Key", bound=Hashable)

TIE = 0.05
"""Two volumes of one modality whose confidences differ by less are a tie."""


@dataclass(frozen=True)
class Question(Generic[Key]):
    """What the user should decide: which of `keys` is `modality` (likeliest first; perhaps none of them)."""

    modality: Modality
    keys: tuple[Key, ...]
    sentence: str


@dataclass(frozen=True)
class Assignment(Generic[Key]):
    """The choice for a study.

    `chosen` holds only what is certain and without rival. `questions` hold ties and doubts, whose volumes are in no
    `chosen` entry of their modality. `passed_over` says for every other volume why it is not used.
    """

    chosen: Mapping[Modality, Key]
    questions: tuple[Question[Key], ...]
    passed_over: Mapping[Key, str]


def assign(recognitions: Mapping[Key, Recognition]) -> Assignment[Key]:
    """Choose one volume per modality from what was recognised; keys are whatever names the volumes."""
    chosen: dict[Modality, Key] = {}
    questions: list[Question[Key]] = []
    passed_over: dict[Key, str] = {}
    for modality in MODALITIES:
        ranked = sorted(
            (key for key, recognition in recognitions.items() if recognition.modality is modality),
            key=lambda key: -recognitions[key].confidence,
        )
        if not ranked:
            continue
        best = recognitions[ranked[0]]
        rivals = [key for key in ranked if best.confidence - recognitions[key].confidence < TIE]
        if len(rivals) > 1:
            sentence = f"{len(rivals)} volumes look like {modality} alike. Which one should be used?"
            questions.append(Question(modality, tuple(rivals), sentence))
        elif best.certain:
            chosen[modality] = ranked[0]
        else:
            sentence = f"Is this the {modality}? {best.reason}"
            questions.append(Question(modality, (ranked[0],), sentence))
        for key in ranked:
            if key not in rivals:
                passed_over[key] = f"Another volume looks more like {modality}. {recognitions[key].reason}"
    for key, recognition in recognitions.items():
        if recognition.modality is None:
            passed_over[key] = recognition.reason
    questions += _open(recognitions, chosen, questions)
    return Assignment(chosen, tuple(questions), passed_over)


def _open(
    recognitions: Mapping[Key, Recognition], chosen: Mapping[Modality, Key], asked: list[Question[Key]]
) -> list[Question[Key]]:
    """Questions about modalities nobody was chosen for, where a volume that stayed open is a candidate."""
    settled = {*chosen, *(question.modality for question in asked)}
    found: list[Question[Key]] = []
    for modality in MODALITIES:
        likelihood = {
            key: candidate.confidence
            for key, recognition in recognitions.items()
            for candidate in recognition.alternatives
            if recognition.modality is None and candidate.modality is modality and candidate.confidence >= OPEN_FROM
        }
        if likelihood and modality not in settled:
            keys = tuple(sorted(likelihood, key=lambda key: -likelihood[key]))
            found.append(Question(modality, keys, f"Nothing is surely {modality}. Is one of these?"))
    return found


OPEN_FROM = 0.15
"""How likely an open volume must be a modality for the question to be worth asking."""
