"""What one name says: a modality, something that is no input, both at once, or nothing."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from ..modalities import Modality
from .contrast_agent import Agent, read_agent
from .evidence import Evidence, evidence
from .vocabulary import Meaning
from .words import Word, read_words

T1, T1CE, T2, FLAIR, DWI = Modality.T1, Modality.T1CE, Modality.T2, Modality.FLAIR, Modality.DWI

WEIGHTED_FROM = 400
"""b-value in s/mm² from which an image counts as diffusion-weighted: below it shows mostly T2."""


@dataclass(frozen=True)
class NameReading:
    """What a name says: evidence for modalities, or what the image is if it is no input; neither if it is mute."""

    evidence: Evidence | None = None
    excluded: str = ""
    diffusion: bool = False


def read_name(name: str) -> NameReading:
    """Read a series description, a node name or a file name (the folder counts only when the file name is mute)."""
    for part in _parts(name):
        reading = _read(read_words(part))
        if reading.evidence or reading.excluded:
            return reading
    return NameReading()


_IMAGE_FILE = re.compile(r"(.*?)\.(nii|nrrd|nhdr|mha|mhd|mgz|mgh|hdr|img|dcm|ima)(\.gz)?$", re.IGNORECASE)


def _parts(name: str) -> list[str]:
    file = _IMAGE_FILE.fullmatch(name.strip())
    if not file:
        return [name]
    return [part for part in re.split(r"[\\/]", file.group(1)) if part][:-3:-1]


class _Weighting(Enum):
    T1 = auto()
    T2 = auto()
    FLAIR = auto()
    DWI = auto()


_OF_MEANING = {
    Meaning.T1: _Weighting.T1,
    Meaning.T1_WITH_AGENT: _Weighting.T1,
    Meaning.T1_WITHOUT_AGENT: _Weighting.T1,
    Meaning.PREPARED_T1: _Weighting.T1,
    Meaning.T2: _Weighting.T2,
    Meaning.FLAIR: _Weighting.FLAIR,
    Meaning.DARK_FLUID: _Weighting.FLAIR,
    Meaning.DIFFUSION: _Weighting.DWI,
    Meaning.TRACE: _Weighting.DWI,
}

_ONLY_WITHOUT_WEIGHTING = frozenset(
    {"phase", "pha", "phases", "rest", "task", "report", "reports", "prob", "magic", "mt", "mtc", "mton"}
)
"""Words that exclude an image only when the name says nothing of its weighting."""


def _read(words: tuple[Word, ...]) -> NameReading:
    words = _without_target(words)
    weightings = {weighting for word in words if (weighting := _weighting(word))}
    if excluded := _excluded(words, weightings):
        return NameReading(excluded=excluded, diffusion=_Weighting.DWI in weightings)
    found = _evidence(words, weightings)
    return NameReading(found and _doubted(found, words), diffusion=_Weighting.DWI in weightings)


def _weighting(word: Word) -> _Weighting | None:
    if word.b_value is not None:
        return _Weighting.DWI
    return _OF_MEANING.get(word.meaning)


def _has(words: Sequence[Word], *meanings: Meaning) -> bool:
    return any(word.meaning in meanings for word in words)


def _without_target(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Leave out the space an image was brought into: `FLAIR to T1`, `space-T1w_FLAIR`."""
    for i, (word, target) in enumerate(itertools.pairwise(words)):
        rest = words[:i] + words[i + 2 :]
        if _weighting(target) is None or not any(_weighting(other) for other in rest):
            continue
        before = any(_weighting(other) for other in words[:i])
        if (word.meaning is Meaning.INTO and before) or (word.meaning is Meaning.SPACE and not before):
            return rest
    return words


def _excluded(words: tuple[Word, ...], weightings: set[_Weighting]) -> str:
    for word in words:
        if word.excludes and not (weightings and word.text in _ONLY_WITHOUT_WEIGHTING):
            return word.excludes
    anatomical = weightings - {_Weighting.DWI}
    for word, following in itertools.zip_longest(words, words[1:], fillvalue=Word("")):
        if word.meaning is Meaning.FLIP_ANGLE_OR_ANISOTROPY and not anatomical and not following.text.isdigit():
            return "a fractional anisotropy or colour map"
        if word.meaning is Meaning.MAP and weightings:
            return "a quantitative map"
    if words and words[-1].meaning is Meaning.SUBTRACTION_OR_SUBJECT and len(words) > 1:
        return "a subtraction"
    if _has(words, Meaning.T2_STAR) or (_Weighting.T2 in weightings and _has(words, Meaning.GRADIENT_ECHO)):
        return "a T2*-weighted image"
    if _has(words, Meaning.LESION) and not weightings:
        return "a mask, label map or segmentation"
    b_values = [word.b_value for word in words if word.b_value is not None]
    if b_values and max(b_values) == 0:
        return "the b = 0 image of a diffusion series"
    if _has(words, Meaning.TENSOR) and not anatomical and not _has(words, Meaning.TRACE):
        return "a diffusion tensor series"
    if _has(words, Meaning.PROTON_DENSITY) and not weightings:
        return "a proton-density-weighted image"
    return ""


