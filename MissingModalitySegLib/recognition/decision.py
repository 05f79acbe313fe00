"""The verdict on one volume: names and header together."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from ..modalities import Modality
from .attributes import evidence_of_attributes, excluded_by_attributes
from .evidence import Evidence, averaged, multiplied
from .names import NameReading, read_name

CONFIDENT = 0.75
"""From this confidence on a modality may be taken without asking; below it is a proposal."""

PROPOSED = 0.5
LEAD = 0.1
"""A modality is named at all when its confidence is at least PROPOSED and LEAD above the next."""

WORTH_MENTIONING = 0.02
EXCLUSION_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Candidate:
    """A modality and how likely it is, in [0, 1]."""

    modality: Modality
    confidence: float


@dataclass(frozen=True)
class Recognition:
    """Which modality a volume is.

    `modality` is None when that stays open or the volume is no input at all; then `excluded` says what it is instead.
    `confidence` in [0, 1] is that of the modality or of the exclusion, 0 when it stays open. `alternatives` are the
    other candidates (all of them when it stays open), likeliest first. `reason` is a sentence for people.
    """

    modality: Modality | None
    confidence: float
    reason: str
    alternatives: tuple[Candidate, ...] = ()
    excluded: str = ""

    @property
    def certain(self) -> bool:
        """Whether the modality may be taken without asking."""
        return self.modality is not None and self.confidence >= CONFIDENT


def recognise(name: str = "", attributes: Mapping[str, object] | None = None) -> Recognition:
    """Recognise a volume by its name (node, file) and the DICOM attributes of its series, keyed by DICOM keyword.

    Read are SeriesDescription, ProtocolName, SequenceName, Modality, ImageType, BodyPartExamined, ScanningSequence,
    EchoTime, RepetitionTime, InversionTime (ms), DiffusionBValue (s/mm²) and ContrastBolusAgent; others are ignored.
    Values may be of any type. Nothing is raised: what cannot be read says nothing.
    """
    attributes = attributes or {}
    names = _readings(str(name or ""), attributes)
    for reading in names:
        if reading.excluded:
            return _excluded(reading.excluded, "its name")
    if what := excluded_by_attributes(attributes):
        return _excluded(what, "its header")
    told = [reading.evidence for reading in names if reading.evidence]
    pieces = [averaged(told)] if told else []
    pieces += evidence_of_attributes(attributes, any(reading.diffusion for reading in names))
    return _weigh(pieces)


def _readings(name: str, attributes: Mapping[str, object]) -> list[NameReading]:
    """The readings of the names that say something.

    The name of the protocol and of the sequence are asked only when the others are mute: they are copied from one
    series to all that were derived from it.
    """
    description = _text(attributes.get("SeriesDescription"))
    for texts in (
        (name, description),
        (_text(attributes.get("ProtocolName")),),
        (_text(attributes.get("SequenceName")),),
    ):
        readings = [read_name(text) for text in dict.fromkeys(texts) if text]
        readings = [reading for reading in readings if reading.evidence or reading.excluded]
        if readings:
            return readings
    return []


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


def _excluded(what: str, source: str) -> Recognition:
    return Recognition(None, EXCLUSION_CONFIDENCE, f"By {source} it is {what}, which is no input.", excluded=what)


def _weigh(pieces: list[Evidence]) -> Recognition:
    if not pieces:
        return Recognition(None, 0.0, "Neither its name nor its header says which modality it is.")
    posterior = multiplied(pieces)
    ranked = sorted(
        (Candidate(modality, round(posterior[modality], 3)) for modality in Modality),
        key=lambda candidate: -candidate.confidence,
    )
    first, second = ranked[:2]
    rest = tuple(candidate for candidate in ranked if candidate.confidence >= WORTH_MENTIONING)
    leads = first.confidence >= PROPOSED and first.confidence - second.confidence >= LEAD
    if leads and first.confidence > posterior[None]:
        return Recognition(first.modality, first.confidence, _reason(pieces, first.modality), rest[1:])
    return Recognition(None, 0.0, _reason(pieces, None) + " It stays open what it is.", rest)


def _reason(pieces: list[Evidence], verdict: Modality | None) -> str:
    """The observations in a row; those that speak against the verdict, or against each other, say so."""
    words = pieces[0].words
    for before, piece in itertools.pairwise(pieces):
        agrees = verdict in piece.leaders if verdict else bool(before.leaders & piece.leaders)
        words += f"; {'' if agrees else 'this does not fit: '}{piece.words}"
    if verdict is not None and verdict not in pieces[0].leaders:
        words = f"this does not fit: {words}"
    return words[0].upper() + words[1:] + "."
