"""Which series of a study serves as which sequence where nobody can be asked: the best of them, with the reason.

`recognition.assign` turns ties into questions. Here a tie is decided by what the images are like; what is unsure, and
what is no volume, stays out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic

from .modalities import Modality
from .recognition import Recognition, assign
from .recognition.assignment import Key
from .volume_headers import VolumeHeader

THINNEST_MM = 40.0
"""A slab of less is no head."""

ALIKE = 1.1
"""Edges of voxels that differ by less than about this factor are the same."""


@dataclass(frozen=True)
class SeriesChoice(Generic[Key]):
    """What is used, why (by modality), and for every other series why it is not."""

    chosen: Mapping[Modality, Key]
    reasons: Mapping[Modality, str]
    skipped: Mapping[Key, str]


def choose_series(
    recognitions: Mapping[Key, Recognition],
    header_of: Callable[[Key], VolumeHeader | None],
    name_of: Callable[[Key], str] = str,
) -> SeriesChoice[Key]:
    """Choose a series for each modality.

    `header_of` is asked only of series that could be a modality; None where it is not known. `name_of` is what a series
    is called where it is spoken of; of series that are alike in everything else the one with the plainest name is used.
    """
    headers = {key: header_of(key) for key, one in recognitions.items() if not one.excluded}
    skipped = {key: why for key, header in headers.items() if (why := _unfit(header))}
    fit = {key: one for key, one in recognitions.items() if key not in skipped}
    answer = assign(fit)
    chosen = dict(answer.chosen)
    reasons = {modality: fit[key].reason for modality, key in chosen.items()}
    for question in answer.questions:
        best = fit[question.keys[0]]
        if len(question.keys) > 1 and best.certain:
            first, *others = sorted(question.keys, key=lambda key: _rank(headers[key], name_of(key)))
            chosen[question.modality] = first
            why = _better(headers[first], headers[others[0]])
            reasons[question.modality] = f"{fit[first].reason} Of {len(others) + 1} alike it {why}."
            skipped |= {
                key: f"Like “{name_of(first)}”, which {_better(headers[first], headers[key])}." for key in others
            }
        elif best.modality is question.modality:
            doubt = f"It may be {question.modality}, which is not sure enough: {best.reason}"
            skipped |= dict.fromkeys(question.keys, doubt)
    skipped |= dict(answer.passed_over)
    return SeriesChoice(chosen, reasons, {key: skipped[key] for key in recognitions if key in skipped})


def _unfit(header: VolumeHeader | None) -> str:
    if header is None:
        return ""
    if header.frames > 1:
        return f"It is a series of {header.frames} frames; a single volume is needed, of diffusion the trace."
    if min(header.size[:3]) == 1:
        return "It is a single slice."
    if header.thinnest < THINNEST_MM:
        return f"It covers {header.thinnest:.0f} mm only: a slab, or a localiser."
    return ""


def _rank(header: VolumeHeader | None, name: str) -> tuple:
    """Fine voxels first: of those that hardly differ the smaller ones, then the larger field of view, then the name."""
    natural = [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name.casefold())]
    plainness = (len(re.split(r"[_\s]+", name)), len(name), [(isinstance(part, str), part) for part in natural])
    if header is None:
        return (1, 0, 0.0, 0.0, plainness)
    return (0, _step(header.coarsest), round(header.voxel_ml, 5), -round(header.thinnest), plainness)


def _step(edge: float) -> int:
    """Edges in classes, so that 1.0 and 1.02 mm are the same."""
    return round(math.log(edge, ALIKE))


def _better(one: VolumeHeader | None, other: VolumeHeader | None) -> str:
    """In which way a series is better than another, as in “It …”."""
    if one is None:
        return "has the plainest name"
    if other is None:
        return "can be read"
    if _step(one.coarsest) != _step(other.coarsest):
        return f"has voxels of {one.coarsest:.2g} mm at most, not {other.coarsest:.2g} mm"
    if round(one.voxel_ml, 5) != round(other.voxel_ml, 5):
        return f"has voxels of {1000 * one.voxel_ml:.3g} µl, not {1000 * other.voxel_ml:.3g} µl"
    if round(one.thinnest) != round(other.thinnest):
        return f"covers {one.thinnest:.0f} mm, not {other.thinnest:.0f} mm"
    return "has the plainest name"