def _evidence(words: tuple[Word, ...], weightings: set[_Weighting]) -> Evidence | None:
    agent = read_agent(words)
    told = _quoted(words)
    if weightings == {_Weighting.T1}:
        return _t1(words, agent, told)
    if weightings == {_Weighting.T2}:
        return _t2(words, agent, told)
    if weightings in ({_Weighting.FLAIR}, {_Weighting.T2, _Weighting.FLAIR}):
        return _flair(agent, told)
    if weightings == {_Weighting.T1, _Weighting.FLAIR}:
        return _t1_and_flair(words, agent, told)
    if weightings == {_Weighting.DWI}:
        return _dwi(words, told)
    if weightings:
        return _several(weightings, told)
    return _technique(words, agent, told)


def _quoted(words: Sequence[Word]) -> str:
    telling = [word.text for word in words if word.known and word.meaning is not Meaning.FILLER]
    return "“" + " ".join(telling) + "”"


def _t1(words: Sequence[Word], agent: Agent, told: str) -> Evidence:
    sure = 1.0 if _has(words, Meaning.T1, Meaning.T1_WITH_AGENT, Meaning.T1_WITHOUT_AGENT) else 0.97
    shares = {
        Agent.UNSAID: (0.80, 0.15, "a T1, and says nothing of a contrast agent"),
        Agent.GIVEN: (0.03, 0.94, "a T1 with contrast agent"),
        Agent.PROBABLY_GIVEN: (0.10, 0.86, "a T1 that seems to follow the contrast agent"),
        Agent.PERHAPS_GIVEN: (0.30, 0.64, "a T1 that may follow the contrast agent"),
        Agent.NOT_GIVEN: (0.95, 0.02, "a T1 without contrast agent"),
        Agent.PROBABLY_NOT_GIVEN: (0.88, 0.08, "a T1 that seems to precede the contrast agent"),
        Agent.BOTH: (0.47, 0.47, "a T1 both without and with contrast agent"),
        Agent.UNCLEAR: (0.62, 0.31, "a T1 before or after a treatment, with or without contrast agent"),
    }
    plain, enhanced, sentence = shares[agent]
    return evidence(f"{told} names {sentence}", {T1: plain * sure, T1CE: enhanced * sure})


def _t2(words: Sequence[Word], agent: Agent, told: str) -> Evidence:
    if _has(words, Meaning.PROTON_DENSITY):
        return evidence(f"{told} names proton density and T2, so it may hold two echoes", {T2: 0.55, None: 0.42})
    if _has(words, Meaning.INVERSION):
        return evidence(
            f"{told} names a T2 with inversion recovery, FLAIR or STIR", {FLAIR: 0.58, T2: 0.12, None: 0.28}
        )
    if _has(words, Meaning.ECHO_PLANAR):
        return evidence(f"{told} names an echo-planar T2", {T2: 0.35, DWI: 0.2, None: 0.45})
    if agent in _AFTER_AGENT:
        return evidence(f"{told} names a T2 with contrast agent, which is rare", {T2: 0.70, T1CE: 0.10, FLAIR: 0.05})
    return evidence(f"{told} names a T2", {T2: 0.90, FLAIR: 0.03})


def _flair(agent: Agent, told: str) -> Evidence:
    if agent in _AFTER_AGENT:
        return evidence(f"{told} names a FLAIR after contrast agent", {FLAIR: 0.68, T1CE: 0.18})
    return evidence(f"{told} names a FLAIR", {FLAIR: 0.94, T2: 0.02})


_AFTER_AGENT = frozenset({Agent.GIVEN, Agent.PROBABLY_GIVEN, Agent.PERHAPS_GIVEN, Agent.BOTH})


def _t1_and_flair(words: Sequence[Word], agent: Agent, told: str) -> Evidence:
    order = [word.meaning for word in words if _weighting(word) or word.meaning in (Meaning.PLUS, Meaning.AND)]
    flair_first = order[0] in (Meaning.FLAIR, Meaning.DARK_FLUID)
    if flair_first or _has(words, Meaning.PREPARED_T1) or _joined(order):
        return _several({_Weighting.T1, _Weighting.FLAIR}, told)
    t1 = _t1(words, agent, told)
    weights = {T1: 0.88 * t1.weights[T1], T1CE: 0.88 * t1.weights[T1CE], FLAIR: 0.08}
    if agent is Agent.UNSAID:  # the wording is the one of plain T1 FLAIR, which few centres run after the agent
        weights |= {T1: 0.80, T1CE: 0.08}
    return evidence(f"{told} names a T1 FLAIR, which is a T1: its inversion nulls fluid at a short echo time", weights)


