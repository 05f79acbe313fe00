"""What the DICOM attributes of a series say: the physics of the sequence, the b-value, the contrast agent."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..modalities import Modality
from .evidence import Evidence, evidence
from .names import WEIGHTED_FROM
from .vocabulary import Meaning
from .words import read_words

T1, T1CE, T2, FLAIR, DWI = Modality.T1, Modality.T1CE, Modality.T2, Modality.FLAIR, Modality.DWI

_NOT_GIVEN = frozenset({"none", "no", "n", "0", "nil", "without", "ohne", "sans", "aucun", "keine", "nein", "nessuno"})
_HEAD = re.compile(
    r"head|brain|skull|cranium|neuro|cereb|kopf|schadel|tete|crane|cabeza|cabeca|testa|голов|мозг|头|脑|頭|脳"
)
_BODY = re.compile(
    r"spine|knee|abd|liver|pelvis|prost|heart|card|breast|chest|thorax|shoulder|hip|ankle|wrist|elbow|hand|foot|extremity"
)
_IMAGE_TYPES = {
    "ADC": "an apparent diffusion coefficient (ADC) map",
    "EADC": "an exponential ADC map",
    "EXPONENTIAL": "an exponential ADC map",
    "FA": "a fractional anisotropy or colour map",
    "TENSOR": "a diffusion tensor series",
    "LOCALIZER": "a localiser",
    "PROJECTION IMAGE": "a projection",
    "MIP": "a projection",
    "MNIP": "a projection",
    "PHASE MAP": "a phase image",
    "P": "a phase image",
    "SWI": "a susceptibility-weighted image",
    "SUBTRACTION": "a subtraction",
    "SUBTRACT": "a subtraction",
    "SCREEN SAVE": "a screen shot or report",
    "T1 MAP": "a quantitative map",
    "T2 MAP": "a quantitative map",
    "T2_STAR MAP": "a quantitative map",
    "PERFUSION": "a perfusion series or map",
    "CBF": "a perfusion series or map",
    "CBV": "a perfusion series or map",
    "MTT": "a perfusion series or map",
    "TTP": "a perfusion series or map",
    "TMAX": "a perfusion series or map",
}
_OTHER_MODALITIES = {
    "CT": "a CT",
    "PT": "a PET or SPECT image",
    "NM": "a PET or SPECT image",
    "SEG": "a mask, label map or segmentation",
    "RTSTRUCT": "a mask, label map or segmentation",
    "SR": "a screen shot or report",
    "OT": "a screen shot or report",
    "SC": "a screen shot or report",
}


@dataclass(frozen=True)
class Times:
    """Echo, repetition and inversion time in ms; NaN where not said. `inversion` 0 is no inversion."""

    echo: float
    repetition: float
    inversion: float


def read_times(attributes: Mapping[str, object]) -> Times:
    """The times of a header. BIDS writes seconds under the same names: an echo time below 0.5 can only be that."""
    echo, repetition, inversion = (
        _number(attributes.get(key)) for key in ("EchoTime", "RepetitionTime", "InversionTime")
    )
    scale = 1000.0 if 0 < echo < 0.5 else 1.0
    return Times(echo * scale, repetition * scale, inversion * scale)


def excluded_by_attributes(attributes: Mapping[str, object]) -> str:
    """What the image is if the header says that it is no input, else nothing."""
    modality = _texts(attributes.get("Modality"))
    if modality and modality[0] != "MR":
        return _OTHER_MODALITIES.get(modality[0], f"an image of the modality {modality[0][:16]}")
    for value in _texts(attributes.get("ImageType")):
        if value in _IMAGE_TYPES:
            return _IMAGE_TYPES[value]
    body = " ".join(_texts(attributes.get("BodyPartExamined"))).casefold()
    if "spine" in body:
        return "an image of the spine"
    if _BODY.search(body) and not _HEAD.search(body):
        return "an image of another part of the body"
    return ""


def evidence_of_attributes(attributes: Mapping[str, object], named_diffusion: bool = False) -> list[Evidence]:
    """The evidence of a header, one piece per independent observation; none for a header that says nothing."""
    pieces = [_diffusion(attributes, named_diffusion) or _physics(attributes), _agent(attributes)]
    return [piece for piece in pieces if piece is not None]


def _diffusion(attributes: Mapping[str, object], named_diffusion: bool) -> Evidence | None:
    b_values = sorted(set(_numbers(attributes.get("DiffusionBValue"))))
    if b_values:
        if b_values[-1] >= WEIGHTED_FROM:
            words = f"the header gives b = {b_values[-1]:g}"
            if b_values[0] < WEIGHTED_FROM:
                return evidence(words + f" and b = {b_values[0]:g} in one series", {DWI: 0.70})
            return evidence(words, {DWI: 0.95})
        # Some scanners write b = 0 into every header, so it counts only where diffusion is at issue.
        if named_diffusion or "EP" in _texts(attributes.get("ScanningSequence")):
            return evidence(f"the header gives b = {b_values[-1]:g}, which hardly weights", {DWI: 0.08, None: 0.9})
    if {"TRACEW", "TRACE"} & set(_texts(attributes.get("ImageType"))):
        return evidence("the image type is a diffusion trace", {DWI: 0.93})
    return None


def _agent(attributes: Mapping[str, object]) -> Evidence | None:
    text = " ".join(_texts(attributes.get("ContrastBolusAgent"))).strip().casefold()
    if not text:
        return None
    if text in _NOT_GIVEN or any(word.meaning in (Meaning.WITHOUT, Meaning.NO_AGENT) for word in read_words(text)):
        return _likelihoods("the header says that no contrast agent was given", T1=1.0, T1ce=0.05, other=0.8)
    return _likelihoods("the header names a contrast agent", T1=0.06, T1ce=1.0, other=0.6)


def _likelihoods(words: str, *, T1: float, T1ce: float, other: float) -> Evidence:
    weights = {Modality.T1: T1, Modality.T1CE: T1ce, Modality.T2: other, FLAIR: other, DWI: other, None: other}
    total = sum(weights.values())
    return evidence(words, {kind: weight / total for kind, weight in weights.items()})


def _physics(attributes: Mapping[str, object]) -> Evidence | None:
    """What the times allow, by the usual ranges of protocols at 1.5 and 3 T; they cannot tell T1 from T1ce."""
    times = read_times(attributes)
    sequences = set(_texts(attributes.get("ScanningSequence")))
    if math.isnan(times.echo) or math.isnan(times.repetition):
        return None
    told = f"TE {times.echo:.3g} ms, TR {times.repetition:.4g} ms"
    if times.inversion > 0:
        return _inverted(times, f"{told}, TI {times.inversion:.4g} ms")
    if "EP" in sequences:
        return evidence(f"{told} with echo-planar read-out allow diffusion, perfusion or BOLD", {DWI: 0.35, None: 0.6})
    if "GR" in sequences and "SE" not in sequences:
        return _gradient_echo(times, told)
    if "IR" in sequences and times.echo >= 60 and times.repetition >= 4000:
        return evidence(f"{told} with an inversion fit a FLAIR", {FLAIR: 0.78, T2: 0.10})
    if times.echo < 30 and times.repetition < 1300:
        return evidence(f"{told} fit a T1", {T1: 0.45, T1CE: 0.45})
    if times.echo < 45 and times.repetition >= 1300:
        return evidence(f"{told} fit proton density", {T1: 0.08, T1CE: 0.05, T2: 0.05, None: 0.8})
    if 60 <= times.echo <= 500 and times.repetition >= 2000:
        flair = 0.35 if times.repetition > 7500 else 0.10
        return evidence(f"{told} without inversion fit a T2", {T2: 0.82 - flair, FLAIR: flair, DWI: 0.06})
    return None


def _inverted(times: Times, told: str) -> Evidence | None:
    if times.inversion >= 1400 and times.echo >= 60 and times.repetition >= 3500:
        return evidence(f"{told} fit a FLAIR", {FLAIR: 0.92, T2: 0.02})
    if 300 <= times.inversion < 1400 and times.echo < 12:
        return evidence(f"{told} fit an inversion-prepared T1", {T1: 0.47, T1CE: 0.43})
    if 300 <= times.inversion < 1400 and times.echo < 45:
        return evidence(f"{told} fit a T1 FLAIR", {T1: 0.46, T1CE: 0.40})
    if 80 <= times.inversion < 300:
        return evidence(f"{told} fit a STIR", {T2: 0.06, FLAIR: 0.03, None: 0.88})
    return None


def _gradient_echo(times: Times, told: str) -> Evidence | None:
    if times.echo >= 12:
        return evidence(f"{told} of a gradient echo fit T2* or susceptibility", {T1: 0.04, T2: 0.05, None: 0.88})
    if times.echo < 12 and times.repetition < 3000:
        return evidence(f"{told} of a gradient echo fit a T1 or an angiogram", {T1: 0.34, T1CE: 0.32, None: 0.33})
    return None


def _texts(value: object) -> list[str]:
    """The values of an attribute as upper-case texts, whether it comes as a text with backslashes or as a list."""
    if value is None:
        return []
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    items: Iterable[object] = re.split(r"[\\|]", value) if isinstance(value, str) else _items(value)
    return [text for item in items if (text := str(item).strip().upper())]


def _numbers(value: object) -> list[float]:
    numbers = []
    for text in _texts(value):
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            continue
        if math.isfinite(number):
            numbers.append(number)
    return numbers


def _number(value: object) -> float:
    """The first number of an attribute, NaN when there is none or it is negative."""
    numbers = _numbers(value)
    return numbers[0] if numbers and numbers[0] >= 0 else math.nan


def _items(value: object) -> Iterable[object]:
    return value if isinstance(value, Iterable) and not isinstance(value, Mapping) else (value,)