def _joined(order: Sequence[Meaning | None]) -> bool:
    """Whether a plus or an “and” stands between two weightings, as in a list of them."""
    return any(meaning in (Meaning.PLUS, Meaning.AND) for meaning in order[1:-1])


def _dwi(words: Sequence[Word], told: str) -> Evidence:
    b_values = sorted({word.b_value for word in words if word.b_value is not None})
    if b_values and b_values[-1] < WEIGHTED_FROM:
        return evidence(f"{told} names a diffusion image of low weighting, b = {b_values[-1]}", {DWI: 0.3, None: 0.68})
    if len(b_values) > 1:
        listed = ", ".join(map(str, b_values))
        return evidence(f"{told} names several diffusion weightings, b = {listed}", {DWI: 0.66, None: 0.32})
    if _has(words, Meaning.TENSOR):
        return evidence(f"{told} names the trace image of a diffusion tensor series", {DWI: 0.66, None: 0.32})
    if b_values:
        sure = 0.95 if _has(words, Meaning.DIFFUSION, Meaning.TRACE, Meaning.ECHO_PLANAR) else 0.85
        return evidence(f"{told} names a diffusion image of b = {b_values[0]}", {DWI: sure})
    return evidence(f"{told} names a diffusion image", {DWI: 0.90})


def _several(weightings: set[_Weighting], told: str) -> Evidence:
    modalities = [modality for modality in (T1, T2, FLAIR, DWI) if modality.name in {w.name for w in weightings}]
    names = " and ".join(map(str, modalities))
    return evidence(f"{told} names {names} at once", dict.fromkeys(modalities, 0.84 / len(modalities)) | {T1CE: 0.03})


def _technique(words: Sequence[Word], agent: Agent, told: str) -> Evidence | None:
    """Names that give a technique or a contrast agent and leave the weighting open."""
    if _has(words, Meaning.SPOILED):
        if agent in (Agent.GIVEN, Agent.PROBABLY_GIVEN):
            return evidence(f"{told} names a gradient echo with contrast agent", {T1CE: 0.82, T1: 0.04})
        if agent in (Agent.NOT_GIVEN, Agent.PROBABLY_NOT_GIVEN):
            return evidence(f"{told} names a gradient echo without contrast agent", {T1: 0.70, T1CE: 0.03})
        return evidence(f"{told} names a gradient echo that is usually a T1", {T1: 0.56, T1CE: 0.22})
    if agent in (Agent.GIVEN, Agent.BOTH):
        return evidence(
            f"{told} names a contrast agent but no weighting", {T1CE: 0.60, T1: 0.05, FLAIR: 0.08, T2: 0.03}
        )
    if _has(words, Meaning.INVERSION):
        return evidence(f"{told} names an inversion recovery, which may be FLAIR, T1 or STIR", {FLAIR: 0.42, T1: 0.25})
    if _has(words, Meaning.GRADIENT_ECHO):
        return evidence(f"{told} names a gradient echo, which may be a T1 or T2*", {T1: 0.3, T1CE: 0.08})
    if _has(words, Meaning.ECHO_PLANAR):
        return evidence(f"{told} names an echo-planar series, which may be diffusion, perfusion or BOLD", {DWI: 0.35})
    if _has(words, Meaning.SPACE):
        return evidence(
            f"{told} names a 3D turbo spin echo of any weighting", {T2: 0.35, FLAIR: 0.2, T1: 0.2, T1CE: 0.1}
        )
    return None


def _doubted(found: Evidence, words: Sequence[Word]) -> Evidence:
    """Less sure where a name also speaks of a drawn lesion or of a small field of view."""
    share, doubts = 1.0, []
    for word in words:
        if word.meaning is Meaning.LESION:
            share, doubts = min(share, 0.70), [*doubts, f"“{word.text}” may mean a drawn mask"]
        elif word.meaning is Meaning.NARROW:
            share, doubts = min(share, 0.70), [*doubts, f"“{word.text}” may mean that little of the brain is in view"]
        elif word.excludes:
            share, doubts = min(share, 0.70), [*doubts, f"“{word.text}” may mean {word.excludes}"]
    if not doubts:
        return found
    weights = {kind: weight * share for kind, weight in found.weights.items() if kind is not None}
    return evidence("; ".join([found.words, *dict.fromkeys(doubts)]), weights)
